// A host for tests: it implements the C table that a plugin sees, with a clock that stands still, HTTP that is scripted
// or led into a vendor's double, state in memory, and every log line and metric kept for a look.
//
//   FakeHost host;
//   AcmeSandbox vendor(host.host());
//   host.http.serve(vendor).bearer("sandbox-token");
//   host.http.on("POST", "/v1/orders").cuts_after();          // the vendor takes the order, its answer is lost
//   host.http.answers(429).retry_after(30s);                  // whatever comes next
//
// Reactions are used up in the order they were told, each by the first request that fits; then requests go to the
// double, or fail the test by an `internal` error when there is none. Thread: services are [any]; scripting and looking
// belong to the test's own thread.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/testing/sandbox.hpp"

namespace milepost::testing {

/// Stands still until it is moved. Starts at 2026-11-02 09:00:00 UTC, a Monday.
class FakeClock {
 public:
  Time now() const { return now_; }
  void advance(std::chrono::microseconds by) { now_ += by; }
  void set(Time now) { now_ = now; }
  /// A zone that the fake knows, besides UTC, without the rules of any real one: its clock is ahead by so much.
  void zone(std::string name, std::chrono::minutes ahead) { zones_[std::move(name)] = ahead; }
  std::optional<Time> next_midnight(const std::string& zone) const {
    const auto found = zones_.find(zone);
    if (found == zones_.end()) return std::nullopt;
    return Time(std::chrono::floor<std::chrono::days>(now_ + found->second) + std::chrono::days(1)) - found->second;
  }

 private:
  std::map<std::string, std::chrono::minutes> zones_{{"UTC", std::chrono::minutes(0)}};
  Time now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2) + std::chrono::hours(9);
};

/// What happens to one request: by default it passes to the double.
class Reaction {
 public:
  Reaction& answers(int status) { return how_ = How::answer, answer_.status = status, *this; }
  Reaction& header(std::string name, std::string value) {
    return answer_.headers.emplace_back(std::move(name), std::move(value)), *this;
  }
  Reaction& retry_after(std::chrono::seconds wait) { return header("Retry-After", std::to_string(wait.count())); }
  Reaction& body(std::string text) { return answer_.body = std::move(text), *this; }
  Reaction& json(const Json& value) { return header("Content-Type", "application/json").body(text(value)); }
  /// Nothing was sent: refused, or no such name.
  Reaction& refuses_connection() { return how_ = How::refuse, *this; }
  /// The connection breaks after the request went out: the vendor never saw it …
  Reaction& cuts_before() { return how_ = How::cut_before, *this; }
  /// … or did what was asked, and only its answer is lost. The plugin cannot tell the two apart.
  Reaction& cuts_after() { return how_ = How::cut_after, *this; }
  /// No answer until the call's deadline, which then has passed.
  Reaction& hangs() { return how_ = How::hang, *this; }
  Reaction& passes() { return how_ = How::pass, *this; }
  /// How many requests it is for; 1 by default.
  Reaction& times(std::size_t count) { return left_ = count, *this; }

 private:
  friend class StubHttp;
  enum class How { pass, answer, refuse, cut_before, cut_after, hang };
  std::string method_, path_;  // "" fits all
  How how_ = How::pass;
  HttpResponse answer_;
  std::size_t left_ = 1;
};

class StubHttp {
 public:
  /// What no reaction is told for goes to this double, which outlives the host.
  StubHttp& serve(Sandbox& vendor) { return vendor_ = &vendor, *this; }
  /// The double sees the credential that the host would add; requests() do not show it, as plugins never see one.
  StubHttp& bearer(const std::string& token) { return credential("Authorization", "Bearer " + token); }
  StubHttp& basic(const std::string& user, const std::string& password) {
    return credential("Authorization", "Basic " + base64(user + ":" + password));
  }
  StubHttp& credential(std::string header, std::string value) {
    return credential_ = {{std::move(header), std::move(value)}}, *this;
  }

  /// For the next request of that method and path (without its query; "" fits all).
  Reaction& on(std::string method, std::string path) {
    auto& reaction = reactions_.emplace_back();
    reaction.method_ = std::move(method);
    reaction.path_ = std::move(path);
    return reaction;
  }
  /// For the next request, whatever it is.
  Reaction& next() { return on("", ""); }
  Reaction& answers(int status) { return next().answers(status); }

  /// What the plugin sent, in order, refused connections included.
  const std::vector<HttpRequest>& requests() const { return requests_; }
  std::size_t count(std::string_view method, std::string_view at) const {
    std::size_t found = 0;
    for (const auto& request : requests_) found += request.method == method && path(request) == at;
    return found;
  }
  void forget() { requests_.clear(); }
  /// Reactions that no request came for.
  std::size_t unused() const { return reactions_.size(); }

 private:
  friend class FakeHost;
  static Error lost(const HttpRequest& request, std::string why) {
    const auto kind = request.intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable;
    return {kind, std::move(why), request.method + " " + std::string(path(request)), std::nullopt};
  }
  Result<HttpResponse> vendor(HttpRequest request) const {
    if (vendor_ == nullptr)
      return fail(ErrorKind::internal, "unexpected request: " + request.method + " " + request.target);
    for (const auto& header : credential_) request.headers.push_back(header);
    return vendor_->handle(request);
  }
  Result<HttpResponse> send(const HttpRequest& request, const Call& call, FakeClock& clock) {
    requests_.push_back(request);
    Reaction reaction;
    for (auto at = reactions_.begin(); at != reactions_.end(); ++at) {
      if ((!at->method_.empty() && at->method_ != request.method) || (!at->path_.empty() && at->path_ != path(request)))
        continue;
      reaction = *at;
      if (--at->left_ == 0) reactions_.erase(at);
      break;
    }
    switch (reaction.how_) {
      case Reaction::How::answer:
        return reaction.answer_;
      case Reaction::How::refuse:
        return fail(ErrorKind::retryable, "connection refused");
      case Reaction::How::cut_before:
        return fail(lost(request, "the connection broke before an answer came"));
      case Reaction::How::cut_after:
        if (auto answer = vendor(request); !answer) return answer;
        return fail(lost(request, "the connection broke before an answer came"));
      case Reaction::How::hang:
        clock.advance(call.left());
        return fail(lost(request, "no answer in time"));
      case Reaction::How::pass:
        break;
    }
    return vendor(request);
  }

  std::deque<Reaction> reactions_;
  std::vector<HttpRequest> requests_;
  Sandbox* vendor_ = nullptr;
  HttpHeaders credential_;
};

class FakeHost {
 public:
  struct LogLine {
    std::string level, event;
    Json fields;
  };
  struct Metric {
    std::string kind, name;  ///< "count" or "seconds"
    double value = 0;
    Json labels;
  };

  FakeHost() {
    table_.size = sizeof table_;
    table_.self = this;
    table_.call = &FakeHost::serve;
    call_.size = sizeof(mp_call);
    call_.self = this;
    call_.stopped = [](const mp_call* raw) { return of(raw).stopped_ ? 1 : 0; };
    call_.left_ms = [](const mp_call* raw) {
      const auto& host = of(raw);
      return std::int64_t{
          std::chrono::duration_cast<std::chrono::milliseconds>(host.deadline_ - host.clock.now()).count()};
    };
    call_.attempt = 1;
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  FakeClock clock;
  StubHttp http;

  Host host() const { return Host(&table_); }
  const mp_host* table() const { return &table_; }
  /// The one call of this host, its deadline set anew.
  Call call(std::chrono::milliseconds within = std::chrono::seconds(10), unsigned attempt = 1) {
    deadline_ = clock.now() + within;
    call_.attempt = attempt;
    return Call(&call_);
  }
  /// From now on calls are stopped, and nothing is sent.
  void stop() { stopped_ = true; }

  const std::vector<LogLine>& logs() const { return logs_; }
  const std::vector<Metric>& metrics() const { return metrics_; }
  /// The sum of a counter over all labels.
  double counted(std::string_view name) const {
    double sum = 0;
    for (const auto& metric : metrics_) sum += metric.kind == "count" && metric.name == name ? metric.value : 0;
    return sum;
  }
  /// True when `text` shows in a log line or a metric's labels: look for canaries in place of secrets and borrowers'
  /// data.
  bool tells(std::string_view text) const {
    for (const auto& line : logs_)
      if ((line.event + milepost::text(line.fields)).find(text) != std::string::npos) return true;
    for (const auto& metric : metrics_)
      if (milepost::text(metric.labels).find(text) != std::string::npos) return true;
    return false;
  }
  /// What the plugin keeps in its StateStore.
  std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> out;
    for (const auto& [key, item] : state_)
      if (item.version != 0) out[key] = item.value;
    return out;
  }

 private:
  static const FakeHost& of(const mp_call* raw) { return *static_cast<const FakeHost*>(raw->self); }

  /// Answers one service; the parts are those of abi.h.
  static std::int32_t serve(void* self, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                            const mp_reply* reply) {
    auto& host = *static_cast<FakeHost*>(self);
    const std::lock_guard held(host.mutex_);
    const auto head = read_json(detail::view(parts[0])).value_or(Json::object());
    const auto body = n > 1 ? detail::view(parts[1]) : std::string_view();
    const auto emit = [&](std::uint32_t kind, const Json& first, std::string_view second = {}) {
      const std::string line = text(first);
      const mp_bytes out[] = {detail::bytes(line), detail::bytes(second)};
      if (reply != nullptr) reply->emit(reply->self, 0, kind, out, 2);
    };
    const auto word = [&](const char* pointer) { return get<std::string>(head, pointer).value_or(""); };
    const auto member = [&](const char* pointer) {
      const auto* found = find(head, pointer);
      return found != nullptr ? *found : Json::object();
    };
    switch (op) {
      case MP_HOST_LOG:
        host.logs_.push_back({word("/level"), word("/event"), member("/fields")});
        return MP_DONE;
      case MP_HOST_METRIC:
        host.metrics_.push_back(
            {word("/kind"), word("/name"), get<double>(head, "/value").value_or(0), member("/labels")});
        return MP_DONE;
      case MP_HOST_CLOCK: {
        Json answer{{"us", host.clock.now().time_since_epoch().count()}};
        const auto midnight = host.clock.next_midnight(word("/zone"));
        if (midnight) answer["midnight_us"] = midnight->time_since_epoch().count();
        if (midnight || word("/zone").empty())
          emit(MP_ITEM, answer);
        else
          emit(MP_ERROR, detail::to_json(Error{ErrorKind::permanent, "no such zone: " + word("/zone"), {}, {}}));
        return MP_DONE;
      }
      case MP_HOST_HTTP: {
        const auto answer = host.send(head, std::string(body), Call(call));
        if (answer)
          emit(MP_ITEM, {{"status", answer->status}, {"headers", detail::to_json(answer->headers)}}, answer->body);
        else
          emit(MP_ERROR, detail::to_json(answer.error()));
        return MP_DONE;
      }
      case MP_HOST_STATE_GET: {
        const auto& item = host.state_[word("/key")];
        emit(MP_ITEM, {{"version", item.version}}, item.value);
        return MP_DONE;
      }
      case MP_HOST_STATE_PUT: {
        auto& item = host.state_[word("/key")];
        const bool fits = item.version == get<std::uint64_t>(head, "/expected").value_or(0);
        const bool gone = get<bool>(head, "/delete").value_or(false);
        if (fits) item = {gone ? std::string() : std::string(body), gone ? 0 : ++host.state_versions_};
        emit(MP_ITEM, {{"stored", fits}});
        return MP_DONE;
      }
      default:
        return MP_UNSUPPORTED;
    }
  }

  Result<HttpResponse> send(const Json& head, std::string body, const Call& call) {
    HttpRequest request;
    request.method = get<std::string>(head, "/method").value_or("");
    request.target = get<std::string>(head, "/target").value_or("");
    request.headers = detail::to_headers(find(head, "/headers"));
    request.body = std::move(body);
    const auto intent = get<std::string>(head, "/intent").value_or("once");
    request.intent = intent == "read" ? Intent::read : intent == "repeatable" ? Intent::repeatable : Intent::once;
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped before it was sent");
    return http.send(request, call, clock);
  }

  mp_host table_{};
  mp_call call_{};
  Time deadline_{};
  bool stopped_ = false;
  std::recursive_mutex mutex_;  // a double asks for the time while it answers
  struct Stored {
    std::string value;
    std::uint64_t version = 0;
  };
  std::map<std::string, Stored> state_;
  std::uint64_t state_versions_ = 0;
  std::vector<LogLine> logs_;
  std::vector<Metric> metrics_;
};

}  // namespace milepost::testing
