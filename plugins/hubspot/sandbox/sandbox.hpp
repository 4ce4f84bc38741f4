// HubSpot's API over the double's CRM: routes of v3, v4 associations and the dated families over one store, tokens and
// scopes, limits, and answers in the vendor's shapes. README says which tokens it takes.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/testing/sandbox.hpp"
#include "plugins/hubspot/sandbox/crm.hpp"

namespace milepost::hubspot::sandbox {

class HubspotSandbox : public Sandbox {
 public:
  explicit HubspotSandbox(Host host);

  HttpResponse handle(const HttpRequest& request) override;
  Json state() const override { return crm_.state(); }
  void reset() override;
  Result<std::vector<HttpRequest>> emit(const Json& event) override;

 private:
  /// A request that passed authentication, its parts read.
  struct Ask {
    std::string type;  ///< "deals", whichever way the path has it
    testing::Params params, query;
    Json body;
    bool dated = false;  ///< a dated family: no 207
  };
  using Do = HttpResponse (HubspotSandbox::*)(const Ask&);

  void add_routes();
  void on(const std::string& method, const std::string& kind, const std::string& rest, const std::string& scope,
          Do handler);
  HttpResponse enter(const HttpRequest& request, const testing::Params& params, const std::string& scope, Do handler);

  HttpResponse list(const Ask& ask);
  HttpResponse create(const Ask& ask);
  HttpResponse get_one(const Ask& ask);
  HttpResponse update(const Ask& ask);
  HttpResponse remove(const Ask& ask);
  HttpResponse batch_read(const Ask& ask);
  HttpResponse batch_upsert(const Ask& ask);
  HttpResponse batch_create(const Ask& ask);
  HttpResponse batch_update(const Ask& ask);
  HttpResponse batch_archive(const Ask& ask);
  HttpResponse search(const Ask& ask);
  HttpResponse properties(const Ask& ask);
  HttpResponse property(const Ask& ask);
  HttpResponse create_property(const Ask& ask);
  HttpResponse property_groups(const Ask& ask);
  HttpResponse pipelines(const Ask& ask);
  HttpResponse pipeline(const Ask& ask);
  HttpResponse associations(const Ask& ask);
  HttpResponse associate(const Ask& ask);
  HttpResponse associate_labelled(const Ask& ask);
  HttpResponse set_limits(const Ask& ask);

  Record* named(const Ask& ask);
  Json shown(const std::string& type, const Record& record, const std::string& only = {}) const;
  HttpResponse refuse(const Problem& problem);
  std::optional<HttpResponse> unfit(const Ask& ask);
  HttpResponse batch(const Ask& ask, Json results, Json errors) const;
  HttpResponse limited(const std::string& policy);
  std::string correlation();
  bool may(const std::string& scope, const std::string& type) const;

  struct Limits {
    std::size_t burst = 100;      ///< in 10 s for each token: a service key on Free or Starter
    std::size_t daily = 250'000;  ///< for the account
    std::size_t search = 5;       ///< in a second, for the account
    std::chrono::milliseconds index_lag{};
    std::string time_zone = "UTC";  ///< the account's: its day ends at its midnight
  };
  Time day_ends(Time now) const;

  Host host_;
  Crm crm_;
  testing::Routes routes_;
  Limits limits_;
  std::map<std::string, testing::RollingWindow> windows_;  // by token
  testing::RollingWindow searches_{5, std::chrono::seconds(1)};
  Time day_ends_{};
  std::size_t used_today_ = 0;
  std::string token_;  // of the request in hand
  long long correlations_ = 0;
  long long next_event_ = 1;
};

}  // namespace milepost::hubspot::sandbox
