// Lob's print API as far as postcards need it. Key: test_sandbox, as the user of basic credentials. An idempotency key
// is remembered for 24 hours; 150 requests in 5 seconds for each endpoint; a postcard can be deleted for five minutes,
// or until its send_date. What emit() tells of the post stands in tracking_events too, which a real test key never
// shows.
//
// emit() takes {"url", "secret" (both needed), "event_type": "postcard.mailed", "id": the last one's, "unit": "ms" |
// "s", "bad_signature": false}. For tests, without a key: POST /_postcards {"count": 3, "id": "psc_seed{n}",
// "reference": "mp-{n}"} orders postcards of {n} = 0 …, to be sent in thirty days.
#pragma once

#include <map>
#include <string>

#include "milepost/testing/sandbox.hpp"

namespace milepost::postcard {

class LobSandbox {
 public:
  explicit LobSandbox(Host host);
  HttpResponse handle(const HttpRequest& request);
  Json state() const { return {{"postcards", postcards_.json()}}; }
  void reset();
  Result<HttpRequest> emit(const Json& event);

 private:
  HttpResponse create(const HttpRequest& request);
  HttpResponse list(const HttpRequest& request) const;
  HttpResponse remove(const std::string& id);
  HttpResponse verify(const HttpRequest& request) const;
  HttpResponse seed(const HttpRequest& request);
  Json made(const std::string& id, const Json& body) const;

  Host host_;
  testing::Routes routes_;
  testing::Records postcards_;
  testing::KeyMemory keys_{std::chrono::hours(24)};
  std::map<std::string, testing::RollingWindow> windows_;
  std::size_t made_ = 0;
};

}  // namespace milepost::postcard
