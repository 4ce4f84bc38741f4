// Acme: an account, and one action. Everything that knows the vendor is here. The host brings the rest: credentials,
// retries, limits, order, the ledger, the audit trail.
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
};
Settings<Account> account_settings() {
  return Settings<Account>("An account at Acme.")
      .optional("base_url", &Account::base_url, "https://api.acme.example", "API root.")
      .secret("token", "API token.");  // stays in the host, which adds it to each request
}

struct Order {
  std::string item, customer;
  unsigned quantity = 1;
};
Settings<Order> order_settings() {
  return Settings<Order>("One order.")
      .required("item", &Order::item, "What is ordered: an article's number.")
      .required("customer", &Order::customer, "Who orders.")
      .optional("quantity", &Order::quantity, 1U, "How many.");
}

struct AcmeConnection : Connection {
  AcmeConnection(Account, Host given) : host(given) {}
  /// Says whether the account works, before anything is delivered.
  Status open(const Call& call) override {
    const auto answer = host.http().send({.method = "GET", .target = "/v1/me", .intent = Intent::read}, call);
    if (!answer) return fail(answer.error());
    if (auto error = classify(*answer, Intent::read, "acme: GET /v1/me", host.clock().now())) return fail(*error);
    return {};
  }
  Host host;
};

// One delivery, one order. What the vendor's answer means is what this function decides.
class DeliverItAction : public SingleAction {
 public:
  DeliverItAction(AcmeConnection& acme, Host) : http_(acme.host.http()) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto order = order_settings().parse(delivery.with);
    if (!order) return fail(order.error());
    // The key makes a repeat harmless: Acme gives the first order back. So the host may repeat (`repeatable`).
    const auto answer = http_.send_json("POST", "/v1/orders",
                                        {{"item", order->item},
                                         {"customer", order->customer},
                                         {"quantity", order->quantity},
                                         {"reference", delivery.event->subject}},
                                        Intent::repeatable, call, {{"Idempotency-Key", delivery.idempotency_key}});
    if (!answer) return fail(answer.error());  // 4xx, 429, 5xx and silence are classified already
    const auto body = read_json(answer->body);
    const auto id = body ? get<std::string>(*body, "/id") : Result<std::string>(fail(body.error()));
    if (!id) return fail(ErrorKind::indeterminate, "the vendor took the order, but its answer names none");
    return Answer{Answer::Effect::created, {{"order_id", *id}}, Record{"acme", "orders", *id, "", ""}};
  }

 private:
  HttpClient http_;
};

Plugin plugin() {
  return Plugin("acme", "0.1.0", "Orders at Acme.")
      .connection<Account, AcmeConnection>(account_settings(), credentials::bearer("token"))
      .action<DeliverItAction, AcmeConnection>(
          "deliver_it", "Places one order.", order_settings(),
          {.replay = Replay::with_key, .key_lifetime = std::chrono::hours(24), .effect = Kind::other});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
