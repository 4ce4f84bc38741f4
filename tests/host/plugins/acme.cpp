// A small, sound connector with one of everything, for the host's tests.
#include "milepost/plugin.hpp"

namespace {

using milepost::Answer;
using milepost::Call;
using milepost::Delivery;
using milepost::ErrorKind;
using milepost::fail;
using milepost::Host;
using milepost::Intent;
using milepost::Json;
using milepost::Result;
using milepost::Status;

struct Account {
  std::string base_url, region, note;
};

class AcmeConnection : public milepost::Connection, public milepost::Probe {
 public:
  AcmeConnection(Account account, Host host) : account_(std::move(account)), host_(host) {}

  Status open(const Call& call) override { return ask("/ping", call); }
  Status probe(const Call& call) override { return ask("/me", call); }
  const Account& account() const { return account_; }

 private:
  Status ask(const std::string& target, const Call& call) {
    const auto answer = host_.http().send({.method = "GET", .target = target, .intent = Intent::read}, call);
    if (!answer) return fail(answer.error());
    if (auto error = milepost::classify(*answer, Intent::read, "acme: GET " + target)) return fail(std::move(*error));
    return {};
  }
  Account account_;
  Host host_;
};

struct Order {
  std::string item;
};

class Send : public milepost::SingleAction, public milepost::Lookup {
 public:
  Send(AcmeConnection&, Host host) : host_(host) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto item = milepost::get<std::string>(delivery.with, "/item");
    if (!item) return fail(item.error());
    const auto answer = host_.http().send_json("POST", "/orders", {{"item", *item}, {"loan", delivery.event->subject}},
                                               Intent::once, call, {{"Idempotency-Key", delivery.idempotency_key}});
    if (!answer) return fail(answer.error());
    return order(answer->body);
  }
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override {
    const auto answer = host_.http().send(
        {.method = "GET", .target = "/orders/" + delivery.idempotency_key, .intent = Intent::read}, call);
    if (!answer) return fail(answer.error());
    if (answer->status == 404) return std::optional<Answer>();
    auto found = order(answer->body);
    if (!found) return fail(found.error());
    return std::optional(std::move(*found));
  }

 private:
  static Result<Answer> order(const std::string& body) {
    const auto json = milepost::read_json(body);
    if (!json) return fail(ErrorKind::indeterminate, "the vendor's answer cannot be read");
    const auto id = milepost::get<std::string>(*json, "/id");
    if (!id) return fail(ErrorKind::indeterminate, id.error().message);
    return Answer{Answer::Effect::created, *json,
                  milepost::Record{"acme", "orders", *id, "1", "https://acme.test/" + *id}};
  }
  Host host_;
};

/// What crossed, as the answer's body.
class Echo : public milepost::Action {
 public:
  Echo(AcmeConnection& connection, Host host) : connection_(connection), host_(host) {}
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override {
    std::vector<Result<Answer>> results;
    for (const auto& each : batch) {
      if (each.event->id == "bad") {
        results.push_back(fail(ErrorKind::permanent, "bad is bad"));
        continue;
      }
      const auto& event = *each.event;
      Json body{{"id", event.id},
                {"subject", event.subject},
                {"type", event.type},
                {"actor", event.actor},
                {"payload", event.payload.text()},
                {"with", each.with},
                {"key", each.idempotency_key},
                {"attempt", call.attempt()},
                {"region", connection_.account().region},
                {"note", connection_.account().note},
                {"now_us", host_.clock().now().time_since_epoch().count()}};
      if (const auto zone = milepost::get<std::string>(each.with, "/zone")) {
        const auto midnight = host_.clock().next_midnight(*zone);
        body["midnight"] = midnight ? Json(midnight->time_since_epoch().count()) : Json(midnight.error().message);
      }
      if (event.time) body["time_us"] = event.time->time_since_epoch().count();
      results.push_back(Answer{Answer::Effect::unchanged, std::move(body)});
    }
    return results;
  }

 private:
  AcmeConnection& connection_;
  Host host_;
};

struct Request {
  std::string method, target, intent, header;
};

/// Sends whatever request the settings describe.
class Fetch : public milepost::SingleAction {
 public:
  Fetch(AcmeConnection&, Host host) : host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto word = [&](const char* at) { return milepost::get<std::string>(delivery.with, at).value_or(""); };
    milepost::HttpRequest request{.method = word("/method"), .target = word("/target")};
    const auto intent = word("/intent");
    request.intent = intent == "read" ? Intent::read : intent == "repeatable" ? Intent::repeatable : Intent::once;
    if (const auto header = word("/header"); !header.empty()) request.headers.emplace_back(header, "1");
    const auto answer = host_.http().send(request, call);
    if (!answer) return fail(answer.error());
    return Answer{Answer::Effect::updated, {{"status", answer->status}, {"body", answer->body}}};
  }

 private:
  Host host_;
};

/// Logs, counts and remembers what the settings say.
class Tell : public milepost::SingleAction {
 public:
  Tell(AcmeConnection&, Host host) : host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto words = milepost::get<std::string>(delivery.with, "/words").value_or("");
    host_.log().info("acme.told", {{"words", words}, {"plugin", "an impostor"}, {"long", std::string(5000, 'x')}});
    host_.metrics().count("told", 2, {{"region", "west"}});
    host_.metrics().seconds("telling", 0.25);
    host_.metrics().count("No Such Name");
    host_.metrics().count("told", -1);
    const auto before = host_.state().get("words", call);
    if (!before) return fail(before.error());
    const auto stored = host_.state().put("words", words, before->version, call);
    if (!stored) return fail(stored.error());
    const auto stale = host_.state().put("words", "stale", before->version, call);
    if (!stale) return fail(stale.error());
    const auto too_long = host_.state().put(std::string(300, 'k'), "v", 0, call);
    return Answer{
        Answer::Effect::updated,
        {{"before", before->value}, {"stored", *stored}, {"stale", *stale}, {"long_key", too_long.has_value()}}};
  }

 private:
  Host host_;
};

struct Feed {
  std::string kind;
  std::string key;
};

class Orders : public milepost::PollingSource, public milepost::Settle, public milepost::Decode {
 public:
  Orders(Feed feed, AcmeConnection&, Host) : feed_(std::move(feed)) {}
  Result<milepost::Page> poll(const milepost::Cursor& after, std::size_t limit, const Call&) override {
    milepost::Page page;
    std::size_t at = after.empty() ? 0 : std::stoul(after);
    for (; page.events.size() < limit && at < 5; ++at) {
      milepost::Event event;
      event.id = "order-" + std::to_string(at);
      event.type = feed_.kind;
      event.reason = feed_.key;
      event.time = milepost::Time(std::chrono::microseconds(1'700'000'000'000'000 + static_cast<long>(at)));
      event.payload = milepost::Document(std::string(R"({"amount": 25000.00})"));
      page.events.push_back(std::move(event));
    }
    page.next = std::to_string(at);
    return page;
  }
  Status committed(const milepost::Cursor& next, const Call&) override {
    if (next != "5") return fail(ErrorKind::retryable, "not there yet: " + next);
    return {};
  }
  Result<std::vector<milepost::Event>> decode(const std::string& kept) override {
    if (kept.empty()) return fail(ErrorKind::permanent, "nothing was kept");
    milepost::Event event;
    event.type = feed_.kind;
    event.payload = milepost::Document(kept);
    return std::vector{std::move(event)};
  }

 private:
  Feed feed_;
};

struct HookSettings {
  std::string kind;
};

class Hook : public milepost::WebhookSource {
 public:
  Hook(HookSettings settings, Host) : settings_(std::move(settings)) {}
  Result<std::vector<milepost::Event>> receive(const milepost::HttpRequest& request) override {
    if (request.body.empty()) return fail(ErrorKind::permanent, "an empty delivery");
    milepost::Event event;
    event.id = std::string(request.header("x-delivery"));
    event.type = settings_.kind;
    event.payload = milepost::Document(request.body);
    return std::vector{std::move(event)};
  }

 private:
  HookSettings settings_;
};

class Double : public milepost::Sandbox {
 public:
  explicit Double(Host host) : host_(host) {}
  milepost::HttpResponse handle(const milepost::HttpRequest& request) override {
    if (request.target == "/break") throw std::runtime_error("the double broke");
    if (request.target == "/teapot") return {777, {}, ""};
    orders_.push_back(request.body);
    return {201, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body};
  }
  Json state() const override { return {{"orders", orders_}, {"us", host_.clock().now().time_since_epoch().count()}}; }
  void reset() override { orders_.clear(); }
  Result<std::vector<milepost::HttpRequest>> emit(const Json& event) override {
    const auto target = milepost::get<std::string>(event, "/target");
    if (!target) return fail(target.error());
    return std::vector{
        milepost::HttpRequest{.method = "POST", .target = *target, .headers = {{"X-Delivery", "1"}}, .body = "{}"}};
  }

 private:
  Host host_;
  std::vector<std::string> orders_;
};

milepost::Plugin plugin() {
#ifdef ACME_SANDBOX
  return milepost::Plugin("acme-sandbox", "1.0.0", "A double of Acme.").sandbox<Double>();
#else
  const auto account = milepost::Settings<Account>("An account at Acme.")
                           .required("base_url", &Account::base_url, "API root.")
                           .optional("region", &Account::region, "east", "Where the account lives.")
                           .optional("note", &Account::note, "", "Whatever.")
                           .secret("token", "API token.");
  const auto order = milepost::Settings<Order>("An order.").required("item", &Order::item, "What to order.");
  const auto request = milepost::Settings<Request>("A request.")
                           .required("method", &Request::method, "Method.")
                           .required("target", &Request::target, "Target.")
                           .optional("intent", &Request::intent, "read", "Intent.");
  const auto anything = milepost::Settings<Order>("Anything.").optional("item", &Order::item, "", "Whatever.");
  const auto feed = milepost::Settings<Feed>("A feed.")
                        .required("kind", &Feed::kind, "Type of its events.")
                        .optional("key", &Feed::key, "", "A key.");
  const auto hook = milepost::Settings<HookSettings>("A hook.")
                        .optional("kind", &HookSettings::kind, "order", "Type of its events.")
                        .secret("hook_secret", "Signs.");
  return milepost::Plugin("acme", "1.2.3", "Acme's orders.")
      .connection<Account, AcmeConnection>(account, milepost::credentials::bearer("token"))
      .action<Send, AcmeConnection>("send", "Creates an order.", order,
                                    {.replay = milepost::Replay::with_key,
                                     .key_lifetime = std::chrono::hours(24),
                                     .settles_after = std::chrono::seconds(30),
                                     .effect = milepost::Kind::mail})
      .action<Echo, AcmeConnection>("echo", "Gives back what it got.", anything,
                                    {.max_batch = 10, .batch_key = "/item"})
      .action<Fetch, AcmeConnection>("fetch", "Sends a request.", request, {})
      .action<Tell, AcmeConnection>("tell", "Talks to the host.", anything, {})
      .polling<Orders, AcmeConnection>("orders", "New orders.", feed)
      .webhook<Hook>("hook", "Deliveries.", hook,
                     {.verify = {{"hmac", {{"header", "X-Signature"}, {"secret", {{"setting", "hook_secret"}}}}}},
                      .pointers = {{"id", "/id"}},
                      .accepted_status = 204,
                      .final_4xx = true});
#endif
}

}  // namespace

MILEPOST_PLUGIN(plugin)
