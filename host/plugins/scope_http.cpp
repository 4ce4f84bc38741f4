// The HTTP service: every request of a plugin leaves the host here.
#include <algorithm>

#include "host/http/syntax.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/scope.hpp"

namespace milepost::plugins {

namespace {

http::Intent intent_of(std::string_view name) {
  // What is unknown gets the most careful treatment.
  return name == "read" ? http::Intent::read : name == "repeatable" ? http::Intent::repeatable : http::Intent::once;
}

/// What decides where a message ends, and to whom it goes, is the host's.
bool reserved(std::string_view header) {
  constexpr std::string_view kReserved[] = {
      "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect"};
  return std::ranges::any_of(kReserved, [&](std::string_view name) { return same_header(name, header); });
}

/// "" or what is wrong with the request as the plugin wrote it.
std::string check(const http::Request& request) {
  if (!http::is_token(request.method)) return "its method is no HTTP method";
  for (const auto& [name, value] : request.headers) {
    if (!http::is_token(name)) return "a header's name is malformed";
    if (!http::is_field_value(value)) return "the header " + name + " holds control characters";
    if (reserved(name)) return "the header " + name + " is the host's to set";
  }
  return "";
}

}  // namespace

Result<Scope::Reply> Scope::send(const Request& request) const {
  if (!outgoing_ || services_.client == nullptr)
    return fail(ErrorKind::internal, "the host lends no HTTP here: only a connection has it");
  http::Request out;
  out.method = get<std::string>(request.head, "/method").value_or("");
  out.headers = detail::to_headers(find(request.head, "/headers"));
  out.body = std::string(request.body);
  out.intent = intent_of(get<std::string>(request.head, "/intent").value_or(""));
  const auto target = get<std::string>(request.head, "/target");
  if (!target) return fail(target.error());
  const std::string origin = names_.plugin + ": " + out.method + " " + target->substr(0, target->find('?'));

  const auto placed = [&](Error error) {
    if (error.origin.empty()) error.origin = origin;
    error.message = redacted(std::move(error.message));
    return fail(std::move(error));
  };
  if (auto wrong = check(out); !wrong.empty())
    return placed({ErrorKind::permanent, "a request was not sent: " + wrong});
  auto destination = outgoing_->base.resolve(*target);
  if (!destination) return placed(destination.error());
  out.url = std::move(destination->url);
  auto answered = exchange(out, destination->ours ? outgoing_->signer.get() : nullptr, *request.call, origin);
  if (!answered) return placed(answered.error());
  return answered;
}

Result<Scope::Reply> Scope::exchange(const http::Request& request, http::Signer* signer, HostCall& call,
                                     const std::string& origin) const {
  const auto options = [&] {
    http::Options out;
    out.timeout = std::min(outgoing_->timeout, call.left());
    out.stopped = [&call] { return call.stopped(); };
    out.allow_private = outgoing_->allow_private;
    out.connector = names_.plugin;
    return out;
  };
  const auto leaves = [&] {
    if (request.intent != http::Intent::read) call.write_left();
  };
  for (bool second = false;; second = true) {
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped before the request was sent");
    http::Request out = request;
    if (signer != nullptr)
      if (auto signed_ = signer->sign(out, *services_.client, options()); !signed_) return fail(signed_.error());
    if (call.left() <= std::chrono::milliseconds(0))
      return fail(ErrorKind::retryable, "the call's deadline had passed before the request was sent");
    const auto answer = services_.client->exchange(out, options());
    if (!answer) {
      if (answer.error().sent) leaves();
      return fail(http::to_error(answer.error(), request.intent, origin));
    }
    leaves();
    // 401 says that nothing was done: a token may have run out in between.
    if (answer->status == 401 && !second && signer != nullptr && signer->refresh_after(out)) continue;
    Reply reply{R"({"status":)" + std::to_string(answer->status) + R"(,"headers":)", answer->body};
    detail::append(reply.head, answer->headers);
    reply.head += '}';
    return reply;
  }
}

}  // namespace milepost::plugins
