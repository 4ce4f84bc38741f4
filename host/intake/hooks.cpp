#include "host/intake/hooks.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "host/intake/again.hpp"
#include "host/intake/delivery.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"
#include "milepost/http.hpp"

namespace milepost::intake {
namespace {

/// In one delivery. They share one commit: a small body that decodes to very many would hold up everyone else's.
constexpr std::size_t kMostEvents = 1000;

/// How the deliveries to one hook ended, and how long their senders waited.
class Meters {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Meters(const std::string& pipeline) : seconds_("milepost_hook_seconds", {{"pipeline", pipeline}}) {
    for (const char* status : {"accepted", "duplicate", "quarantined", "unavailable", "nothing", "invalid"})
      counters_.emplace_back(
          status, telemetry::Counter("milepost_hooks_total", {{"pipeline", pipeline}, {"status", status}}));
  }
  /// REQUIRES: one of the above.
  void count(std::string_view status, Clock::time_point began) const {
    std::ranges::find(counters_, status, &Named::first)->second.add();
    seconds_.observe(std::chrono::duration<double>(Clock::now() - began).count());
  }

 private:
  using Named = std::pair<std::string_view, telemetry::Counter>;
  std::vector<Named> counters_;
  telemetry::Timer seconds_;
};

/// What one delivery at a time is decoded and mapped with.
struct Desk {
  std::mutex turn;
  WebhookSource* decoder = nullptr;  ///< the hook has it; null: the built-in `webhook`
  expression::Machine machine;
};

/// A hook with what it runs on.
struct Entrance {
  explicit Entrance(Hook given)
      : hook(std::move(given)),
        origin(std::make_shared<const Origin>(
            Origin{hook.pipeline, hook.source, hook.version, hook.plugin, hook.accepted_status, hook.quarantined_status})),
        meters(hook.pipeline),
        desks(hook.decoders.empty() ? kListenerThreads : hook.decoders.size()) {
    for (std::size_t i = 0; i < hook.decoders.size(); ++i) desks[i].decoder = hook.decoders[i].get();
  }
  /// One that is free, or the first when it is.
  std::pair<Desk&, std::unique_lock<std::mutex>> desk() {
    for (auto& each : desks)
      if (std::unique_lock turn(each.turn, std::try_to_lock); turn) return {each, std::move(turn)};
    return {desks.front(), std::unique_lock(desks.front().turn)};
  }
  const Hook hook;
  const std::shared_ptr<const Origin> origin;
  const Meters meters;
  std::vector<Desk> desks;
};
using Table = std::map<std::string, std::shared_ptr<Entrance>>;

void count_refusal(const char* reason) { telemetry::count("milepost_hook_refused_total", {{"reason", reason}}); }

std::string content_type_of(const http::Headers& headers) {
  for (const auto& [name, value] : headers)
    if (same_header(name, "Content-Type")) return value;
  return "";
}

/// The request as a decoder gets it: without the header that carries the secret.
HttpRequest to_request(const http::Incoming& request, const std::string& secret_header) {
  HttpRequest out{
      .method = request.method, .target = request.target, .headers = {}, .body = request.body, .intent = Intent::once};
  for (const auto& header : request.headers)
    if (secret_header.empty() || !same_header(header.first, secret_header)) out.headers.push_back(header);
  return out;
}

/// What the decoder may see again when a person retries the delivery: nothing that proves who sent it.
std::string kept_headers(const HttpHeaders& seen) {
  Json out = Json::array();
  for (const auto& [name, value] : seen)
    if (!same_header(name, "Authorization") && !same_header(name, "Proxy-Authorization") && !same_header(name, "Cookie"))
      out.push_back(Json::array({name, value}));
  return milepost::text(out);
}
http::Headers headers_of(const std::string& kept) {
  const auto json = read_json(kept);
  return json ? detail::to_headers(&*json) : http::Headers{{"Content-Type", "application/json"}};
}

/// "May I deliver here?", of the CloudEvents webhook binding (1.0.2, section 4, read 2026-11). Each delivery is verified all
/// the same.
http::Outgoing permission(const http::Incoming& request) {
  http::Outgoing out{200, {{"Allow", "POST, OPTIONS"}}, ""};
  for (const auto& [name, value] : request.headers)
    if (same_header(name, "WebHook-Request-Origin")) out.headers.emplace_back("WebHook-Allowed-Origin", value);
  out.headers.emplace_back("WebHook-Allowed-Rate", "*");
  return out;
}

/// A decoder's child rests, or ended before it was asked: the delivery can be decoded another time.
bool no_decoder(const Error& error) {
  return error.kind == ErrorKind::rate_limited || error.kind == ErrorKind::cancelled;
}

/// What the source makes of a delivery; unless no_decoder(), an error's message is the reason for which the whole of it is kept raw.
Result<std::vector<Event>> decode(const Hook& hook, WebhookSource* decoder, const http::Incoming& request) {
  if (decoder == nullptr) {
    Event event;
    event.id = hook.verifier.delivery_id(request);
    event.payload = Document(request.body);
    return std::vector<Event>{std::move(event)};
  }
  try {
    auto events = decoder->receive(to_request(request, hook.verifier.secret_header()));
    if (!events) {
      auto error = std::move(events.error());
      if (!no_decoder(error)) error.kind = ErrorKind::permanent;
      error.message = hook.source + ": " + error.message;
      return std::unexpected(std::move(error));
    }
    if (events->size() > kMostEvents)
      return fail(ErrorKind::permanent,
                  hook.source + ": more than " + std::to_string(kMostEvents) + " events in one delivery");
    return events;
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, hook.source + ": the decoder failed: " + error.what());
  } catch (...) {
    return fail(ErrorKind::internal, hook.source + ": the decoder failed");
  }
}

/// Why `accept: validated` turns this event away; "" when it does not.
std::string refusal_of(const journal::NewEvent& event, const Hook& hook, expression::Machine& machine, telemetry::Time now) {
  if (!event.quarantine.empty()) return event.quarantine;
  const auto payload = read_json(event.payload);
  if (!payload) return payload.error().message;
  const Json view = event_view(event, now);
  const expression::Scope scope{.payload = &*payload,
                                .event = &view,
                                .loan = nullptr,
                                .steps = nullptr,
                                .params = nullptr,
                                .link = {},
                                .now = now};
  for (const auto& validation : hook.validations)
    if (auto refusal = validation->refusal(machine, scope); !refusal.empty()) return refusal;
  return "";
}

}  // namespace

struct Hooks::State {
  State(journal::Store& journal, const telemetry::Clock& source) : store(journal), clock(source) {}

  std::shared_ptr<Entrance> find(const std::string& path) const {
    const std::lock_guard guard(mutex);
    const auto found = table->find(path);
    return found == table->end() ? nullptr : found->second;
  }
  std::string refusing() const {
    std::unique_lock lock(mutex);
    const auto ask = refuse;
    lock.unlock();
    return ask ? ask() : "";
  }
  Result<std::vector<journal::NewEvent>> events_of(const Hook& hook, Desk& desk, const http::Incoming& request, telemetry::Time now);

  journal::Store& store;
  const telemetry::Clock& clock;
  mutable std::mutex mutex;
  std::shared_ptr<const Table> table = std::make_shared<Table>();
  std::function<std::string()> refuse;
  std::function<unsigned(const std::string&)> rests = [](const std::string&) { return 0U; };
};

/// The error: no_decoder(). Throws what the store throws when a template asks it for a link. REQUIRES: the desk's turn.
Result<std::vector<journal::NewEvent>> Hooks::State::events_of(const Hook& hook, Desk& desk, const http::Incoming& request,
                                                               telemetry::Time now) {
  const std::string content_type = content_type_of(request.headers);
  auto decoded = decode(hook, desk.decoder, request);
  if (!decoded && no_decoder(decoded.error())) return fail(decoded.error());
  if (!decoded) {
    auto kept = quarantined(hook.pipeline, hook.source, request.body, content_type, decoded.error().message, now);
    kept.headers = kept_headers(to_request(request, hook.verifier.secret_header()).headers);
    return std::vector{std::move(kept)};
  }
  StoreLinks links(store);
  std::vector<journal::NewEvent> events;
  events.reserve(decoded->size());
  for (auto& event : *decoded)
    events.push_back(hook.mapping->map(desk.machine, hook.pipeline, hook.source, std::move(event), content_type, now, links.link()));
  links.check();
  return events;
}

Hooks::Hooks(journal::Store& store, const telemetry::Clock& clock) : state_(std::make_unique<State>(store, clock)) {}
Hooks::~Hooks() = default;

namespace {

void put(Table& table, std::vector<Hook> hooks) {
  for (auto& hook : hooks) {
    auto path = hook.path;
    table.insert_or_assign(std::move(path), std::make_shared<Entrance>(std::move(hook)));
  }
}

}  // namespace

void Hooks::deploy(std::vector<Hook> hooks) {
  auto table = std::make_shared<Table>();
  put(*table, std::move(hooks));
  std::shared_ptr<const Table> before = std::move(table);
  const std::lock_guard guard(state_->mutex);
  state_->table.swap(before);  // which goes without the lock: decoders may take their time
}

void Hooks::replace(const std::set<std::string>& pipelines, std::vector<Hook> hooks) {
  std::shared_ptr<const Table> before;
  const std::lock_guard guard(state_->mutex);
  auto table = std::make_shared<Table>(*state_->table);
  std::erase_if(*table, [&](const auto& one) { return pipelines.contains(one.second->hook.pipeline); });
  put(*table, std::move(hooks));
  before = std::exchange(state_->table, std::move(table));
}

void Hooks::refuse_while(std::function<std::string()> reason) {
  const std::lock_guard guard(state_->mutex);
  state_->refuse = std::move(reason);
}

void Hooks::rest_senders(std::function<unsigned(const std::string&)> rests) { state_->rests = std::move(rests); }

Result<journal::NewEvent> Hooks::map_again(const journal::Event& event, const std::string& payload) const {
  std::shared_ptr<Entrance> entrance;
  {
    const std::lock_guard guard(state_->mutex);
    for (const auto& [path, one] : *state_->table)
      if (!entrance && one->hook.pipeline == event.pipeline && one->hook.source == event.source) entrance = one;
  }
  if (!entrance) return fail(ErrorKind::permanent, "the pipeline " + event.pipeline + " has no webhook source " + event.source + " that runs");
  const auto [desk, turn] = entrance->desk();
  http::Incoming request;
  request.method = "POST";
  request.target = request.path = entrance->hook.path;
  request.headers = headers_of(state_->store.headers(event.sequence));
  const auto decode_again = [&, decoder = desk.decoder](const std::string& body) {
    request.body = body;
    return decode(entrance->hook, decoder, request);
  };
  return intake::map_again(state_->store, event, payload, *entrance->hook.mapping, desk.machine,
                           content_type_of(request.headers), state_->clock.now(), decode_again);
}

http::Admission Hooks::admit(const http::Incoming& head) const {
  const auto entrance = state_->find(head.path);
  if (!entrance) {
    count_refusal("no_hook");
    return {404, "Not Found", "There is no hook at this path.", 0, {}};
  }
  if (head.method != "POST" && !(head.method == "OPTIONS" && entrance->hook.handshake)) {
    count_refusal("method");
    return {405, "Method Not Allowed", "Deliveries are sent by POST.", 0, {{"Allow", "POST"}}};
  }
  for (const auto& [name, value] : head.headers) {
    if (!same_header(name, "Content-Encoding") || same_header(value, "identity")) continue;
    count_refusal("encoding");
    return {415,
            "Unsupported Media Type",
            "The signature is over the bytes as they are sent: send them without Content-Encoding.",
            0,
            {{"Accept-Encoding", "identity"}}};
  }
  return {0, "", "", entrance->hook.body_limit, {}};
}

void Hooks::handle(http::Incoming&& request, http::Responder respond) {
  const auto entrance = state_->find(request.path);
  if (!entrance) return respond(http::problem(404, "Not Found", "There is no hook at this path."));
  const Hook& hook = entrance->hook;
  if (request.method == "OPTIONS") return respond(permission(request));
  const auto meter = [entrance, began = Meters::Clock::now()](std::string_view status) {
    entrance->meters.count(status, began);
  };

  if (const auto reason = state_->refusing(); !reason.empty()) {
    count_refusal("unavailable");
    meter("unavailable");
    return respond(unavailable(reason));
  }

  const auto now = state_->clock.now();
  if (const auto refusal = hook.verifier.refusal(request, now); !refusal.empty()) {
    count_refusal("unverified");
    telemetry::log(telemetry::Level::warn, "webhook.refused",
                   {{"pipeline", hook.pipeline}, {"path", hook.path}, {"peer", request.peer}, {"reason", refusal}});
    // The reason is for the log: a stranger learns nothing from the answer.
    auto out = http::problem(401, "Unauthorized", "The delivery could not be verified.");
    out.headers.emplace_back("WWW-Authenticate", hook.verifier.challenge());
    return respond(std::move(out));
  }

  auto [desk, turn] = entrance->desk();
  std::vector<journal::NewEvent> events;
  try {
    auto decoded = state_->events_of(hook, desk, request, now);
    if (!decoded) {
      telemetry::log(telemetry::Level::warn, "webhook.no_decoder",
                     {{"pipeline", hook.pipeline}, {"error", decoded.error().message}});
      meter("unavailable");
      return respond(unavailable("Its decoder is being started again. Send the delivery again."));
    }
    events = std::move(*decoded);
  } catch (const std::exception& error) {
    telemetry::log(telemetry::Level::error, "webhook.not_stored",
                   {{"pipeline", hook.pipeline}, {"error", error.what()}});
    meter("unavailable");
    return respond(unavailable("The store could not be read. Send the delivery again."));
  }
  if (events.empty()) {
    meter("nothing");
    return respond({204, {}, ""});
  }
  if (!hook.validations.empty()) {
    for (const auto& event : events) {
      const auto refusal = refusal_of(event, hook, desk.machine, now);
      if (refusal.empty()) continue;
      count_refusal("invalid");
      meter("invalid");
      return respond(http::problem(422, "Unprocessable Content", refusal));
    }
  }
  turn.unlock();

  auto delivery = std::make_shared<Delivery>(entrance->origin, std::move(events), now, state_->rests(hook.pipeline));
  Delivery::submit(std::move(delivery), state_->store, std::move(respond), meter);
}

}  // namespace milepost::intake
