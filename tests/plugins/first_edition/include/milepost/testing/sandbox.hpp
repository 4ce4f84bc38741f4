// What a vendor's double is made of, so that the usual REST shape takes under 150 lines: routes, JSON answers,
// credentials, limits.
//
//   AcmeSandbox::AcmeSandbox(Host host) : host_(host) {
//     routes_.on("GET", "/v1/orders/{id}", [this](auto& request, auto& params) { return order(params["id"]); })
//         .on("POST", "/v1/orders", [this](auto& request, auto&) { return create(request); });
//   }
//   HttpResponse AcmeSandbox::handle(const HttpRequest& request) {
//     if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
//     return routes_.handle(request);
//   }
//
// Not here, because the server of `milepost sandbox` and FakeHost do it around handle(): the request log, and faults
// (delay, a given answer, the connection cut before or after the write). Time comes from Host::clock(), so that tests
// may move it. Thread: [serial].
#pragma once

#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/testing/hmac.hpp"

namespace milepost::testing {

/// `%41` -> `A`; a broken escape stays as it is. `plus_is_space` as in queries and forms.
inline std::string percent_decode(std::string_view text, bool plus_is_space = false) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Names and values, decoded, in order: a route's {params}, a query, a form.
class Params {
 public:
  void add(std::string name, std::string value) { all_.emplace_back(std::move(name), std::move(value)); }
  bool has(std::string_view name) const { return value(name) != nullptr; }
  /// "" when it is not there.
  const std::string& operator[](std::string_view name) const {
    static const std::string none;
    const auto* found = value(name);
    return found != nullptr ? *found : none;
  }
  /// `fallback` when it is not there or no number.
  long long number(std::string_view name, long long fallback) const {
    const auto& text = (*this)[name];
    long long out = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    return fault == std::errc() && stop == text.data() + text.size() ? out : fallback;
  }
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  const std::string* value(std::string_view name) const {
    for (const auto& [key, text] : all_)
      if (key == name) return &text;
    return nullptr;
  }
  std::vector<std::pair<std::string, std::string>> all_;
};

/// The target without its query.
inline std::string_view path(const HttpRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}
/// `a=1&b=x%20y` as Params: a query's text, or a form's body.
inline Params form(std::string_view text) {
  Params out;
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const auto name = pair.substr(0, pair.find('='));
    if (pair.empty()) continue;
    out.add(percent_decode(name, true), percent_decode(pair.substr(std::min(name.size() + 1, pair.size())), true));
  }
  return out;
}
inline Params query(const HttpRequest& request) {
  const auto mark = request.target.find('?');
  return mark == std::string::npos ? Params() : form(std::string_view(request.target).substr(mark + 1));
}

/// `Authorization: Bearer …`: the token.
inline std::optional<std::string> bearer(const HttpRequest& request) {
  const auto value = request.header("Authorization");
  if (value.size() < 7 || !same_header(value.substr(0, 7), "Bearer ")) return std::nullopt;
  return std::string(value.substr(7));
}
/// `Authorization: Basic …`: user and password.
inline std::optional<std::pair<std::string, std::string>> basic(const HttpRequest& request) {
  const auto value = request.header("Authorization");
  if (value.size() < 6 || !same_header(value.substr(0, 6), "Basic ")) return std::nullopt;
  const auto pair = base64_decode(value.substr(6));
  if (!pair || pair->find(':') == pair->npos) return std::nullopt;
  return std::pair(pair->substr(0, pair->find(':')), pair->substr(pair->find(':') + 1));
}

inline HttpResponse json_answer(int status, const Json& body, HttpHeaders headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  return {status, std::move(headers), text(body)};
}
inline HttpResponse empty_answer(int status) { return {status, {}, {}}; }
/// RFC 9457; for vendors without an error shape of their own.
inline HttpResponse problem(int status, std::string title, std::string detail = {}) {
  Json body{{"title", std::move(title)}, {"status", status}};
  if (!detail.empty()) body["detail"] = std::move(detail);
  return {status, {{"Content-Type", "application/problem+json"}}, text(body)};
}

/// "2026-11-03T09:30:00.250Z".
inline std::string iso_time(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out;
}

/// Method and path to handler. `{name}` stands for one segment, decoded; the first route that fits wins.
class Routes {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest& request, const Params& params)>;

  Routes& on(std::string method, std::string_view pattern, Handler handler) {
    routes_.push_back({std::move(method), split(pattern), std::move(handler)});
    return *this;
  }
  /// What is answered where no path fits (404) or only another method's (405); by default a problem.
  Routes& otherwise(std::function<HttpResponse(const HttpRequest& request, int status)> handler) {
    otherwise_ = std::move(handler);
    return *this;
  }

  HttpResponse handle(const HttpRequest& request) const {
    const auto segments = split(path(request));
    int status = 404;
    for (const auto& route : routes_) {
      Params params;
      if (!fits(route.segments, segments, params)) continue;
      if (route.method == request.method) return route.handler(request, params);
      status = 405;
    }
    if (otherwise_) return otherwise_(request, status);
    return problem(status, status == 404 ? "no such path" : "method not allowed");
  }

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
  };
  static std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('/', at), text.size());
      if (end > at) out.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
  static bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments, Params& params) {
    if (pattern.size() != segments.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const auto& wanted = pattern[i];
      if (wanted.front() == '{')
        params.add(wanted.substr(1, wanted.size() - 2), percent_decode(segments[i]));
      else if (wanted != segments[i])
        return false;
    }
    return true;
  }

  std::vector<Route> routes_;
  std::function<HttpResponse(const HttpRequest&, int)> otherwise_;
};

/// "At most N in any rolling interval", as most vendors count.
class RollingWindow {
 public:
  RollingWindow(std::size_t most, std::chrono::milliseconds interval) : most_(most), interval_(interval) {}
  /// Counts one request; false when the window is full (then it is not counted).
  bool take(Time now) {
    while (!taken_.empty() && taken_.front() + interval_ <= now) taken_.pop_front();
    if (taken_.size() >= most_) return false;
    taken_.push_back(now);
    return true;
  }
  std::size_t most() const { return most_; }
  std::size_t remaining() const { return most_ - std::min(most_, taken_.size()); }
  std::chrono::milliseconds interval() const { return interval_; }
  void reset() { taken_.clear(); }

 private:
  std::size_t most_;
  std::chrono::milliseconds interval_;
  std::deque<Time> taken_;
};

}  // namespace milepost::testing
