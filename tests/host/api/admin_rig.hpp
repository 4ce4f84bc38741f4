// The admin listener on a real socket and on a unix socket, over a real store.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include "host/api/admin.hpp"
#include "host/audit/trail.hpp"
#include "host/deploy/planner.hpp"
#include "host/http/client.hpp"
#include "host/http/server.hpp"

namespace milepost::api {

using namespace std::chrono_literals;

inline const telemetry::Time kNow{std::chrono::seconds(1'800'000'000)};

class AdminRig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "admin-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto store = journal::Store::open({.path = folder_ + "/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    auto keys = access::Keys::open(folder_);
    ASSERT_TRUE(keys) << keys.error().message;
    keys_ = std::move(*keys);
    std::getline(std::ifstream(keys_.owner_key_path()), key_);
    registry_ = plugins::Registry::discover({}, "", {}, {});
    admin_ = std::make_unique<Admin>(Sources{
        .store = store_.get(),
        .registry = [this] { return registry_; },
        .keys = &keys_,
        .engine = [this] { return engine_; },
        .clock = &clock_,
        .remap = [this](const journal::Event& event, const std::string& payload) { return remap_(event, payload); },
        .planner = [this] { return planner_.get(); }});
    server_ = std::make_unique<http::Server>();
    for (const std::string address : {"127.0.0.1:0", "unix:"}) {
      const auto listening = server_->listen(
          {.address = address == "unix:" ? address + folder_ + "/admin.sock" : address},
          [this](const http::Incoming& head) { return admin_->admit(head); },
          [this](http::Incoming&& request, http::Responder respond) {
            admin_->handle(std::move(request), std::move(respond));
          });
      ASSERT_TRUE(listening) << listening.error().message;
    }
    server_->start();
  }
  void TearDown() override {
    server_.reset();
    admin_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  http::Response ask(const std::string& target, http::Headers headers, std::string method = "GET",
                     std::string unix_socket = {}, std::string body = {}) {
    http::Client client;
    auto answer = client.exchange(
        {.method = std::move(method),
         .url = "http://" + server_->address(0) + target,
         .headers = std::move(headers),
         .body = std::move(body),
         .intent = http::Intent::read},
        {.timeout = 20s, .stopped = {}, .allow_private = true, .ca_file = {}, .unix_socket = std::move(unix_socket)});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? std::move(*answer) : http::Response{};
  }
  http::Headers with_key() const { return {{"Authorization", "Bearer " + key_}}; }
  http::Response ask(const std::string& target) { return ask(target, with_key()); }
  Json json(const std::string& target) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    return read_json(answer.body).value_or(nullptr);
  }
  /// The answer to a POST; its body as JSON.
  Json post(const std::string& target, const Json& body, int status = 200) {
    const auto answer = ask(target, with_key(), "POST", {}, text(body));
    EXPECT_EQ(answer.status, status) << target << ": " << answer.body;
    return read_json(answer.body).value_or(nullptr);
  }
  std::string detail(const std::string& target) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 400) << target << ": " << answer.body;
    return get<std::string>(read_json(answer.body).value_or(nullptr), "/detail").value_or("");
  }

  /// Accepts an event with its audit row; returns the receipt.
  std::string accept(const std::string& pipeline, const std::string& id, const std::string& subject,
                     const std::string& payload = "{}", const std::string& quarantine = "") {
    const std::string receipt = telemetry::new_id(kNow);
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      const auto accepted = writer.accept({.pipeline = pipeline,
                                           .source = "webhook",
                                           .id = id,
                                           .revision = {},
                                           .type = "stage.changed",
                                           .subject = subject,
                                           .actor = "u-1",
                                           .reason = {},
                                           .time = kNow,
                                           .lane = subject,
                                           .payload = payload,
                                           .content_type = "application/json",
                                           .quarantine = quarantine},
                                          receipt, kNow);
      audit::append(writer, {.kind = "event",
                             .user = "u-1",
                             .action = "stage.changed",
                             .subject = subject,
                             .pipeline = pipeline,
                             .version = {},
                             .event = accepted.event.receipt,
                             .step = {},
                             .outcome = "accepted",
                             .plugin = {},
                             .details = {{"reason", "because"}}});
    }));
    return receipt;
  }

  /// A loan's first revision, as track would write it.
  void track(const std::string& subject, const std::string& state) {
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) { writer.append({subject, 1, 1, kNow, state}); }));
  }

  telemetry::ManualClock clock_{kNow};
  std::string folder_, key_;
  std::unique_ptr<journal::Store> store_;
  access::Keys keys_;
  std::shared_ptr<plugins::Registry> registry_;
  engine::Snapshot engine_;
  engine::Remap remap_ = [](const journal::Event&, const std::string&) {
    return Result<journal::NewEvent>(fail(ErrorKind::permanent, "no source"));
  };
  std::unique_ptr<deploy::Planner> planner_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace milepost::api
