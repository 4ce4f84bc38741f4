// PostcardMania's DirectMail API v3 as far as postcards need it. Key pair: sandbox-key, sandbox-secret; a token lives
// two minutes, so that whoever does not renew it is found out; "sandbox-long-live-token" is one that the account opted
// in to, and lives on. The same extRefNbr is accepted twice, as nobody promises
// otherwise.
//
// An order's status follows the host's clock: Ordered until 23:30 US Eastern of its day, then Processing, after a day
// Mailing, after five Delivered; an address that says "undeliverable" gets there instead.
//
// emit() takes {"url", "secret" (both needed), "event": "Mail Tracking", "status": "delivered", "order_id": the last
// one's, "case": "pascal" | "camel", "encoding": "hex" | "base64", "unit": "s" | "ms", "bad_signature": false, "body":
// instead of what is made of these, "data": members added to Data, "of": "piece" | "order"}.
//
// For tests, without a token: POST /_orders {"count": 3, "id": "9000{n}", "reference": "mp-{n}"} places orders of {n} =
// 0 …
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "milepost/testing/sandbox.hpp"

namespace milepost::postcard {

/// The body of a refused order: {"error": {"message", "data": [{"property", "message"}]}}; empty data: a good order.
Json pcm_faults(const Json& order, std::string_view today, const std::vector<long long>& designs);

class PcmSandbox {
 public:
  explicit PcmSandbox(Host host);
  HttpResponse handle(const HttpRequest& request);
  Json state() const;
  void reset();
  Result<HttpRequest> emit(const Json& event);

 private:
  struct Order {
    long long id = 0;
    Json body;
    Time ordered;
    std::optional<Time> canceled;
  };
  HttpResponse log_in(const HttpRequest& request);
  HttpResponse create(const HttpRequest& request);
  HttpResponse list(const HttpRequest& request) const;
  HttpResponse cancel(const std::string& id);
  HttpResponse verify(const HttpRequest& request) const;
  HttpResponse undeliverable_list(const HttpRequest& request) const;
  HttpResponse proof(const HttpRequest& request) const;
  HttpResponse seed(const HttpRequest& request);
  Json shown(const Order& order) const;
  std::string status(const Order& order) const;
  Order* order(const std::string& id);
  long long balance_cents() const;

  struct Token {
    std::string text;
    Time expires;
  };
  Host host_;
  testing::Routes routes_;
  std::vector<Token> tokens_;
  std::vector<Order> orders_;  // oldest first
};

}  // namespace milepost::postcard
