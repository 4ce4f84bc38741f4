// Acme's double: it begins with three changes, and gets more on demand:
//   POST /_sandbox/emit  {"vendor": "acme", "event": {"kind": "paid", "loan": "L-1001"}}
#include "milepost/testing/sandbox.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace milepost::testing;

class AcmeSandbox : public Sandbox {
 public:
  explicit AcmeSandbox(Host) {
    routes_.on("GET", "/v1/me",
               [](auto&, auto&) {
                 return json_answer(200, {{"account", "sandbox"}});
               })
        .on("GET", "/v1/changes", [this](auto& request, auto&) { return page(query(request)); });
    reset();
  }
  HttpResponse handle(const HttpRequest& request) override {
    if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
    return routes_.handle(request);
  }
  Json state() const override { return {{"changes", changes_.json()}}; }
  void reset() override {
    changes_.clear();
    for (const char* kind : {"created", "paid", "closed"}) add({{"kind", kind}, {"loan", "L-1001"}});
  }
  Result<std::vector<HttpRequest>> emit(const Json& event) override {
    add(event);
    return std::vector<HttpRequest>();  // it waits to be asked
  }

 private:
  void add(Json change) {
    change["id"] = "c-" + std::to_string(changes_.size() + 1);
    changes_.add(std::move(change));
  }
  HttpResponse page(const Params& asked) const {
    Json out = Json::array();
    bool past = asked["after"].empty();
    for (const auto& change : changes_.all()) {
      if (past && out.size() < static_cast<std::size_t>(asked.number("limit", 100))) out.push_back(change);
      past = past || change["id"] == asked["after"];
    }
    return json_answer(200, {{"changes", out}});
  }

  Routes routes_;
  Records changes_;
};

Plugin plugin() { return Plugin("acme-sandbox", "0.1.0", "A double of Acme.").sandbox<AcmeSandbox>(); }

}  // namespace

MILEPOST_PLUGIN(plugin)
