// Registers parcels at a courier.
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
};
struct Parcel {
  std::string to;
};

Settings<Account> account_settings() {
  return Settings<Account>("An account at the courier.")
      .required("base_url", &Account::base_url, "API root.")
      .secret("token", "API token.");
}
Settings<Parcel> parcel_settings() {
  return Settings<Parcel>("One parcel.").required("to", &Parcel::to, "Where it goes.");
}

struct Courier : Connection {
  Courier(Account, Host given) : host(given) {}
  Status open(const Call&) override { return {}; }
  Host host;
};

struct Send : SingleAction {
  Send(Courier& courier, Host) : http(courier.host.http()) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto parcel = parcel_settings().parse(delivery.with);
    if (!parcel) return fail(parcel.error());
    const auto answer = http.send_json("POST", "/parcels", {{"to", parcel->to}}, Intent::repeatable, call,
                                       {{"Idempotency-Key", delivery.idempotency_key}});
    if (!answer) return fail(answer.error());
    return Answer{Answer::Effect::created, {{"status", answer->status}}};
  }
  HttpClient http;
};

Plugin plugin() {
  return Plugin("parcel", "1.0.0", "A courier's parcels.")
      .connection<Account, Courier>(account_settings(), credentials::bearer("token"))
      .action<Send, Courier>(
          "send", "Registers a parcel.", parcel_settings(),
          {.replay = Replay::with_key, .key_lifetime = std::chrono::hours(24), .effect = Kind::other});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
