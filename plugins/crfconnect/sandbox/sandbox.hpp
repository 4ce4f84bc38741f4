// CRF Connect as a receiver sees it: it pushes leads, and its partner portal shows and re-sends them.
//
// emit() takes
//   {"url": "http://127.0.0.1:8080/hooks/crf",   where to push (needed)
//    "headers": {"X-Api-Key": "…"},               what the partner asked to have attached
//    "variant": "plain",                          what a new lead is like, see below
//    "id": "…",                                   a known lead: sent again as it now is
//    "lead": {"status": "Contacted"},             members to set; a known lead is thereby updated
//    "without": ["/fraudScore"],                  members to leave out
//    "times": 1,                                  how often the same delivery is made
//    "body": "…"}                                 instead of a lead: this text
// In place of "url", "queue": "leads" puts the lead into that queue ("encoding": "plain" or "base64"), and "container":
// "leads" into that container, as a blob ("name": "…", else one of no order); see store_double.hpp.
// A new lead is the vendor's sample with ids of its own and the time of the host's clock. Variants: sample (the
// vendor's, to the byte), plain, nulls (null wherever that is allowed), absent (what may be null is left out), drift (a
// field and values that the schema does not know), spellings (near values and a null in a list), fraud (a score of
// 0.91), wrong_type.
#pragma once

#include <string>
#include <vector>

#include "milepost/testing/sandbox.hpp"
#include "plugins/crfconnect/sandbox/store_double.hpp"

namespace milepost::crfconnect {

class CrfConnectSandbox : public Sandbox {
 public:
  explicit CrfConnectSandbox(Host host);
  HttpResponse handle(const HttpRequest& request) override;
  Json state() const override;
  void reset() override;
  Result<std::vector<HttpRequest>> emit(const Json& event) override;

 private:
  Result<std::string> body_of(const Json& event);
  Status put(const Json& event, const std::string& body);
  Result<Json> next_lead(const Json& event);
  Json new_lead(const std::string& id);
  std::string new_guid(std::string_view what);

  Host host_;
  testing::Routes routes_;
  StoreDouble store_;
  testing::Records leads_;  // as they now are
  std::vector<std::string> pushed_;
  std::size_t guids_ = 0;
};

}  // namespace milepost::crfconnect
