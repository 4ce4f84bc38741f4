#include "host/http/response_head.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>

#include "host/http/syntax.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

constexpr std::array<std::string_view, 6> kOwnHeaders = {"Content-Length", "Connection",        "Date",
                                                         "Server",         "Transfer-Encoding", "Keep-Alive"};

bool may_be_sent(std::string_view name, std::string_view value) {
  return is_token(name) && is_field_value(value) &&
         std::ranges::none_of(kOwnHeaders, [name](std::string_view own) { return same_header(own, name); });
}

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

void append_head(std::string& out, const Outgoing& response, const Framing& framing) {
  const int status = response.status >= 200 && response.status <= 599 ? response.status : 500;
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(status));
  out.append(" ")
      .append(reason.data(), reason.size())
      .append("\r\nDate: ")
      .append(framing.date)
      .append("\r\nServer: milepost\r\n");
  for (const auto& [name, value] : response.headers)
    if (may_be_sent(name, value)) out.append(name).append(": ").append(value).append("\r\n");
  if (framing.length) {
    out.append("Content-Length: ");
    append_number(out, *framing.length);
    out.append("\r\n");
  }
  if (!framing.keep_alive)
    out.append("Connection: close\r\n");
  else if (framing.version_1_0)
    out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
}

std::string imf_date(long long unix_seconds) {
  const std::time_t time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

}  // namespace milepost::http
