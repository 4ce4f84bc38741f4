#include "host/cli/sandbox_server.hpp"

#include <gtest/gtest.h>

#include "host/http/client.hpp"

namespace milepost::cli {
namespace TEST_FILE {

using namespace std::chrono_literals;

/// Remembers the header that its vendor authenticates by.
class Guarded : public Sandbox {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    key_ = std::string(request.header("x-api-key"));
    return {key_.empty() ? 401 : 200, {}, "{}"};
  }
  Json state() const override { return {{"key", key_}}; }
  void reset() override { key_.clear(); }
  Result<std::vector<HttpRequest>> emit(const Json&) override { return fail(ErrorKind::permanent, "no webhooks"); }

 private:
  std::string key_;
};

TEST(SandboxServer, MasksTheHeaderThatAManifestCallsACredential) {
  std::map<std::string, std::unique_ptr<Sandbox>> vendors;
  vendors["acme"] = std::make_unique<Guarded>();
  SandboxServer sandboxes(std::move(vendors), {"X-Api-Key"});
  http::Server server;
  const auto listening = server.listen(
      {.address = "127.0.0.1:0"}, [&](const http::Incoming& head) { return sandboxes.admit(head); },
      [&](http::Incoming&& request, http::Responder respond) { sandboxes.handle(std::move(request), std::move(respond)); });
  ASSERT_TRUE(listening) << listening.error().message;
  server.start();
  http::Client client;
  const auto get = [&](const std::string& path, http::Headers headers = {}) {
    auto answer = client.exchange({.method = "GET", .url = "http://" + server.address(0) + path, .headers = std::move(headers), .body = {}, .intent = http::Intent::read},
                                  {.timeout = 20s, .stopped = {}, .allow_private = true, .ca_file = {}, .unix_socket = {}});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? std::move(*answer) : http::Response{};
  };
  EXPECT_EQ(get("/acme/orders", {{"x-API-key", "s3cret-key"}, {"Authorization", "Bearer s3cret-token"}, {"X-Trace", "t-1"}}).status, 200);
  const auto log = get("/_sandbox/requests?vendor=acme").body;
  EXPECT_EQ(log.find("s3cret"), std::string::npos) << log;
  EXPECT_NE(log.find("t-1"), std::string::npos) << log;
  EXPECT_NE(get("/_sandbox/state/acme").body.find("s3cret-key"), std::string::npos) << "the double itself saw it";
  server.stop(1s);
}

}  // namespace TEST_FILE
}  // namespace milepost::cli
