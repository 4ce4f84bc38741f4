#include "host/intake/verify_address.hpp"

#include <string_view>

#include "milepost/http.hpp"

namespace milepost::intake {
namespace {

std::string decoded(std::string_view text, const std::string& characters) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? kHex.find(text[i + 1]) : kHex.npos;
    const auto low = high != kHex.npos ? kHex.find(text[i + 2]) : kHex.npos;
    const char c = low != kHex.npos ? static_cast<char>(high * 16 + low) : '\0';
    const bool plain = low != kHex.npos && characters.find(c) != characters.npos;
    out += plain ? c : text[i];
    i += plain ? 2 : 0;
  }
  return out;
}

}  // namespace

std::optional<std::string> SignedAddress::of(const http::Incoming& request) const {
  std::string out = shown;
  if (shown.empty()) {
    const std::string* host = nullptr;
    for (const auto& [name, value] : request.headers) {
      if (!same_header(name, "Host")) continue;
      if (host != nullptr) return std::nullopt;
      host = &value;
    }
    if (host == nullptr) return std::nullopt;
    out = request.scheme + "://" + *host + request.target;
  } else if (shown.find('/', shown.find("://") + 3) == shown.npos) {
    out += request.target;
  } else if (const auto query = request.target.find('?'); query != request.target.npos) {
    out += request.target.substr(query);
  }
  return decode.empty() ? out : decoded(out, decode);
}

}  // namespace milepost::intake
