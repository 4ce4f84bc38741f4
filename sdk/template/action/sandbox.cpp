// Acme's double: it answers as the vendor's documentation says, and remembers keys for a day as the vendor does.
#include "milepost/testing/sandbox.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace milepost::testing;

class AcmeSandbox : public Sandbox {
 public:
  explicit AcmeSandbox(Host host) : host_(host) {
    routes_.on("GET", "/v1/me",
               [](auto&, auto&) {
                 return json_answer(200, {{"account", "sandbox"}});
               })
        .on("POST", "/v1/orders", [this](auto& request, auto&) { return order(request); })
        .on("GET", "/v1/orders/{id}", [this](auto&, auto& params) { return show(orders_.find(params["id"])); });
  }
  HttpResponse handle(const HttpRequest& request) override {
    if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
    return routes_.handle(request);
  }
  Json state() const override { return {{"orders", orders_.json()}}; }
  void reset() override { orders_.clear(), keys_.clear(); }
  Result<std::vector<HttpRequest>> emit(const Json&) override {
    return fail(ErrorKind::permanent, "Acme sends no webhooks");
  }

 private:
  HttpResponse order(const HttpRequest& request) {
    auto order = read_json(request.body);
    if (!order || !get<std::string>(*order, "/item")) return problem(400, "an order needs an item");
    const std::string key(request.header("Idempotency-Key"));
    const auto now = host_.clock().now();
    if (const auto* known = orders_.find(keys_.known(key, now))) return json_answer(200, *known);
    (*order)["id"] = "o-" + std::to_string(orders_.size() + 1);
    keys_.keep(key, *get<std::string>(*order, "/id"), now);
    return json_answer(201, orders_.add(std::move(*order)));
  }
  static HttpResponse show(const Json* order) {
    return order == nullptr ? problem(404, "no such order") : json_answer(200, *order);
  }

  Host host_;
  Routes routes_;
  Records orders_;
  KeyMemory keys_{std::chrono::hours(24)};
};

Plugin plugin() { return Plugin("acme-sandbox", "0.1.0", "A double of Acme.").sandbox<AcmeSandbox>(); }

}  // namespace

MILEPOST_PLUGIN(plugin)
