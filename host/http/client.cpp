#include "host/http/client.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string_view>

#include "host/http/response_parser.hpp"
#include "host/http/syntax.hpp"
#include "host/http/url.hpp"
#include "host/http/wire.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kIdleForOnce = 2s;  // servers close idle connections after 5 s and more: below that, a kept one is safe
constexpr auto kIdleForOthers = 30s;
constexpr std::size_t kKeptPerOrigin = 32;
constexpr std::size_t kKeptInAll = 256;

/// What the client writes itself: a caller's own could contradict it, and so smuggle a second request.
constexpr std::array<std::string_view, 9> kHostsHeaders = {
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"};

std::string fault_of(const Request& request) {
  if (!is_token(request.method) || request.method.size() > 32) return "the method is malformed";
  if (same_header(request.method, "CONNECT")) return "CONNECT is not supported";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return "a header's name is malformed";
    if (std::ranges::any_of(kHostsHeaders, [&name = name](std::string_view own) { return same_header(name, own); }))
      return "the header " + name + " is set by the host alone";
    if (!is_field_value(value)) return "the header " + name + " holds a line break or a control character";
  }
  return {};
}

std::string serialize(const Request& request, const Url& url) {
  std::string out;
  out.reserve(256 + request.headers.size() * 64 + request.body.size());
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  out.append(request.method).append(" ").append(url.target).append(" HTTP/1.1\r\n");
  line("Host", url.authority);
  if (find_header(request.headers, "User-Agent") == nullptr) line("User-Agent", "milepost");
  for (const auto& [name, value] : request.headers) line(name, value);
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (expects_body || !request.body.empty()) line("Content-Length", std::to_string(request.body.size()));
  out.append("\r\n").append(request.body);
  return out;
}

/// One request on one connection.
struct Outcome {
  std::expected<Response, Failure> result;
  bool reusable = false;
  bool closed_unanswered = false;  // a kept connection that the server had given up
};

Outcome converse(Wire& wire, const std::string& bytes, bool head_only, std::size_t max_response, Deadline& deadline) {
  const std::size_t before = wire.written();
  const auto failed = [&](Fault fault) {
    return std::unexpected(Failure{fault.kind, wire.written() > before, std::move(fault.cause)});
  };

  const auto written = wire.write(bytes, deadline);
  // A server that refuses early answers and closes while the request is still being written: its answer counts.
  if (!written && written.error().kind != Failure::Kind::reset) return {failed(written.error())};

  ResponseParser parser(head_only, max_response);
  std::array<char, 16384> buffer;
  for (;;) {
    const auto count = wire.read(buffer, deadline);
    if (!count) {
      const bool reset = count.error().kind == Failure::Kind::reset;
      return {failed(!written ? written.error() : count.error()), false, reset && !parser.started()};
    }
    const auto state = *count == 0 ? parser.end() : parser.feed({buffer.data(), *count});
    using State = ResponseParser::State;
    if (state == State::more) continue;
    if (state == State::done) {
      const bool reusable = written && *count != 0 && parser.keep_alive();
      return {parser.take(), reusable};
    }
    if (*count == 0) return {failed({Failure::Kind::reset, parser.fault()}), false, !parser.started()};
    return {failed({state == State::too_large ? Failure::Kind::too_large : Failure::Kind::malformed, parser.fault()})};
  }
}

}  // namespace

const std::string* Response::header(std::string_view name) const { return find_header(headers, name); }

struct Client::Pool {
  std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<Wire>>> idle;  // by origin and policy; the newest last
  std::map<std::string, TlsContext> contexts;                      // by ca_file
  std::size_t kept = 0;
  Steady::time_point swept{};
  Resolver resolver;

  std::unique_ptr<Wire> take(const std::string& key, Steady::duration max_idle);
  void put(const std::string& key, std::unique_ptr<Wire> wire);
  std::expected<SSL_CTX*, Fault> context(const std::string& ca_file);
  std::expected<std::unique_ptr<Wire>, Fault> connect(const Url& url, const Options& options, Deadline& deadline);
};

/// The newest kept connection that is fit for use, or nullptr. Connections past their time are closed outside the lock.
std::unique_ptr<Wire> Client::Pool::take(const std::string& key, Steady::duration max_idle) {
  std::vector<std::unique_ptr<Wire>> closing;
  const std::lock_guard guard(mutex);
  const auto now = Steady::now();
  if (now - swept > 1s) {
    swept = now;
    for (auto entry = idle.begin(); entry != idle.end();) {
      auto& wires = entry->second;
      while (!wires.empty() && now - wires.front()->idle_since > kIdleForOthers) {
        closing.push_back(std::move(wires.front()));
        wires.erase(wires.begin());
        --kept;
      }
      entry = wires.empty() ? idle.erase(entry) : std::next(entry);
    }
  }
  const auto found = idle.find(key);
  if (found == idle.end()) return nullptr;
  auto& wires = found->second;
  while (!wires.empty() && now - wires.back()->idle_since < max_idle) {
    auto wire = std::move(wires.back());
    wires.pop_back();
    --kept;
    if (wire->quiet()) return wire;
    closing.push_back(std::move(wire));
  }
  return nullptr;
}

void Client::Pool::put(const std::string& key, std::unique_ptr<Wire> wire) {
  wire->idle_since = Steady::now();
  const std::lock_guard guard(mutex);
  if (kept >= kKeptInAll) return;
  auto& wires = idle[key];
  if (wires.size() >= kKeptPerOrigin) return;
  wires.push_back(std::move(wire));
  ++kept;
}

std::expected<SSL_CTX*, Fault> Client::Pool::context(const std::string& ca_file) {
  const std::lock_guard guard(mutex);
  auto found = contexts.find(ca_file);
  if (found == contexts.end()) {
    auto made = make_client_context(ca_file);
    if (!made) return std::unexpected(Fault{Failure::Kind::tls, made.error()});
    found = contexts.emplace(ca_file, std::move(*made)).first;
  }
  return found->second.get();
}

std::expected<std::unique_ptr<Wire>, Fault> Client::Pool::connect(const Url& url, const Options& options,
                                                                  Deadline& deadline) {
  std::vector<Address> addresses;
  if (!options.unix_socket.empty()) {
    const auto local = unix_address(options.unix_socket);
    if (!local) return std::unexpected(Fault{Failure::Kind::connect, "the unix socket's path is empty or too long"});
    addresses.push_back(*local);
  } else {
    auto resolved = resolver.resolve(url.host, url.port, deadline);
    if (!resolved) return std::unexpected(resolved.error());
    addresses = std::move(*resolved);
    // One private address among public ones is the mark of a rebinding name: none of them is used.
    if (!options.allow_private && std::ranges::any_of(addresses, is_private))
      return std::unexpected(
          Fault{Failure::Kind::refused,
                "it is a private, local or metadata address; `allow: private` on the connection permits it"});
  }

  Fault last{Failure::Kind::connect, "cannot connect"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // An address that swallows packets must leave time for the next one.
    Deadline share = deadline.at_most(deadline.left() / static_cast<int>(addresses.size() - i));
    auto wire = Wire::connect(addresses[i], share);
    if (!wire) {
      last = wire.error();
      if (last.kind == Failure::Kind::cancelled || deadline.left() == 0ms) break;
      continue;
    }
    if (url.tls) {
      const auto trust = context(options.ca_file);
      if (!trust) return std::unexpected(trust.error());
      if (auto secured = (*wire)->secure(*trust, url.host, deadline); !secured) return std::unexpected(secured.error());
    }
    return std::move(*wire);
  }
  return std::unexpected(last);
}

Client::Client() : pool_(std::make_unique<Pool>()) {}
Client::~Client() = default;

std::expected<Response, Failure> Client::exchange(const Request& request, const Options& options) {
  const auto url = parse_url(request.url);
  if (!url) return std::unexpected(Failure{Failure::Kind::malformed, false, url.error()});
  const auto named = [&](Failure failure) {
    failure.message = url->authority + ": " + failure.message;
    return std::unexpected(std::move(failure));
  };
  if (auto why = fault_of(request); !why.empty()) return named({Failure::Kind::malformed, false, std::move(why)});

  Deadline deadline(options.timeout, options.stopped);
  if (const auto verdict = deadline.check(); verdict != Deadline::Verdict::go_on) {
    const Fault fault = to_fault(verdict);
    return named({fault.kind, false, fault.cause});
  }

  const std::string bytes = serialize(request, *url);
  const bool head_only = request.method == "HEAD";
  const bool once = request.intent == Intent::once;
  const std::string key = std::string(url->tls ? "s " : "p ") + url->host + ' ' + std::to_string(url->port) +
                          (options.allow_private ? " private " : " public ") + options.ca_file + '\n' +
                          options.unix_socket;
  const auto finish = [&](Outcome outcome, std::unique_ptr<Wire> wire) -> std::expected<Response, Failure> {
    if (outcome.reusable) pool_->put(key, std::move(wire));
    if (!outcome.result) return named(std::move(outcome.result.error()));
    return std::move(*outcome.result);
  };

  bool sent = false;  // by a first attempt
  if (auto kept = pool_->take(key, once ? Steady::duration(kIdleForOnce) : Steady::duration(kIdleForOthers))) {
    auto outcome = converse(*kept, bytes, head_only, options.max_response_bytes, deadline);
    const bool again = outcome.closed_unanswered && (!once || !outcome.result.error().sent);
    if (!again) return finish(std::move(outcome), std::move(kept));
    sent = outcome.result.error().sent;
  }
  auto fresh = pool_->connect(*url, options, deadline);
  if (!fresh) return named({fresh.error().kind, sent, fresh.error().cause});
  auto outcome = converse(**fresh, bytes, head_only, options.max_response_bytes, deadline);
  return finish(std::move(outcome), std::move(*fresh));
}

Error to_error(const Failure& failure, Intent intent, const std::string& origin) {
  using Kind = Failure::Kind;
  const auto kind = [&] {
    if (failure.kind == Kind::refused) return ErrorKind::permanent;
    if (failure.kind == Kind::malformed && !failure.sent) return ErrorKind::permanent;
    if (failure.kind == Kind::too_large && intent == Intent::read) return ErrorKind::permanent;
    // Nothing can be in doubt about a read, so a stopped one is no failure either.
    if (failure.kind == Kind::cancelled && (!failure.sent || intent == Intent::read)) return ErrorKind::cancelled;
    if (!failure.sent || intent != Intent::once) return ErrorKind::retryable;
    return ErrorKind::indeterminate;
  }();
  return Error{kind, failure.message, origin, std::nullopt};
}

}  // namespace milepost::http
