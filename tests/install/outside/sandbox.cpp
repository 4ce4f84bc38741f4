// The courier's double: it remembers keys for a day.
#include "milepost/testing/sandbox.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace milepost::testing;

class Courier : public Sandbox {
 public:
  explicit Courier(Host host) : host_(host) {
    routes_.on("POST", "/parcels", [this](auto& request, auto&) { return take(request); });
  }
  HttpResponse handle(const HttpRequest& request) override {
    if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
    return routes_.handle(request);
  }
  Json state() const override { return {{"parcels", parcels_.json()}}; }
  void reset() override { parcels_.clear(), keys_.clear(); }
  Result<std::vector<HttpRequest>> emit(const Json&) override {
    return fail(ErrorKind::permanent, "it sends no webhooks");
  }

 private:
  HttpResponse take(const HttpRequest& request) {
    const std::string key(request.header("Idempotency-Key"));
    const auto now = host_.clock().now();
    if (const auto* known = parcels_.find(keys_.known(key, now))) return json_answer(200, *known);
    const auto id = "p-" + std::to_string(parcels_.size() + 1);
    keys_.keep(key, id, now);
    return json_answer(201, parcels_.add({{"id", id}, {"to", read_json(request.body).value_or(Json())}}));
  }

  Host host_;
  Routes routes_;
  Records parcels_;
  KeyMemory keys_{std::chrono::hours(24)};
};

Plugin plugin() { return Plugin("parcel-sandbox", "1.0.0", "A double of a courier.").sandbox<Courier>(); }

}  // namespace

MILEPOST_PLUGIN(plugin)
