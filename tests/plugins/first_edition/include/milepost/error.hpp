// What may go wrong, and what the host may do next. Nothing here throws.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milepost {

/// What the host may do next. `classify()` in http.hpp maps a vendor's response to one of these.
enum class ErrorKind {
  retryable,      ///< nothing arrived, or it may be asked again: the host backs off with jitter, to a limit
  rate_limited,   ///< the vendor said "later": the host waits max(its own backoff, retry_after)
  auth,           ///< 401 or 403 after one token refresh: the host pauses the connection and holds its events
  permanent,      ///< fails again on the same input: dead letter, with the reason
  indeterminate,  ///< a write went out and its outcome is unknown: settled by look-up or key, else in doubt
  cancelled,      ///< the host asked to stop and nothing was sent: runs again later, no failure counted
  internal,       ///< a defect: an exception, a broken contract
};

constexpr std::string_view name(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::retryable: return "retryable";
    case ErrorKind::rate_limited: return "rate_limited";
    case ErrorKind::auth: return "auth";
    case ErrorKind::permanent: return "permanent";
    case ErrorKind::indeterminate: return "indeterminate";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

constexpr std::optional<ErrorKind> error_kind(std::string_view text) noexcept {
  for (auto kind : {ErrorKind::retryable, ErrorKind::rate_limited, ErrorKind::auth, ErrorKind::permanent,
                    ErrorKind::indeterminate, ErrorKind::cancelled, ErrorKind::internal})
    if (name(kind) == text) return kind;
  return std::nullopt;
}

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;                                   ///< one line, no secret, no borrower data
  std::string origin = {};                               ///< "hubspot: POST /crm/v3/objects/contacts -> 429"
  std::optional<std::chrono::milliseconds> retry_after = {};  ///< the vendor's own wish; earliest next attempt
};

/// A value or an Error. Its own type, since gcc 12 reports an unused result for a nodiscard type, but neither for
/// std::expected nor for a nodiscard virtual function called through its interface.
template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};
using Status = Result<void>;

/// `return fail(ErrorKind::permanent, "no such design")` from any function that returns a Result.
inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string origin = {}) {
  return std::unexpected<Error>(Error{kind, std::move(message), std::move(origin), std::nullopt});
}
/// Hands an error on: `if (!answer) return fail(answer.error());`
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace milepost
