// Posts orders, several in one call, to /orders. The text "crash" ends the process before its order leaves.
#include <cstdlib>

#include "milepost/http.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
};
struct Order {
  std::string text;
};

const Settings<Account>& account_settings() {
  static const auto spec = [] {
    Settings<Account> settings("Where orders go.");
    settings.required("base_url", &Account::base_url, "Where the vendor answers.");
    return settings;
  }();
  return spec;
}
const Settings<Order>& order_settings() {
  static const auto spec = [] {
    Settings<Order> settings("One order.");
    settings.required("text", &Order::text, "What is ordered.");
    return settings;
  }();
  return spec;
}

struct Orders : Connection {
  Orders(Account, Host given) : host(given) {}
  Status open(const Call&) override { return {}; }
  Host host;
};

class Send : public Action {
 public:
  Send(Orders& orders, Host) : host_(orders.host) {}

  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override {
    Json items = Json::array();
    for (const auto& delivery : batch) {
      const auto text = get<std::string>(delivery.with, "/text").value_or("");
      if (text == "crash") std::abort();
      items.push_back({{"key", delivery.idempotency_key}, {"text", text}, {"event", delivery.event->id}});
    }
    HttpRequest request{"POST", "/orders", {{"Content-Type", "application/json"}}, text(Json{{"orders", items}}), Intent::repeatable};
    const auto response = host_.http().send(request, call);
    if (!response) return std::vector<Result<Answer>>(batch.size(), fail(response.error()));
    if (const auto error = classify(*response, request.intent, "courier: POST /orders")) return std::vector<Result<Answer>>(batch.size(), fail(*error));
    return std::vector<Result<Answer>>(batch.size(), Answer{});
  }

 private:
  Host host_;
};

Plugin plugin() {
  return Plugin("courier", "0.1.0", "Carries orders in tests.")
      .connection<Account, Orders>(account_settings(), credentials::none())
      .action<Send, Orders>("send", "Sends one order.", order_settings(), {.max_batch = 50, .replay = Replay::always, .effect = Kind::other});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
