// A hooks listener on a real socket, over a real store in a folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/http/client.hpp"
#include "host/http/server.hpp"
#include "host/intake/hooks.hpp"
#include "milepost/testing/hmac.hpp"

namespace milepost::intake {

using namespace std::chrono_literals;

inline const telemetry::Time kNow = [] {
  telemetry::Time now;
  telemetry::from_text("2026-11-20T12:00:00Z", now);
  return now;
}();

/// Decodes as the test says.
class FakeSource : public WebhookSource {
 public:
  explicit FakeSource(std::function<Result<std::vector<Event>>(const HttpRequest&)> decode)
      : decode_(std::move(decode)) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override { return decode_(request); }

 private:
  std::function<Result<std::vector<Event>>(const HttpRequest&)> decode_;
};

inline Event decoded(std::string id, std::string subject, std::string payload = "{}") {
  Event event;
  event.id = std::move(id);
  event.subject = std::move(subject);
  event.payload = Document(std::move(payload));
  return event;
}

class HookRig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "hooks-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    hooks_ = std::make_unique<Hooks>(*store_, clock_);
    server_ = std::make_unique<http::Server>(kListenerThreads);
    const auto listening = server_->listen(
        {.address = "127.0.0.1:0"}, [this](const http::Incoming& head) { return hooks_->admit(head); },
        [this](http::Incoming&& request, http::Responder respond) {
          hooks_->handle(std::move(request), std::move(respond));
        });
    ASSERT_TRUE(listening) << listening.error().message;
    server_->start();
  }
  void TearDown() override {
    server_.reset();
    store_.reset();
    hooks_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::shared_ptr<const Mapping> mapping(const std::function<void(config::Pipeline&)>& change = {}) {
    config::Pipeline pipeline;
    pipeline.name = "loans";
    pipeline.event = {.id = "${payload.id}",
                      .revision = {},
                      .type = "${payload.type}",
                      .subject = "${payload.loan}",
                      .actor = "${payload.user}",
                      .reason = "${payload.why}",
                      .time = {},
                      .at = {}};
    if (change) change(pipeline);
    config::Faults faults;
    auto compiled = Mapping::compile(pipeline, faults);
    EXPECT_TRUE(compiled);
    return std::make_shared<const Mapping>(std::move(*compiled));
  }
  static Hook hook() {
    Hook out;
    out.pipeline = "loans";
    out.source = "webhook";
    out.version = std::string(64, 'a');
    out.path = "/hooks/los";
    out.mapping = mapping();
    return out;
  }
  /// Everything that `decoder` makes of a delivery, unmapped.
  static Hook decoding(std::function<Result<std::vector<Event>>(const HttpRequest&)> decode) {
    Hook out = hook();
    out.source = "acme.webhook";
    out.plugin = std::string(64, 'b');
    out.mapping = mapping([](config::Pipeline& pipeline) { pipeline.event = {}; });
    out.decoders.push_back(std::make_shared<FakeSource>(std::move(decode)));
    return out;
  }
  void deploy(Hook hook) {
    std::vector<Hook> hooks;
    hooks.push_back(std::move(hook));
    hooks_->deploy(std::move(hooks));
  }

  http::Response send(std::string body, http::Headers headers = {}, std::string path = "/hooks/los",
                      std::string method = "POST", http::Client* by = nullptr) {
    http::Client new_one;
    http::Client& client = by == nullptr ? new_one : *by;
    auto answer =
        client.exchange({.method = std::move(method),
                         .url = "http://" + server_->address(0) + path,
                         .headers = std::move(headers),
                         .body = std::move(body),
                         .intent = http::Intent::once},
                        {.timeout = 20s, .stopped = {}, .allow_private = true, .ca_file = {}, .unix_socket = {}});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? std::move(*answer) : http::Response{};
  }
  static Json json(const http::Response& response) { return read_json(response.body).value_or(nullptr); }
  static std::string text(const http::Response& response, const char* pointer) {
    return get<std::string>(json(response), pointer).value_or("");
  }

  std::vector<journal::Event> events() { return store_->events({.pipeline = "loans"}); }
  std::vector<journal::AuditRecord> rows() { return store_->audit({}); }

  telemetry::ManualClock clock_{kNow};
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
  std::unique_ptr<Hooks> hooks_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace milepost::intake
