// A courier, as a plugin of the first edition: every ability that edition knew is here.
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace std::chrono_literals;

struct Account {
  std::string base_url, depot;
  std::chrono::milliseconds patience{};
};
struct Parcel {
  std::string to;
  std::optional<std::string> note;
};
struct Label {
  std::string text;
};
struct Depot {
  std::string depot;
};
struct Nothing {};

Settings<Account> account_settings() {
  return Settings<Account>("An account at the courier.")
      .required("base_url", &Account::base_url, "API root.")
      .optional("depot", &Account::depot, "south", "Where parcels start.", {{"enum", {"north", "south"}}})
      .optional("patience", &Account::patience, 5s, "How long a parcel may take.")
      .secret("token", "API token.");
}
Settings<Parcel> parcel_settings() {
  return Settings<Parcel>("One parcel.")
      .required("to", &Parcel::to, "Where it goes.")
      .optional("note", &Parcel::note, std::nullopt, "For the driver.");
}
Settings<Label> label_settings() {
  return Settings<Label>("One label.").required("text", &Label::text, "What it says.");
}
Settings<Depot> depot_settings() {
  return Settings<Depot>("Parcels of a depot.").required("depot", &Depot::depot, "Which.");
}
Settings<Nothing> no_settings() { return Settings<Nothing>("A parcel has moved."); }

Result<Json> ask(const Host& host, HttpRequest request, const Call& call) {
  const std::string origin = "courier: " + request.method + " " + request.target.substr(0, request.target.find('?'));
  const auto answer = host.http().send(request, call);
  if (!answer) return fail(answer.error());
  if (auto error = classify(*answer, request.intent, origin, host.clock().now())) return fail(std::move(*error));
  auto body = read_json(answer->body);
  if (!body)
    return fail(request.intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable,
                "the answer is no JSON", origin);
  return body;
}
HttpRequest get_request(std::string target) { return {"GET", std::move(target), {}, {}, Intent::read}; }

class Courier : public Connection, public Probe {
 public:
  Courier(Account given, Host lent) : account(std::move(given)), host(lent) {}
  Status open(const Call& call) override { return probe(call); }
  Status probe(const Call& call) override {
    const auto me = ask(host, get_request("/me"), call);
    if (!me) return fail(me.error());
    return {};
  }
  Account account;
  Host host;
};

class Send : public SingleAction, public Lookup {
 public:
  Send(Courier& courier, Host) : courier_(courier) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto parcel = parcel_settings().parse(delivery.with);
    if (!parcel) return fail(parcel.error());
    const Json body{{"to", parcel->to},
                    {"reference", delivery.idempotency_key},
                    {"depot", courier_.account.depot},
                    {"value", find_or_null(delivery.event->payload.json(), "/loan/amount")}};
    const auto made = ask(courier_.host,
                          {"POST", "/parcels", {{"Content-Type", "application/json"}}, text(body), Intent::once}, call);
    if (!made) return fail(made.error());
    courier_.host.metrics().count("parcels");
    courier_.host.log().debug("parcel", {{"attempt", call.attempt()}});
    return answer(*made, Answer::Effect::created);
  }
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override {
    const auto found = ask(courier_.host, get_request("/parcels?reference=" + delivery.idempotency_key), call);
    if (!found) return fail(found.error());
    const auto* first = milepost::find(*found, "/parcels/0");
    if (first == nullptr) return std::optional<Answer>();
    auto known = answer(*first, Answer::Effect::unchanged);
    if (!known) return fail(known.error());
    return std::optional(*known);
  }

 private:
  static Json find_or_null(const Json& json, const char* pointer) {
    const auto* found = milepost::find(json, pointer);
    return found == nullptr ? Json(nullptr) : *found;
  }
  static Result<Answer> answer(const Json& parcel, Answer::Effect effect) {
    const auto id = get<std::string>(parcel, "/id");
    if (!id) return fail(ErrorKind::indeterminate, "the answer names no parcel");
    return Answer{effect, {{"id", *id}}, Record{"courier", "parcel", *id, "", ""}};
  }
  Courier& courier_;
};

/// Several in one call; a label put up twice is one label.
class Labels : public Action {
 public:
  Labels(Courier& courier, Host host) : courier_(courier), host_(host) {}
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override {
    std::vector<Result<Answer>> results;
    for (const auto& delivery : batch) {
      const auto label = label_settings().parse(delivery.with);
      if (!label) {
        results.push_back(fail(label.error()));
        continue;
      }
      // What has been put up is remembered, by compare-and-set.
      const auto known = host_.state().get(delivery.idempotency_key, call);
      const auto made =
          ask(courier_.host,
              {"PUT", "/labels/" + delivery.idempotency_key, {}, text(Json{{"text", label->text}}), Intent::repeatable},
              call);
      if (!made) {
        results.push_back(fail(made.error()));
        continue;
      }
      if (known && known->version == 0)
        static_cast<void>(host_.state().put(delivery.idempotency_key, "1", 0, call).has_value());
      results.push_back(Answer{known && known->version != 0 ? Answer::Effect::unchanged : Answer::Effect::created});
    }
    return results;
  }

 private:
  Courier& courier_;
  Host host_;
};

class Parcels : public PollingSource, public Settle {
 public:
  Parcels(Depot depot, Courier& courier, Host) : depot_(std::move(depot)), courier_(courier) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override {
    const auto found =
        ask(courier_.host, get_request("/changes?after=" + after + "&limit=" + std::to_string(limit)), call);
    if (!found) return fail(found.error());
    Page page{{}, after};
    const auto* all = milepost::find(*found, "/parcels");
    for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
      Event event;
      event.id = page.next = get<std::string>((*all)[i], "/id").value_or("");
      event.type = "parcel." + depot_.depot;
      event.time = courier_.host.clock().now();
      event.payload = Document((*all)[i]);
      page.events.push_back(std::move(event));
    }
    return page;
  }
  Status committed(const Cursor&, const Call&) override { return {}; }

 private:
  Depot depot_;
  Courier& courier_;
};

class Moved : public WebhookSource {
 public:
  Moved(Nothing, Host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override {
    const auto body = read_json(request.body);
    const auto id =
        body ? get<std::string>(*body, "/id") : Result<std::string>(fail(ErrorKind::permanent, "it is no JSON"));
    if (!id) return fail(ErrorKind::permanent, "the delivery names no parcel");
    Event event;
    event.id = *id;
    event.type = "parcel.moved";
    event.payload = Document(request.body);
    return std::vector<Event>{event};
  }
};

Plugin plugin() {
  return Plugin("first_edition", "1.0.0", "A courier's parcels, as the first edition of the SDK had it.")
      .connection<Account, Courier>(account_settings(), credentials::bearer("token"))
      .action<Send, Courier>("send", "Registers a parcel.", parcel_settings(),
                             {.max_batch = 1, .replay = Replay::never, .settles_after = 10s, .effect = Kind::mail})
      .action<Labels, Courier>("label", "Puts up labels.", label_settings(),
                               {.max_batch = 20, .replay = Replay::always, .effect = Kind::other})
      .polling<Parcels, Courier>("parcels", "Parcels of a depot.", depot_settings())
      .webhook<Moved>("moved", "A parcel has moved.", no_settings());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
