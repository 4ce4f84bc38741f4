// Orders things, with the flaw that its connection names; "" has none.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace std::chrono_literals;

struct Account {
  std::string base_url, flaw;
};
struct Order {
  std::string item;
};

Settings<Account> account_settings() {
  return Settings<Account>("An account.")
      .required("base_url", &Account::base_url, "API root.")
      .optional("flaw", &Account::flaw, "", "What it does wrong.")
      .secret("token", "API token.");
}
Settings<Order> order_settings() {
  return Settings<Order>("One order.").required("item", &Order::item, "What is ordered.");
}

struct Shop : Connection {
  Shop(Account given, Host lent) : account(std::move(given)), host(lent) {
    if (account.flaw == "throws at creation") throw std::runtime_error("boom");
    if (account.flaw == "asks at creation")
      static_cast<void>(host.http().send({"GET", "/me", {}, "", Intent::read}, Call(nullptr)).has_value());
  }
  Status open(const Call& call) override {
    if (opened_ && account.flaw == "opens once") return fail(ErrorKind::internal, "it is open already");
    opened_ = true;
    auto answer = host.http().send({"GET", "/me", {}, "", Intent::read}, call);
    if (!answer) return fail(answer.error());
    if (auto error = classify(*answer, Intent::read, "careless: GET /me", host.clock().now())) return fail(*error);
    return {};
  }
  bool is(std::string_view flaw) const { return account.flaw == flaw; }
  Account account;
  Host host;

 private:
  bool opened_ = false;
};

class Send : public Action, public Lookup {
 public:
  Send(Shop& shop, Host) : shop_(shop) {}

  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override {
    std::vector<Result<Answer>> results;
    for (const auto& delivery : batch) results.push_back(one(delivery, call));
    if (shop_.is("turns results around")) std::reverse(results.begin(), results.end());
    if (shop_.is("gives fewer results") && batch.size() > 1) results.pop_back();
    return results;
  }

  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override {
    const auto answer =
        shop_.host.http().send({"GET", "/orders?reference=" + delivery.idempotency_key, {}, "", Intent::read}, call);
    if (!answer) return fail(answer.error());
    if (auto error = classify(*answer, Intent::read, "careless: GET /orders", shop_.host.clock().now()))
      return fail(*error);
    const auto id = get<std::string>(read_json(answer->body).value_or(Json()), "/orders/0/id");
    if (!id || shop_.is("never finds")) return std::optional<Answer>();
    return std::optional(Answer{Answer::Effect::unchanged, {{"id", *id}}});
  }

 private:
  Result<Answer> one(const Delivery& delivery, const Call& call) {
    const auto item = get<std::string>(delivery.with, "/item");
    misbehave(item.value_or(""));
    if (!item && !shop_.is("takes what lacks a key")) return fail(ErrorKind::permanent, "item: missing");
    if (shop_.is("waits on") && call.attempt() == 1)
      for (const auto end = std::chrono::steady_clock::now() + 2s;
           call.stopped() && std::chrono::steady_clock::now() < end;)
        continue;
    const Json body{{"item", item.value_or("nothing")}, {"reference", delivery.idempotency_key}};
    HttpRequest request{"POST", "/orders", {{"Content-Type", "application/json"}}, text(body), Intent::once};
    auto answer = shop_.host.http().send(request, call);
    if (answer && answer->status == 503 && shop_.is("repeats by itself"))
      answer = shop_.host.http().send(request, call);
    if (!answer && shop_.is("takes silence for done")) return Answer{};
    if (!answer && shop_.is("repeats by a guess")) return fail(ErrorKind::retryable, "no answer");
    if (!answer) return fail(answer.error());
    if (answer->status == 500 && shop_.is("takes 500 for permanent"))
      return fail(ErrorKind::permanent, "the vendor failed");
    if (auto error = classify(*answer, Intent::once, "careless: POST /orders", shop_.host.clock().now())) {
      if (shop_.is("quotes the vendor")) error->message += ": " + answer->body;
      if (shop_.is("forgets how long to wait")) error->retry_after.reset();
      return fail(*error);
    }
    const auto id = get<std::string>(read_json(answer->body).value_or(Json()), "/id");
    if (!id && shop_.is("takes nonsense for an error")) return fail(ErrorKind::permanent, "no id");
    if (!id) return fail(ErrorKind::indeterminate, "the answer names no order");
    return Answer{Answer::Effect::created, {{"id", *id}}};
  }

  void misbehave(const std::string& item) const {
    if (shop_.is("logs the borrower")) shop_.host.log().info("order", {{"item", item}});
    if (shop_.is("counts by borrower")) shop_.host.metrics().count("orders", 1, {{"item", item}});
    if (shop_.is("prints")) std::printf("an order\n");
    if (shop_.is("crashes")) std::raise(SIGSEGV);
    if (shop_.is("exits")) std::exit(0);
    if (shop_.is("throws")) throw std::runtime_error("boom");
    if (shop_.is("hangs"))
      for (;;) ::pause();
    if (shop_.is("writes a file")) std::ofstream("orders.txt") << item;
    if (shop_.is("leaks")) static_cast<void>(new std::string(4096, 'x'));
    if (shop_.is("starts a thread")) std::thread([] { ::pause(); }).detach();
    if (shop_.is("leaves descriptors")) static_cast<void>(::dup(0));
  }

  Shop& shop_;
};

struct Listing {};

/// Orders, two a page; the cursor is how many are behind it.
class Placed : public PollingSource {
 public:
  Placed(Listing, Shop& shop, Host) : shop_(shop) {}

  Result<Page> poll(const Cursor& after, std::size_t, const Call& call) override {
    const Cursor from = shop_.is("remembers where it was") ? std::to_string(handed_) : after;
    if (shop_.is("leaks")) static_cast<void>(new std::string(4096, 'x'));
    const auto answer = ask(from, call);
    if (!answer && shop_.is("waits on"))
      for (const auto end = std::chrono::steady_clock::now() + 2s; std::chrono::steady_clock::now() < end;) continue;
    if (!answer) return fail(answer.error());
    if (!answer->ok() && shop_.is("takes faults for nothing new")) return Page{{}, after};
    if (auto error = classify(*answer, shop_.is("takes 500 for permanent") ? Intent::once : Intent::read,
                              "careless: GET /orders", shop_.host.clock().now())) {
      if (shop_.is("forgets how long to wait")) error->retry_after.reset();
      return fail(*error);
    }
    const auto body = read_json(answer->body);
    const Json* orders = body ? find(*body, "/orders") : nullptr;
    if (orders == nullptr && shop_.is("takes nonsense for nothing new")) return Page{{}, after};
    if (orders == nullptr) return fail(ErrorKind::retryable, "the answer holds no orders");
    Page page;
    for (const auto& order : *orders) {
      Event event;
      event.id = order["id"];
      event.payload = Document(order);
      page.events.push_back(std::move(event));
    }
    handed_ += orders->size();
    const auto behind = std::strtoull(after.c_str(), nullptr, 10) + orders->size();
    page.next = shop_.is("stands still") ? after : std::to_string(shop_.is("goes back") && behind > 2 ? 0 : behind);
    return page;
  }

 private:
  Result<HttpResponse> ask(const Cursor& from, const Call& call) {
    return shop_.host.http().send({"GET", "/orders?after=" + from, {}, "", Intent::read}, call);
  }
  Shop& shop_;
  std::size_t handed_ = 0;
};

Plugin plugin() {
  return Plugin("careless", "1.0.0", "Orders, carelessly.")
      .connection<Account, Shop>(account_settings(), credentials::bearer("token"))
      .action<Send, Shop>("send", "Orders one thing.", order_settings(),
                          {.max_batch = 10, .replay = Replay::never, .settles_after = 30s, .effect = Kind::mail})
      .polling<Placed, Shop>("placed", "Orders that were placed.", Settings<Listing>("Orders."));
}

}  // namespace

MILEPOST_PLUGIN(plugin)
