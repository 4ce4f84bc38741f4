// Blend's API over one store: tenants, credentials and versions, applications with their parties, milestones, export
// statuses, follow-ups, documents, events and their deliveries. README says which credentials it takes and what the
// paths below /_ do, which Blend lacks. Sources: the OpenAPI files v2.3.0 and v7.0.0, and developers.blend.com (read
// 2026-11).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/testing/sandbox.hpp"

namespace milepost::blend::sandbox {

class BlendSandbox : public Sandbox {
 public:
  explicit BlendSandbox(Host host);

  HttpResponse handle(const HttpRequest& request) override;
  Json state() const override;
  void reset() override;
  Result<std::vector<HttpRequest>> emit(const Json& order) override;

 private:
  /// A request that passed authentication, its parts read.
  struct Ask {
    testing::Params params, query;
    Json body;
    const HttpRequest* raw = nullptr;
  };
  using Do = HttpResponse (BlendSandbox::*)(const Ask&);

  void add_routes();
  void add_admin();
  void on(testing::Routes& routes, const std::string& method, const std::string& path, Do handler);
  std::optional<HttpResponse> refused(const HttpRequest& request);
  std::optional<std::string> tenant_of(const HttpRequest& request);
  HttpResponse oauth_token(const HttpRequest& request);
  HttpResponse refuse(int status, const std::string& display);
  std::string uuid();
  std::string now() const;

  // applications.cpp
  HttpResponse authenticated(const Ask& ask);
  HttpResponse create_application(const Ask& ask);
  HttpResponse list_applications(const Ask& ask);
  HttpResponse get_application(const Ask& ask);
  HttpResponse patch_application(const Ask& ask);
  HttpResponse parties(const Ask& ask);
  HttpResponse add_party(const Ask& ask);
  HttpResponse patch_party(const Ask& ask);
  HttpResponse assignees(const Ask& ask);
  HttpResponse add_assignees(const Ask& ask);
  HttpResponse replace_assignees(const Ask& ask);
  Json& make_application(const Json& body);
  Json* party(const std::string& id, Json** application = nullptr);
  Json* application_named(const Json& order);
  HttpResponse no_application();
  HttpResponse assign(const Ask& ask, bool replace);

  // servicing.cpp
  HttpResponse set_milestones(const Ask& ask);
  HttpResponse get_milestone(const Ask& ask);
  HttpResponse set_export_status(const Ask& ask);
  HttpResponse create_follow_up(const Ask& ask);
  HttpResponse list_follow_ups(const Ask& ask);
  HttpResponse upload_document(const Ask& ask);
  HttpResponse list_documents(const Ask& ask);

  // events.cpp
  HttpResponse list_events(const Ask& ask);
  HttpResponse get_event(const Ask& ask);
  HttpResponse set_event_status(const Ask& ask);
  HttpResponse admin_applications(const Ask& ask);
  HttpResponse admin_settings(const Ask& ask);
  Result<Json*> make_event(const Json& order);
  HttpRequest delivery(const Json& event, const Json& order);

  // loans.cpp: the /loans family of v2.x over the same store
  HttpResponse create_loan(const Ask& ask);
  HttpResponse list_loans(const Ask& ask);
  HttpResponse get_loan(const Ask& ask);
  HttpResponse patch_loan(const Ask& ask);

  /// What an administrator of Blend would set; README lists them.
  struct Switches {
    std::size_t rate = 600;           ///< requests in a second from one address
    bool retry_after = false;         ///< on a 429
    int missing_status = 400;         ///< of an application that is not there
    int missing_header_status = 400;  ///< where the instance's or the version's header is missing
    std::string instance = "sandbox~default";
  };

  Host host_;
  testing::Routes current_, legacy_, admin_;
  Switches switches_;
  testing::RollingWindow window_{600, std::chrono::seconds(1)};
  testing::Records applications_, follow_ups_, documents_, events_{"/eventId"};
  std::map<std::string, Json> milestones_, export_statuses_;  // by application
  std::map<std::string, Time> tokens_;                        // of OAuth, until
  int wrong_passwords_ = 0;
  std::string version_;  // of the request in hand
  long long made_ = 0;
};

}  // namespace milepost::blend::sandbox
