// Sound, but for what it is told to do: the misdeeds that isolation is for.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
  std::string at_open;
};
struct Order {
  std::string deed, text;
};

struct Orders : Connection {
  Orders(Account given, Host lent) : account(std::move(given)), host(lent) {}
  Status open(const Call& call) override {
    ++opened;
    if (account.at_open == "look") {
      const auto answer = host.http().send({.method = "GET", .target = "/ping", .intent = Intent::read}, call);
      if (!answer) return fail(answer.error());
    }
    return {};
  }
  Account account;
  Host host;
  int opened = 0;
};

const char* yes(bool holds) { return holds ? "yes" : "no"; }

class Act : public SingleAction {
 public:
  Act(Orders& orders, Host) : orders_(orders), host_(orders.host) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    const auto word = [&](const char* key) { return get<std::string>(delivery.with, key).value_or(""); };
    const auto deed = word("/deed");
    if (deed == "crash after") {
      if (auto sent = order(delivery, call); !sent) return sent;
    }
    // No null pointer, which a sanitizer would tell of before the processor does.
    int* volatile nowhere = reinterpret_cast<int*>(16);
    if (deed.starts_with("crash")) *nowhere = 1;
    if (deed == "abort") std::fputs("wild: this cannot be\n", stderr), std::abort();
    if (deed == "exit") std::exit(7);
    if (deed == "overflow") return Answer{Answer::Effect::created, {{"depth", deeper(1)}}};
    if (deed == "hang")
      for (;;) ::pause();
    if (deed == "spin")
      for (volatile unsigned long n = 0;;) n = n + 1;
    if (deed == "eat") return eat();
    if (deed == "files") return files();
    if (deed == "kill the host")
      return Answer{Answer::Effect::created, {{"killed", yes(::kill(::getppid(), SIGTERM) == 0)}}};
    if (deed == "look around") return look_around(word("/text"));
    if (deed == "wait until stopped") {
      while (!call.stopped()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return fail(ErrorKind::cancelled, "stopped");
    }
    if (deed == "say")
      return Answer{Answer::Effect::created,
                    {{"left_ms", call.left().count()},
                     {"attempt", call.attempt()},
                     {"opened", orders_.opened},
                     {"process", ::getpid()},
                     {"now_us", host_.clock().now().time_since_epoch().count()}}};
    return order(delivery, call);
  }

 private:
  Result<Answer> order(const Delivery& delivery, const Call& call) {
    const auto text = get<std::string>(delivery.with, "/text").value_or("");
    const auto answer = host_.http().send_json(
        "POST", "/orders", {{"key", delivery.idempotency_key}, {"text", text}, {"event", delivery.event->id}},
        Intent::once, call);
    if (!answer) return fail(answer.error());
    return Answer{Answer::Effect::created, {{"answer", answer->body}}};
  }
  static long deeper(long depth) {
    volatile char room[4096] = {};
    room[0] = static_cast<char>(depth);
    return depth == 0 ? 0 : deeper(depth + 1) + room[0];
  }
  static Result<Answer> eat() {
    std::vector<std::unique_ptr<char[]>> eaten;
    try {
      for (;;) eaten.push_back(std::make_unique<char[]>(16u << 20));
    } catch (const std::bad_alloc&) {
      const auto size = eaten.size();
      eaten.clear();
      return fail(ErrorKind::permanent, "no more memory after " + std::to_string(16 * size) + " MiB");
    }
  }
  static Result<Answer> files() {
    std::vector<int> open;
    for (int fd = 0; open.size() < 10'000 && (fd = ::dup(1)) >= 0;) open.push_back(fd);
    for (const int fd : open) ::close(fd);
    return Answer{Answer::Effect::created, {{"opened", open.size()}}};
  }
  /// What it can reach of the machine.
  static Result<Answer> look_around(const std::string& folder) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0), local = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    if (child > 0) ::waitpid(child, nullptr, 0);
    const bool wrote = bool(std::ofstream(folder + "/written") << "x" << std::flush);
    const bool read = bool(std::ifstream(folder + "/secrets.yaml"));
    const bool zones = bool(std::ifstream("/etc/hostname")) || bool(std::ifstream("/etc/passwd"));
    const char* secret = std::getenv("WILD_SECRET");
    return Answer{Answer::Effect::created,
                  {{"internet", yes(socket >= 0)},
                   {"unix", yes(local >= 0)},
                   {"fork", yes(child >= 0)},
                   {"wrote", yes(wrote)},
                   {"read", yes(read)},
                   {"system", yes(zones)},
                   {"environment", yes(secret != nullptr)}}};
  }

  Orders& orders_;
  Host host_;
};

struct HookSettings {
  std::string type;
};

/// An event for each delivery that is no deed.
class Hook : public WebhookSource {
 public:
  Hook(HookSettings settings, Host) : settings_(std::move(settings)) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override {
    const auto has = [&](const char* word) { return request.body.find(word) != request.body.npos; };
    if (has("crash the decoder")) std::abort();
    if (has("hang the decoder"))
      for (;;) ::pause();
    if (has("busy")) return fail(ErrorKind::rate_limited, "ask me another time");
    Event event;
    event.type = settings_.type;
    event.actor = std::to_string(::getpid());
    event.payload = Document(request.body);
    return std::vector{std::move(event)};
  }

 private:
  HookSettings settings_;
};

struct FeedSettings {
  std::string deed;
};

/// Brings nothing, or does not come back.
class Feed : public PollingSource {
 public:
  Feed(FeedSettings settings, Orders&, Host) : settings_(std::move(settings)) {}
  Result<Page> poll(const Cursor& after, std::size_t, const Call&) override {
    if (settings_.deed == "hang")
      for (;;) ::pause();
    return Page{{}, after};
  }

 private:
  FeedSettings settings_;
};

Plugin plugin() {
  return Plugin("wild", "0.1.0", "Misbehaves on demand.")
      .connection<Account, Orders>(Settings<Account>("An account.")
                                       .required("base_url", &Account::base_url, "Where the vendor answers.")
                                       .optional("at_open", &Account::at_open, "", "What open() does."),
                                   credentials::none())
      .action<Act, Orders>("act", "Does what it is told.",
                           Settings<Order>("A deed.")
                               .optional("deed", &Order::deed, "", "What to do.")
                               .optional("text", &Order::text, "", "More."),
                           {.replay = Replay::with_key, .key_lifetime = std::chrono::hours(24), .effect = Kind::other})
      .polling<Feed, Orders>("feed", "Brings nothing.", Settings<FeedSettings>("A feed.").optional("deed", &FeedSettings::deed, "", "What to do."))
      .webhook<Hook>("hook", "Takes anything.",
                     Settings<HookSettings>("A hook.").optional("type", &HookSettings::type, "deed", "Of the events."));
}

}  // namespace

MILEPOST_PLUGIN(plugin)
