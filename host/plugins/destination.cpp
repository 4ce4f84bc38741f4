#include "host/plugins/destination.hpp"

#include "host/http/syntax.hpp"

namespace milepost::plugins {

namespace {

/// Once decoded, as a server in front of another may do it: "%2e%2e", "a%2f.." and "a\.." climb too.
bool climbs(std::string_view path) {
  std::string segment;
  const auto dots = [&] { return segment == "." || segment == ".."; };
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%' && i + 2 < path.size() && http::hex_digit(path[i + 1]) >= 0 && http::hex_digit(path[i + 2]) >= 0) {
      c = static_cast<char>(http::hex_digit(path[i + 1]) * 16 + http::hex_digit(path[i + 2]));
      i += 2;
    }
    if (c != '/' && c != '\\') {
      segment += c;
      continue;
    }
    if (dots()) return true;
    segment.clear();
  }
  return dots();
}

bool absolute(std::string_view target) {
  const auto colon = target.find("://");
  return colon != target.npos && target.substr(0, colon).find_first_of("/?#") == target.npos;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

Result<Base> Base::parse(const std::string& base_url) {
  Base base;
  if (base_url.empty()) return base;
  auto url = http::parse_url(base_url);
  if (!url) return fail(ErrorKind::permanent, "base_url: " + url.error());
  if (url->target.find('?') != std::string::npos)
    return fail(ErrorKind::permanent, "base_url: it must not hold a query");
  if (climbs(url->target))
    return fail(ErrorKind::permanent, "base_url: its path must not hold \".\" or \"..\" segments");
  base.url_ = std::move(*url);
  base.text_ = base_url;
  base.path_ = base.url_.target;
  for (auto* text : {&base.text_, &base.path_})
    while (text->ends_with('/')) text->pop_back();
  return base;
}

Result<Destination> Base::resolve(std::string_view target) const {
  Destination out;
  if (absolute(target)) {
    out.url = target;
  } else {
    if (text_.empty()) return fail(ErrorKind::permanent, "the connection has no base_url for a relative target");
    const bool joined = target.empty() || target.front() == '/' || target.front() == '?';
    out.url = text_ + (joined ? "" : "/") + std::string(target);
  }
  const auto url = http::parse_url(out.url);
  if (!url) return fail(ErrorKind::permanent, url.error());
  const auto path = path_of(url->target);
  if (climbs(path)) return fail(ErrorKind::permanent, "the target's path holds \".\" or \"..\" segments");
  const bool same_origin = !text_.empty() && url->tls == url_.tls && url->host == url_.host && url->port == url_.port;
  out.ours = same_origin && path.starts_with(path_) && (path.size() == path_.size() || path[path_.size()] == '/');
  return out;
}

}  // namespace milepost::plugins
