// What the host lends a plugin: a value over the C table, so fakes implement the table. Every method is [any], and blocks at most until
// the call's deadline. All network I/O and every look at the clock goes through here.
#pragma once

#include <chrono>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "milepost/abi.h"
#include "milepost/event.hpp"
#include "milepost/http.hpp"
#include "milepost/json.hpp"

namespace milepost {

/// Passed to everything that may wait, services too. Borrowed for the length of the call.
class Call {
 public:
  explicit Call(const mp_call* raw) : raw_(raw) {}
  /// Return `cancelled` within 1 s of it.
  bool stopped() const { return raw_ != nullptr && raw_->stopped != nullptr && raw_->stopped(raw_) != 0; }
  /// To the deadline, by the host's clock; zero or less: it has passed.
  std::chrono::milliseconds left() const {
    return std::chrono::milliseconds(raw_ != nullptr && raw_->left_ms != nullptr ? raw_->left_ms(raw_) : 10'000);
  }
  /// 1 on the first try.
  unsigned attempt() const { return raw_ != nullptr ? raw_->attempt : 1; }
  const mp_call* raw() const { return raw_; }

 private:
  const mp_call* raw_;
};

namespace detail {

inline mp_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(const mp_bytes& bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes.data), bytes.size);
}

inline Json to_json(const Error& error) {
  Json out{{"kind", name(error.kind)}, {"message", error.message}};
  if (!error.origin.empty()) out["origin"] = error.origin;
  if (error.retry_after) out["retry_after_ms"] = error.retry_after->count();
  return out;
}
inline Error to_error(const Json& json) {
  Error error;
  error.message = "an error without a message";
  if (auto kind = get<std::string>(json, "/kind"); kind && error_kind(*kind)) error.kind = *error_kind(*kind);
  if (auto message = get<std::string>(json, "/message")) error.message = std::move(*message);
  if (auto origin = get<std::string>(json, "/origin")) error.origin = std::move(*origin);
  if (auto wait = get<std::int64_t>(json, "/retry_after_ms"); wait && *wait >= 0)
    error.retry_after = std::chrono::milliseconds(std::min<std::int64_t>(*wait, 7LL * 86'400'000));
  return error;
}

/// What the other side emitted, copied.
struct Emitted {
  std::uint32_t index = 0;
  std::uint32_t kind = 0;
  std::vector<std::string> parts;
  std::string_view part(std::size_t i) const { return i < parts.size() ? std::string_view(parts[i]) : std::string_view(); }
};

/// What a broken callee can at most make us hold.
struct Bounds {
  std::size_t items = 100'000;
  std::size_t bytes = 64u << 20;  ///< of all parts together
  std::size_t parts = 8;          ///< of one item
};

struct Outcome {
  std::int32_t status = MP_UNSUPPORTED;
  std::vector<Emitted> items;
  std::string fault;  ///< how the callee broke the rules of emitting; then what is gathered is incomplete
};

/// Calls across the boundary and gathers what is emitted. Nothing that the callee emits makes this throw or read astray.
inline Outcome cross(mp_call_fn function, void* self, std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts,
                     const Bounds& bounds = {}) {
  struct Gather {
    const Bounds& bounds;
    std::vector<Emitted> items;
    std::string fault;
    std::size_t bytes = 0;

    void take(std::uint32_t index, std::uint32_t kind, const mp_bytes* out, std::size_t n) {
      if (!fault.empty()) return;
      if (items.size() >= bounds.items) return broken("more than " + std::to_string(bounds.items) + " items");
      if (n > bounds.parts) return broken("an item of " + std::to_string(n) + " parts");
      if (n > 0 && out == nullptr) return broken("parts at a null pointer");
      Emitted item{index, kind, {}};
      for (std::size_t i = 0; i < n; ++i) {
        if (out[i].size > 0 && out[i].data == nullptr) return broken(std::to_string(out[i].size) + " bytes at a null pointer");
        if (out[i].size > bounds.bytes - bytes) return broken("more than " + std::to_string(bounds.bytes) + " bytes");
        bytes += out[i].size;
        item.parts.emplace_back(view(out[i]));
      }
      items.push_back(std::move(item));
    }
    void broken(std::string what) { fault = std::move(what); }
  } gather{bounds, {}, {}};
  mp_reply reply{};
  reply.size = sizeof reply;
  reply.self = &gather;
  reply.emit = [](void* to, std::uint32_t index, std::uint32_t kind, const mp_bytes* out, std::size_t n) {
    auto& into = *static_cast<Gather*>(to);
    try {  // nothing may be thrown through the callee's frames
      into.take(index, kind, out, n);
    } catch (...) {
      into.fault.assign("out of memory");  // fits a string without an allocation
    }
  };
  Outcome outcome;
  outcome.status = function(self, op, call, parts.data(), parts.size(), &reply);
  outcome.items = std::move(gather.items);
  outcome.fault = std::move(gather.fault);
  return outcome;
}

/// A head wraps what may itself be nested to the limit: settings, a body.
inline Result<Json> read_head(std::string_view source) { return read_json(source, {.depth = JsonLimits{}.depth + 8}); }

inline HttpHeaders to_headers(const Json* json) {
  HttpHeaders headers;
  if (json == nullptr || !json->is_array()) return headers;
  for (const auto& pair : *json)
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string())
      headers.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  return headers;
}
/// [["Name", "value"], …]
inline void append(std::string& out, const HttpHeaders& headers) {
  out += '[';
  for (const auto& [key, value] : headers) {
    out += out.back() == '[' ? "[" : ",[";
    append_quoted(out, key);
    out += ',';
    append_quoted(out, value);
    out += ']';
  }
  out += ']';
}
inline Json to_json(const HttpHeaders& headers) {
  Json out = Json::array();
  for (const auto& [key, value] : headers) out.push_back(Json::array({key, value}));
  return out;
}
/// What open_head() wrote and a brace ended; nullopt: it is for read_head().
inline std::optional<HttpRequest> scan_request(std::string_view head) {
  HeadScan scan(head);
  const auto text = [&scan](std::string_view before) { return scan.take(before) ? scan.text() : std::nullopt; };
  const auto method = text(R"({"method":)"), target = text(R"(,"target":)");
  if (!method || !target || !scan.take(R"(,"headers":[)")) return std::nullopt;
  HttpRequest request;
  request.method = *method;
  request.target = *target;
  while (!scan.take("]}")) {
    const auto name = text(request.headers.empty() ? "[" : ",["), value = text(",");
    if (!name || !value || !scan.take("]")) return std::nullopt;
    request.headers.emplace_back(*name, *value);
  }
  if (!scan.done()) return std::nullopt;
  return request;
}
/// The head of a request as it crosses, without the brace that ends it.
inline std::string open_head(const HttpRequest& request) {
  std::string out = R"({"method":)";
  append_quoted(out, request.method);
  out += R"(,"target":)";
  append_quoted(out, request.target);
  out += R"(,"headers":)";
  append(out, request.headers);
  return out;
}

}  // namespace detail

/// Log lines: an event name and fields. The host adds pipeline, step and event id. No secret, no borrower's data.
class Logger {
 public:
  explicit Logger(const mp_host* host) : host_(host) {}
  void debug(std::string_view event, Json fields = Json::object()) const { write("debug", event, std::move(fields)); }
  void info(std::string_view event, Json fields = Json::object()) const { write("info", event, std::move(fields)); }
  void warn(std::string_view event, Json fields = Json::object()) const { write("warn", event, std::move(fields)); }
  void error(std::string_view event, Json fields = Json::object()) const { write("error", event, std::move(fields)); }

 private:
  void write(std::string_view level, std::string_view event, Json fields) const {
    const std::string head = text(Json{{"level", level}, {"event", event}, {"fields", std::move(fields)}});
    const mp_bytes part = detail::bytes(head);
    host_->call(host_->self, MP_HOST_LOG, nullptr, &part, 1, nullptr);
  }
  const mp_host* host_;
};

/// Counters and timers; the host adds plugin and connection as labels.
class Metrics {
 public:
  /// Name and value of each, as `{{"kind", kind}}`.
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  explicit Metrics(const mp_host* host) : host_(host) {}
  void count(std::string_view name, double by = 1, Labels labels = {}) const { write("count", name, by, labels); }
  void seconds(std::string_view name, double value, Labels labels = {}) const { write("seconds", name, value, labels); }

 private:
  void write(std::string_view kind, std::string_view name, double value, Labels labels) const {
    std::string head;
    head.reserve(192);
    head += R"({"kind":)";
    detail::append_quoted(head, kind);
    head += R"(,"name":)";
    detail::append_quoted(head, name);
    head += R"(,"labels":{)";
    for (const auto& [label, its] : labels) {
      if (head.back() != '{') head += ',';
      detail::append_quoted(head, label);
      head += ':';
      detail::append_quoted(head, its);
    }
    head += R"(},"value":)";  // last: the host knows a series again by what stands before it
    detail::write(head, value == std::trunc(value) && std::abs(value) < 1e15 ? Json(static_cast<std::int64_t>(value)) : Json(value));
    head += '}';
    const mp_bytes part = detail::bytes(head);
    host_->call(host_->self, MP_HOST_METRIC, nullptr, &part, 1, nullptr);
  }
  const mp_host* host_;
};

/// The only source of time.
class Clock {
 public:
  explicit Clock(const mp_host* host) : host_(host) {}
  Time now() const {
    const auto outcome = detail::cross(host_->call, host_->self, MP_HOST_CLOCK, nullptr, {detail::bytes("{}")});
    if (outcome.items.empty()) return Time{};
    const auto head = read_json(outcome.items[0].part(0));
    return Time(std::chrono::microseconds(head ? get<std::int64_t>(*head, "/us").value_or(0) : 0));
  }
  /// When the next day begins in a zone ("America/New_York"), by the host's rules of zones. `permanent`: there is no such zone;
  /// `internal`: the host is older than this service.
  Result<Time> next_midnight(const std::string& zone) const {
    const std::string head = text(Json{{"zone", zone}});
    const auto outcome = detail::cross(host_->call, host_->self, MP_HOST_CLOCK, nullptr, {detail::bytes(head)});
    const auto answer = outcome.items.empty() ? Result<Json>(Json()) : read_json(outcome.items[0].part(0));
    if (answer && outcome.items.size() == 1 && outcome.items[0].kind == MP_ERROR) return fail(detail::to_error(*answer));
    const auto us = answer ? get<std::int64_t>(*answer, "/midnight_us") : fail(ErrorKind::internal, "");
    if (!us) return fail(ErrorKind::internal, "the host knows no zones: it is older than this plugin's SDK");
    return Time(std::chrono::microseconds(*us));
  }

 private:
  const mp_host* host_;
};

/// Requests to the vendor. The host adds credentials, keeps connections alive, bounds time and size, and refuses private addresses
/// unless the connection allows them. Redirects are not followed: a 3xx is an answer.
class HttpClient {
 public:
  explicit HttpClient(const mp_host* host) : host_(host) {}
  /// An Error means that no answer was received; its kind follows from request.intent. Any status is an answer: see classify().
  Result<HttpResponse> send(const HttpRequest& request, const Call& call) const {
    const std::string head = detail::open_head(request).append(R"(,"intent":")").append(name(request.intent)).append("\"}");
    const auto outcome = detail::cross(host_->call, host_->self, MP_HOST_HTTP, call.raw(),
                                       {detail::bytes(head), detail::bytes(request.body)});
    if (!outcome.fault.empty()) return fail(ErrorKind::internal, "the host's HTTP answer cannot be taken: " + outcome.fault);
    if (outcome.status != MP_DONE || outcome.items.empty()) return fail(ErrorKind::internal, "the host offers no HTTP here");
    const auto& item = outcome.items[0];
    auto answer = read_json(item.part(0));
    if (!answer) return fail(ErrorKind::internal, "the host's HTTP answer cannot be read");
    if (item.kind == MP_ERROR) return fail(detail::to_error(*answer));
    HttpResponse response;
    response.status = get<int>(*answer, "/status").value_or(0);
    response.headers = detail::to_headers(find(*answer, "/headers"));
    response.body = std::string(item.part(1));
    return response;
  }
  /// The same with a JSON body, and the answer classified: an Error for everything but 2xx.
  Result<HttpResponse> send_json(std::string method, std::string target, const Json& body, Intent intent, const Call& call,
                                 HttpHeaders headers = {}) const {
    headers.emplace_back("Content-Type", "application/json");
    HttpRequest request{std::move(method), std::move(target), std::move(headers), text(body), intent};
    auto response = send(request, call);
    if (!response) return response;
    const auto path = request.target.substr(0, request.target.find('?'));
    if (auto error = classify(*response, intent, request.method + " " + path, Clock(host_).now())) return fail(std::move(*error));
    return response;
  }

 private:
  const mp_host* host_;
};

/// Small durable values of this connection or source, shared by its instances, with compare-and-set. A value is on disk when put
/// returns. Keys at most 256 bytes, values 64 KiB.
class StateStore {
 public:
  struct Item {
    std::string value;
    std::uint64_t version = 0;  ///< 0: not there
  };
  explicit StateStore(const mp_host* host) : host_(host) {}
  Result<Item> get(std::string_view key, const Call& call) const {
    const std::string head = text(Json{{"key", key}});
    const auto outcome = detail::cross(host_->call, host_->self, MP_HOST_STATE_GET, call.raw(), {detail::bytes(head)});
    auto answer = answered(outcome);
    if (!answer) return fail(answer.error());
    return Item{std::string(outcome.items[0].part(1)), milepost::get<std::uint64_t>(*answer, "/version").value_or(0)};
  }
  /// False when its version is not `expected` any more; nullopt deletes.
  Result<bool> put(std::string_view key, std::optional<std::string_view> value, std::uint64_t expected, const Call& call) const {
    Json request{{"key", key}, {"expected", expected}};
    if (!value) request["delete"] = true;
    const std::string head = text(request);
    const auto outcome = detail::cross(host_->call, host_->self, MP_HOST_STATE_PUT, call.raw(),
                                       {detail::bytes(head), detail::bytes(value.value_or(std::string_view()))});
    auto answer = answered(outcome);
    if (!answer) return fail(answer.error());
    return milepost::get<bool>(*answer, "/stored").value_or(false);
  }

 private:
  static Result<Json> answered(const detail::Outcome& outcome) {
    if (outcome.status != MP_DONE || outcome.items.empty()) return fail(ErrorKind::internal, "the host offers no state here");
    auto answer = read_json(outcome.items[0].part(0));
    if (!answer) return fail(ErrorKind::internal, "the host's state answer cannot be read");
    if (outcome.items[0].kind == MP_ERROR) return fail(detail::to_error(*answer));
    return answer;
  }
  const mp_host* host_;
};

/// A value: copy it into whatever needs it.
class Host {
 public:
  explicit Host(const mp_host* host) : host_(host) {}
  Logger log() const { return Logger(host_); }
  Metrics metrics() const { return Metrics(host_); }
  HttpClient http() const { return HttpClient(host_); }
  Clock clock() const { return Clock(host_); }
  StateStore state() const { return StateStore(host_); }

 private:
  const mp_host* host_;
};

}  // namespace milepost
