#include "host/plugins/scope.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "host/config/timetable.hpp"
#include "host/journal/store.hpp"
#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostHead = 1u << 20;
constexpr std::size_t kMostBody = 32u << 20;
constexpr std::size_t kMostParts = 8;

constexpr std::size_t kMostFields = 12;
constexpr std::size_t kMostEventName = 64;
constexpr std::size_t kMostFieldName = 32;
constexpr std::size_t kMostFieldValue = 1024;

constexpr std::size_t kMostSeries = 200;
constexpr std::size_t kMostLabels = 6;

constexpr std::size_t kMostKey = 256;
constexpr std::size_t kMostValue = 64u << 10;

/// [a-z][a-z0-9_]*
bool plain_name(std::string_view name, std::size_t most) {
  if (name.empty() || name.size() > most || name.front() < 'a' || name.front() > 'z') return false;
  return std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// At most `most` bytes, not cutting a character of UTF-8 in two.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
  return text + "…";
}

std::string replaced(std::string text, std::string_view what) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += 3) text.replace(at, what.size(), "***");
  return text;
}

telemetry::Level level_of(std::string_view name) {
  using telemetry::Level;
  return name == "debug" ? Level::debug : name == "warn" ? Level::warn : name == "error" ? Level::error : Level::info;
}

/// telemetry::log takes its fields as a list that is written down; here their number is known at run time only.
using Fields = std::array<telemetry::Field, kMostFields + 2>;
template <std::size_t... I>
void log_first(std::index_sequence<I...>, telemetry::Level level, const std::string& event, const Fields& fields) {
  telemetry::log(level, event, {fields[I]...});
}
template <std::size_t N = kMostFields + 2>
void log_fields(std::size_t count, telemetry::Level level, const std::string& event, const Fields& fields) {
  if (count == N) return log_first(std::make_index_sequence<N>(), level, event, fields);
  if constexpr (N > 0) log_fields<N - 1>(count, level, event, fields);
}

/// The clock's answer, without the brace that ends it.
std::string now_head(telemetry::Time now) { return R"({"us":)" + std::to_string(telemetry::to_micros(now)); }

void emit(const mp_reply* reply, std::uint32_t kind, std::string_view head, std::string_view body) {
  if (reply == nullptr || reply->emit == nullptr) return;
  const mp_bytes parts[] = {detail::bytes(head), detail::bytes(body)};
  reply->emit(reply->self, 0, kind, parts, 2);
}

}  // namespace

Scope::Scope(Names names, const Services& services, std::optional<Outgoing> outgoing)
    : names_(std::move(names)), services_(services), outgoing_(std::move(outgoing)) {
  table_.size = sizeof table_;
  table_.self = this;
  table_.call = &Scope::serve;
}

std::string Scope::redacted(std::string text) const {
  if (!outgoing_ || !outgoing_->signer) return text;
  constexpr std::size_t kShortest = 4;  // a password of three letters is hidden where it stands alone, not inside words
  for (const auto& hidden : outgoing_->signer->hidden()) {
    if (hidden.empty()) continue;
    if (text == hidden) return "***";
    if (hidden.size() >= kShortest) text = replaced(std::move(text), hidden);
  }
  return text;
}

std::int32_t Scope::serve(void* self, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                          const mp_reply* reply) noexcept {
  if (self == nullptr || op < MP_HOST_LOG || op > MP_HOST_STATE_PUT) return MP_UNSUPPORTED;
  auto& scope = *static_cast<Scope*>(self);
  try {
    if (reply != nullptr && reply->size < sizeof(mp_reply)) {
      telemetry::log(telemetry::Level::warn, "plugin.misuse",
                     {{"plugin", scope.names_.plugin},
                      {"error", "a service was called with an mp_reply of " + std::to_string(reply->size) +
                                    " bytes, ABI 1 needs " + std::to_string(sizeof(mp_reply))}});
      return MP_UNSUPPORTED;
    }
    const auto broken = [&](const std::string& what) {
      const Error error{ErrorKind::internal, "a service was called with " + what, scope.names_.plugin, std::nullopt};
      telemetry::log(telemetry::Level::warn, "plugin.misuse",
                     {{"plugin", scope.names_.plugin}, {"error", error.message}});
      emit(reply, MP_ERROR, text(detail::to_json(error)), {});
      return static_cast<std::int32_t>(MP_DONE);
    };
    if (parts == nullptr || n == 0 || n > kMostParts) return broken("no parts, or too many");
    for (std::size_t i = 0; i < n; ++i)
      if (parts[i].data == nullptr && parts[i].size > 0) return broken("a null pointer that has a size");
    if (parts[0].size > kMostHead || (n > 1 && parts[1].size > kMostBody))
      return broken("more bytes than the host takes");
    if (op == MP_HOST_METRIC && scope.tell_again(detail::view(parts[0]))) {
      emit(reply, MP_ITEM, "{}", {});
      return MP_DONE;
    }
    if (op == MP_HOST_CLOCK && detail::view(parts[0]) == "{}") {
      emit(reply, MP_ITEM, now_head(scope.services_.clock->now()) + '}', {});
      return MP_DONE;
    }
    auto head = detail::read_head(detail::view(parts[0]));
    if (!head || !head->is_object()) return broken("a head that is no JSON object");

    const Request request{op, HostCall::from(call), std::move(*head),
                          n > 1 ? detail::view(parts[1]) : std::string_view(), detail::view(parts[0])};
    if (op >= MP_HOST_HTTP && request.call == nullptr)
      return broken("an mp_call that is none of the host's, or is over");
    if (op == MP_HOST_HTTP && !request.call->lends_http())
      return broken("a request while an instance is made: the network begins with open");
    const auto answer = scope.answer(request);
    if (answer)
      emit(reply, MP_ITEM, answer->head, answer->body);
    else
      emit(reply, MP_ERROR, text(detail::to_json(answer.error())), {});
    return MP_DONE;
  } catch (...) {  // out of memory: the plugin sees a service that gave nothing
    auto* under_way = op == MP_HOST_HTTP ? HostCall::from(call) : nullptr;
    if (under_way != nullptr) under_way->write_left();
    return MP_DONE;
  }
}

Result<Scope::Reply> Scope::answer(const Request& request) {
  switch (request.op) {
    case MP_HOST_LOG:
      log(request.head);
      return Reply{};
    case MP_HOST_METRIC:
      metric(request);
      return Reply{};
    case MP_HOST_CLOCK:
      return clock(request.head);
    case MP_HOST_HTTP:
      return send(request);
    case MP_HOST_STATE_GET:
      return state_get(request.head);
    default:
      return state_put(request.head, request.body);
  }
}

void Scope::log(const Json& head) const {
  const auto level = level_of(get<std::string>(head, "/level").value_or("info"));
  const auto event = cut(redacted(get<std::string>(head, "/event").value_or("unnamed")), kMostEventName);
  std::vector<std::string> keys;  // telemetry borrows them
  keys.reserve(kMostFields);
  Fields fields;
  std::size_t count = 0;
  fields[count++] = {"plugin", names_.plugin};
  if (!names_.connection.empty()) fields[count++] = {"connection", names_.connection};
  const Json* given = find(head, "/fields");
  if (given != nullptr && given->is_object()) {
    for (const auto& [key, value] : given->items()) {
      if (keys.size() == kMostFields) break;
      if (key == "plugin" || key == "connection") continue;  // the host says who speaks
      keys.push_back(cut(redacted(key), kMostFieldName));
      fields[count++] = {keys.back(),
                         cut(redacted(value.is_string() ? value.get<std::string>() : text(value)), kMostFieldValue)};
    }
  }
  log_fields(count, level, event, fields);
}

namespace {

/// A metric's head in two: what names the series, and its value. nullopt: the value does not stand last, or is none.
std::optional<std::pair<std::string_view, double>> parted(std::string_view head) {
  constexpr std::string_view kValue = R"(,"value":)";  // within a text its quotes would be escaped
  const auto at = head.rfind(kValue);
  if (at == head.npos || !head.ends_with('}')) return std::nullopt;
  const auto number = head.substr(at + kValue.size(), head.size() - at - kValue.size() - 1);
  double value = 0;
  const auto [stop, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (fault != std::errc() || stop != number.data() + number.size() || !std::isfinite(value) || value < 0) return std::nullopt;
  return std::pair(head.substr(0, at), value);
}

void tell(const telemetry::Counter& counter, double value) { counter.add(value); }
void tell(const telemetry::Timer& timer, double value) { timer.observe(value); }

}  // namespace

/// A plugin tells of the same for event after event.
bool Scope::tell_again(std::string_view head) {
  const auto parts = parted(head);
  if (!parts) return false;
  const std::lock_guard held(mutex_);
  const auto known = told_.find(parts->first);
  if (known == told_.end()) return false;
  std::visit([&](const auto& series) { tell(series, parts->second); }, known->second);
  return true;
}

void Scope::metric(const Request& request) {
  const Json& head = request.head;
  const auto kind = get<std::string>(head, "/kind").value_or("");
  const auto name = get<std::string>(head, "/name").value_or("");
  const double value = get<double>(head, "/value").value_or(-1);
  const bool seconds = kind == "seconds";
  // What is malformed is left out: a metric must not fail a delivery.
  if ((!seconds && kind != "count") || !plain_name(name, 64) || !std::isfinite(value) || value < 0) return;
  telemetry::Labels labels;
  const Json* given = find(head, "/labels");
  if (given != nullptr && given->is_object())
    for (const auto& [key, label] : given->items())
      if (labels.size() < kMostLabels && plain_name(key, 32))
        labels[key] = cut(redacted(label.is_string() ? label.get<std::string>() : text(label)), 64);
  labels["plugin"] = names_.plugin;
  if (!names_.connection.empty()) labels["connection"] = names_.connection;

  // The suffix keeps a counter and a timer of one name apart.
  const std::string_view suffix = seconds ? "_seconds" : "_total";
  const std::string full =
      "milepost_plugin_" + name + std::string(name.ends_with(suffix) ? std::string_view() : suffix);
  {
    std::string series = full;
    for (const auto& [key, label] : labels) series += '\n' + key + '=' + label;
    const std::lock_guard held(mutex_);
    if (!series_.contains(series)) {
      if (series_.size() == kMostSeries) return;
      series_.insert(std::move(series));
      if (series_.size() == kMostSeries)
        telemetry::log(telemetry::Level::warn, "plugin.metrics_bounded",
                       {{"plugin", names_.plugin}, {"series", std::to_string(kMostSeries)}});
    }
  }
  const Series series = seconds ? Series(telemetry::Timer(full, labels)) : Series(telemetry::Counter(full, labels));
  std::visit([&](const auto& one) { tell(one, value); }, series);
  const std::lock_guard held(mutex_);
  if (const auto parts = parted(request.text); parts && told_.size() < kMostSeries) told_.emplace(parts->first, series);
}

namespace {

Result<std::string> state_key(const Json& head) {
  auto key = get<std::string>(head, "/key");
  if (!key) return key;
  if (key->empty() || key->size() > kMostKey)
    return fail(ErrorKind::permanent,
                "a key of the plugin's state has 1 to 256 bytes, this one " + std::to_string(key->size()));
  return key;
}

}  // namespace

Scope::Reply Scope::versioned(std::uint64_t version, std::string value) { return {R"({"version":)" + std::to_string(version) + '}', std::move(value)}; }

Result<Scope::Reply> Scope::clock(const Json& head) const {
  const auto now = services_.clock->now();
  auto answer = now_head(now);
  if (const auto name = get<std::string>(head, "/zone"); name && !name->empty()) {
    const auto zone = config::Zone::find(*name);
    if (!zone) return fail(zone.error());
    answer += R"(,"midnight_us":)" + std::to_string(telemetry::to_micros(zone->next_midnight(now)));
  }
  return Reply{answer + '}'};
}

Result<Scope::Reply> Scope::state_get(const Json& head) {
  const auto key = state_key(head);
  if (!key) return fail(key.error());
  if (services_.store != nullptr) {
    auto item = services_.store->state(names_.state, *key);
    if (!item) return versioned(0);
    return versioned(item->version, std::move(item->value));
  }
  const std::lock_guard held(mutex_);
  const auto found = kept_.find(*key);
  if (found == kept_.end()) return versioned(0);
  return versioned(found->second.version, found->second.value);
}

Result<Scope::Reply> Scope::state_put(const Json& head, std::string_view value) {
  const auto key = state_key(head);
  if (!key) return fail(key.error());
  const auto expected = get<std::uint64_t>(head, "/expected");
  if (!expected) return fail(expected.error());
  const bool erase = get<std::optional<bool>>(head, "/delete").value_or(false).value_or(false);
  if (value.size() > kMostValue)
    return fail(ErrorKind::permanent, "a value of the plugin's state has at most 64 KiB, this one " +
                                          std::to_string(value.size()) + " bytes");
  bool stored = false;
  if (services_.store != nullptr) {
    const auto text = erase ? std::nullopt : std::optional(std::string(value));
    auto done = services_.store->run(
        [&](journal::Writer& writer) { stored = writer.put_state(names_.state, *key, text, *expected); });
    if (!done) return fail(done.error());
    return Reply{stored ? R"({"stored":true})" : R"({"stored":false})"};
  }
  const std::lock_guard held(mutex_);
  const auto found = kept_.find(*key);
  stored = (found == kept_.end() ? 0 : found->second.version) == *expected;
  if (stored && erase) kept_.erase(*key);
  if (stored && !erase) kept_[*key] = {std::string(value), ++versions_};
  return Reply{stored ? R"({"stored":true})" : R"({"stored":false})"};
}

}  // namespace milepost::plugins
