#include "host/http/session.hpp"

#include <algorithm>

#include "host/http/deadline.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

constexpr std::size_t kMaxAnswer = 1u << 20;

}  // namespace

Status SessionSigner::sign(Request& request, Client& client, const Options& options) {
  Deadline deadline(options.timeout, options.stopped);
  std::unique_lock lock(mutex_);
  while (!session_ || clock_.now() >= session_->renew_at) {
    if (fetching_) {
      const auto awaited = fetches_;
      while (fetches_ == awaited) {
        lock.unlock();
        const auto verdict = deadline.check();
        lock.lock();
        if (verdict == Deadline::Verdict::cancelled) return fail(ErrorKind::cancelled, "cancelled while logging in");
        if (verdict == Deadline::Verdict::timeout)
          return fail(ErrorKind::retryable, "the login did not finish in time");
        finished_.wait_for(lock, deadline.slice(), [&] { return fetches_ != awaited; });
      }
      // One refusal is enough for all who waited; only a cancelled login says nothing about the next.
      if (failure_ && failure_->kind != ErrorKind::cancelled) return fail(*failure_);
      continue;
    }
    fetching_ = true;
    lock.unlock();
    auto made = fetch(client, options);
    lock.lock();
    fetching_ = false;
    ++fetches_;
    failure_.reset();
    if (made)
      session_ = std::move(*made);
    else
      failure_ = made.error();
    finished_.notify_all();
    if (failure_) return fail(*failure_);
    break;  // even a token that is about to expire is good for this request
  }
  set_header(request, "Authorization", "Bearer " + session_->token.reveal());
  return {};
}

bool SessionSigner::refresh() {
  const std::lock_guard guard(mutex_);
  session_.reset();
  return true;
}

bool SessionSigner::refresh_after(const Request& refused) {
  const std::lock_guard guard(mutex_);
  for (const auto& [name, value] : refused.headers)
    if (session_ && same_header(name, "Authorization") && value == "Bearer " + session_->token.reveal())
      session_.reset();
  return true;
}

std::vector<std::string> SessionSigner::hidden() const {
  auto out = known();
  const std::lock_guard guard(mutex_);
  if (session_) out.push_back(session_->token.reveal());
  return out;
}

Result<Response> SessionSigner::ask(const Request& request, Client& client, const Options& options,
                                    const std::string& what, const std::string& origin) const {
  Options bounded = options;
  bounded.max_response_bytes = std::min(options.max_response_bytes, kMaxAnswer);
  auto response = client.exchange(request, bounded);
  if (!response) return fail(to_error(response.error(), Intent::read, origin));
  if (response->status >= 200 && response->status <= 299) return std::move(*response);
  auto error = *classify(HttpResponse{response->status, response->headers, response->body}, milepost::Intent::read,
                         origin + " -> " + std::to_string(response->status), clock_.now());
  if (error.kind == ErrorKind::permanent) error.kind = ErrorKind::auth;
  error.message = what + " was refused with " + std::to_string(response->status) + why(*response);
  return fail(std::move(error));
}

SessionSigner::Session SessionSigner::session(const std::string& token, telemetry::Time::duration life) const {
  return {config::Secret(token), clock_.now() + std::max(life, telemetry::Time::duration::zero()) / 5 * 4};
}

}  // namespace milepost::http
