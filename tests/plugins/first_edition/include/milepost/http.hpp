// HTTP as plugins see it, and the one table that says what an answer means.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/error.hpp"

namespace milepost {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  ///< order kept; names compare without case

/// What sending it twice would do. Decides what a lost answer means.
enum class Intent {
  read,        ///< changes nothing
  repeatable,  ///< a write that may be sent again as it is (a PUT, a key that the vendor remembers)
  once,        ///< a write whose repeat would be a second effect
};

inline constexpr std::string_view name(Intent intent) noexcept {
  return intent == Intent::read ? "read" : intent == Intent::repeatable ? "repeatable" : "once";
}

/// Text equality without ASCII case: for header names.
inline bool same_header(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

struct HttpRequest {
  std::string method = "GET";
  std::string target = {};  ///< outgoing: path and query below the connection's base_url, or an absolute URL
  HttpHeaders headers = {};
  std::string body = {};
  Intent intent = Intent::once;

  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (same_header(key, name)) return value;
    return {};
  }
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};

  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (same_header(key, name)) return value;
    return {};
  }
};

/// `Retry-After` as a wait: seconds, or an HTTP date against `now`. nullopt: absent or neither; never negative; at most 7 days.
inline std::optional<std::chrono::milliseconds> retry_after(std::string_view value, std::chrono::system_clock::time_point now) {
  using namespace std::chrono;
  constexpr seconds kMost = hours(24 * 7);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == value.npos) {
    long long count = 0;
    const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (fault != std::errc() || count > kMost.count()) return duration_cast<milliseconds>(kMost);
    return milliseconds(seconds(count));
  }
  std::tm parts{};
  const std::string text(value);
  if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return std::nullopt;
  // In seconds: a far year overflows the clock's nanoseconds.
  const auto wait = seconds(timegm(&parts)) - duration_cast<seconds>(now.time_since_epoch());
  return duration_cast<milliseconds>(std::clamp<seconds>(wait, seconds(0), kMost));
}

/// What a response means for a request of that intent; nullopt for 2xx. One table for every plugin:
///   503 without Retry-After        retryable (nothing was done)
///   429, 503 with Retry-After      rate_limited
///   401, 403                       auth (the host has refreshed and tried again once already)
///   408, 500, 502, 504, other 5xx  once: indeterminate; a read or a repeatable write: retryable
///   501, 505                       permanent (nothing was done, and never will be)
///   3xx, other 4xx, anything else  permanent
inline std::optional<Error> classify(const HttpResponse& response, Intent intent, std::string origin = {},
                                     std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  if (response.ok()) return std::nullopt;
  const int status = response.status;
  const auto wait = retry_after(response.header("Retry-After"), now);
  Error error{ErrorKind::permanent, "the vendor answered " + std::to_string(status), std::move(origin), wait};
  if (error.origin.find("->") == std::string::npos && !error.origin.empty()) error.origin += " -> " + std::to_string(status);
  if (status == 429 || (status == 503 && wait)) {
    error.kind = ErrorKind::rate_limited;
  } else if (status == 503) {
    error.kind = ErrorKind::retryable;
  } else if (status == 401 || status == 403) {
    error.kind = ErrorKind::auth;
  } else if (status == 408 || (status >= 500 && status <= 599 && status != 501 && status != 505)) {
    error.kind = intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable;
  }
  return error;
}

}  // namespace milepost
