#include "host/http/url.hpp"

#include <algorithm>
#include <charconv>

#include "milepost/http.hpp"

namespace milepost::http {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6_text(std::string_view text) {
  return !text.empty() && text.size() <= 45 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
  });
}

}  // namespace

std::expected<Url, std::string> parse_url(std::string_view text) {
  const auto refused = [](std::string why) { return std::unexpected(std::move(why)); };
  if (text.size() > 16384) return refused("the URL is longer than 16 KiB");
  for (const char c : text) {
    if (c <= ' ' || c == 0x7f || static_cast<unsigned char>(c) >= 0x80)
      return refused("the URL holds a space, a control or a non-ASCII character: percent-encode it");
    if (c == '\\') return refused("the URL holds a backslash: percent-encode it");
    if (c == '#') return refused("the URL holds a fragment: percent-encode the '#'");
  }

  Url url;
  const auto colon = text.find("://");
  const std::string scheme = lower(text.substr(0, std::min(colon, text.size())));
  if (colon == text.npos || (scheme != "http" && scheme != "https"))
    return refused("the URL must begin with http:// or https://");
  url.tls = scheme == "https";
  url.port = url.tls ? 443 : 80;
  text.remove_prefix(colon + 3);

  const auto path = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, path);
  url.target = text.substr(path);
  if (url.target.empty() || url.target.front() == '?') url.target.insert(0, 1, '/');
  if (authority.find('@') != authority.npos)
    return refused("the URL holds a user or password: use the connection's credentials");

  std::string_view port;
  bool bracketed = false;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == authority.npos) return refused("the URL's IPv6 address lacks its ']'");
    url.host = lower(authority.substr(1, end - 1));
    if (!is_ipv6_text(url.host)) return refused("the URL's IPv6 address is malformed");
    bracketed = true;
    port = authority.substr(end + 1);
  } else {
    const auto end = std::min(authority.find(':'), authority.size());
    url.host = lower(authority.substr(0, end));
    if (!is_host_name(url.host)) return refused("the URL's host is empty or malformed");
    port = authority.substr(end);
  }
  if (!port.empty()) {
    if (port.front() != ':') return refused("the URL's port is malformed");
    port.remove_prefix(1);
    const auto [stop, fault] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (fault != std::errc() || stop != port.data() + port.size() || url.port == 0)
      return refused("the URL's port must be a number from 1 to 65535");
  }
  url.authority = bracketed ? "[" + url.host + "]" : url.host;
  if (url.port != (url.tls ? 443 : 80)) url.authority += ":" + std::to_string(url.port);
  return url;
}

}  // namespace milepost::http
