#include "host/engine/ledger.hpp"

#include <algorithm>

namespace milepost::engine {
namespace {

using Next = Decision::Next;
using journal::Effect;
using journal::Time;
using std::chrono::milliseconds;

Decision give_up(Next next, std::string reason) { return {.next = next, .reason = std::move(reason)}; }

Time first_try(const Effect& effect, Time now) { return effect.first_at.value_or(effect.sent_at.value_or(now)); }

/// An attempt before this one may have had its effect, and a repeat by hand would be a second one.
bool happened_perhaps(const Effect& effect, const Policy& policy) {
  return effect.unknown && policy.traits.replay != Replay::always;
}

/// Sends again, unless attempts or time are used up: then `exhausted`.
Decision again(const Effect& effect, const Policy& policy, Time at, Time now, Next exhausted, const std::string& why) {
  if (happened_perhaps(effect, policy)) exhausted = Next::in_doubt;
  if (effect.attempt >= policy.retry.attempts)
    return give_up(exhausted, "gave up after " + std::to_string(effect.attempt) + " attempts: " + why);
  if (at > first_try(effect, now) + effect.held + policy.retry.within)
    return give_up(exhausted, "gave up, its time to retry is over: " + why);
  return {.next = Next::send, .at = at};
}

/// What may follow when nobody knows whether the request had its effect.
Decision unknown(const Effect& effect, const Policy& policy, Time at, Time now, const std::string& why) {
  if (policy.lookup) return {.next = Next::look_up, .at = now};
  if (policy.traits.replay == Replay::always) return again(effect, policy, at, now, Next::in_doubt, why);
  if (policy.traits.replay == Replay::with_key && at < first_try(effect, now) + policy.traits.key_lifetime)
    return again(effect, policy, at, now, Next::in_doubt, why);
  return give_up(Next::in_doubt, why);
}

}  // namespace

milliseconds backoff(unsigned strikes, double jitter) {
  constexpr milliseconds kLeast{50};
  const auto most = milliseconds(1000LL << std::min(strikes > 0 ? strikes - 1 : 0U, 10U));
  const auto capped = std::min<milliseconds>(most, std::chrono::minutes(10));
  return std::max(kLeast, milliseconds(static_cast<long long>(static_cast<double>(capped.count()) * jitter)));
}

Decision after_error(const Effect& effect, const Error& error, const Policy& policy, Time now, unsigned strikes, double jitter) {
  const Time at = now + std::max(backoff(strikes, jitter), error.retry_after.value_or(milliseconds(0)));
  switch (error.kind) {
    case ErrorKind::retryable: return again(effect, policy, at, now, Next::failed, error.message);
    case ErrorKind::rate_limited: return {.next = Next::send, .at = at, .counts = false, .slow_down = true};
    case ErrorKind::auth: return {.next = Next::pause, .at = now, .counts = false, .reason = error.message};
    case ErrorKind::cancelled: return {.next = Next::send, .at = now, .counts = false};
    case ErrorKind::indeterminate: return unknown(effect, policy, at, now, error.message);
    case ErrorKind::permanent:
    case ErrorKind::internal: break;
  }
  if (happened_perhaps(effect, policy)) return give_up(Next::in_doubt, "an earlier attempt may have been taken, this one was refused: " + error.message);
  return give_up(Next::failed, error.message);
}

Decision after_look_up(const Effect& effect, const Result<std::optional<Answer>>& found, const Policy& policy, Time now,
                       unsigned strikes, double jitter) {
  if (found && *found) return {.next = Next::done};
  if (found) {
    const Time believed = effect.sent_at.value_or(now) + policy.traits.settles_after;
    if (now < believed) return {.next = Next::look_up, .at = believed};
    return again(effect, policy, now, now, Next::failed, "the request never arrived");
  }
  const Error& error = found.error();
  const Time at = now + std::max(backoff(strikes, jitter), error.retry_after.value_or(milliseconds(0)));
  switch (error.kind) {
    case ErrorKind::auth: return {.next = Next::pause, .at = now, .counts = false, .reason = error.message};
    case ErrorKind::cancelled: return {.next = Next::look_up, .at = now};
    case ErrorKind::permanent:
    case ErrorKind::internal: return give_up(Next::in_doubt, "the look-up failed: " + error.message);
    default: break;
  }
  if (at > first_try(effect, now) + effect.held + policy.retry.within) return give_up(Next::in_doubt, "no look-up succeeded: " + error.message);
  return {.next = Next::look_up, .at = at, .slow_down = error.kind == ErrorKind::rate_limited};
}

Decision after_crash(const Effect& effect, const Policy& policy, Time now) {
  return unknown(effect, policy, now, now, "the host stopped before the answer arrived");
}

}  // namespace milepost::engine
