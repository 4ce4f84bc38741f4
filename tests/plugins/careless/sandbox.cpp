// The careless connector's vendor: orders by POST, remembered by their idempotency key, found by GET, changed by
// nobody; listed page by page. It calls back when an order is shipped.
#include "milepost/testing/sandbox.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace milepost::testing;

class Orders : public Sandbox {
 public:
  explicit Orders(Host host) : host_(host) {
    routes_.on("GET", "/me",
               [](auto&, auto&) {
                 return json_answer(200, {{"name", "sandbox"}});
               })
        .on("GET", "/orders",
            [this](auto& request, auto&) {
              const auto asked = query(request);
              return json_answer(200,
                                 {{"orders", asked["reference"].empty() ? page(asked) : found(asked["reference"])}});
            })
        .on("POST", "/orders", [this](auto& request, auto&) { return create(request); });
  }

  HttpResponse handle(const HttpRequest& request) override {
    if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
    return routes_.handle(request);
  }
  Json state() const override { return {{"orders", orders_.json()}}; }
  void reset() override { orders_.clear(), keys_.clear(); }
  /// {"url": "…"}: the last order has been shipped.
  Result<std::vector<HttpRequest>> emit(const Json& event) override {
    if (orders_.last() == nullptr) return fail(ErrorKind::permanent, "no order has been made");
    auto push = webhook(get<std::string>(event, "/url").value_or(""), text(*orders_.last()));
    sign(push, "sandbox-secret", {.header = "X-Signature", .timestamp_header = "X-Timestamp"}, host_.clock().now());
    return std::vector<HttpRequest>{push};
  }

 private:
  HttpResponse create(const HttpRequest& request) {
    const auto body = read_json(request.body);
    if (!body || get<std::string>(*body, "/item").value_or("").empty()) return problem(400, "no item");
    const std::string key(request.header("Idempotency-Key"));
    if (const auto* known = orders_.find(keys_.known(key, host_.clock().now()))) return json_answer(200, *known);
    const auto id = "o-" + std::to_string(orders_.size() + 1);
    keys_.keep(key, id, host_.clock().now());
    return json_answer(
        201, orders_.add({{"id", id}, {"item", (*body)["item"]}, {"reference", body->value("reference", "")}}));
  }
  Json found(const std::string& reference) const {
    Json out = Json::array();
    for (const auto& order : orders_.all())
      if (order["reference"] == reference) out.push_back(order);
    return out;
  }

  Json page(const Params& asked) const {
    Json out = Json::array();
    for (auto i = asked.number("after", 0); i < static_cast<long long>(orders_.size()) && out.size() < 2; ++i)
      out.push_back(orders_.all()[static_cast<std::size_t>(i)]);
    return out;
  }

  Host host_;
  Routes routes_;
  Records orders_;
  KeyMemory keys_{std::chrono::hours(24)};
};

Plugin plugin() {
  return Plugin("careless-sandbox", "1.0.0", "A double for the careless connector.").sandbox<Orders>();
}

}  // namespace

MILEPOST_PLUGIN(plugin)
