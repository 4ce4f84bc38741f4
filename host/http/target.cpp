#include "host/http/target.hpp"

#include "host/http/syntax.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

/// Well-formed UTF-8 (no overlong forms, no surrogates, nothing past U+10FFFF) without control characters.
bool is_clean_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      if (lead < 0x20 || lead == 0x7f) return false;
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0u) != 0x80) return false;
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f) || (lead == 0xc2 && second < 0xa0))
      return false;
    i += length;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c == 0x7f || static_cast<unsigned char>(c) >= 0x80 || c == '#') return std::nullopt;
  if (text == "*") return Target{"*", ""};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.size() <= scheme.size() || !same_header(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    const auto end = text.find_first_of("/?");
    if (end == 0) return std::nullopt;
    text.remove_prefix(std::min(end, text.size()));
    if (text.empty()) return Target{"/", ""};
    if (text.front() == '?') return Target{"/", std::string(text.substr(1))};
    break;
  }
  if (!text.starts_with('/')) return std::nullopt;
  const auto question = text.find('?');
  auto path = percent_decode(text.substr(0, question));
  if (!path || !is_clean_text(*path)) return std::nullopt;
  return Target{std::move(*path), question == text.npos ? std::string() : std::string(text.substr(question + 1))};
}

}  // namespace milepost::http
