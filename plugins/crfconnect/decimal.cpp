#include "plugins/crfconnect/decimal.hpp"

#include <algorithm>
#include <charconv>

namespace milepost::crfconnect {
namespace {

std::strong_ordering magnitude(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty()) return !a.digits.empty() <=> !b.digits.empty();
  const auto leading = [](const Decimal& x) { return static_cast<long long>(x.digits.size()) + x.exponent; };
  if (const auto order = leading(a) <=> leading(b); order != 0) return order;
  return a.digits <=> b.digits;  // no zeros at the end: a prefix is smaller
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view token) {
  Decimal out;
  if (token.starts_with('-')) {
    out.negative = true;
    token.remove_prefix(1);
  }
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
    out.digits += token.substr(from, at - from);
    return static_cast<long long>(at - from);
  };
  digits();
  long long power = 0;
  if (at < token.size() && token[at] == '.') {
    ++at;
    power = -digits();
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    auto written = token.substr(at + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    if (written.empty() || written.size() > 10) return std::nullopt;
    const auto [stop, fault] = std::from_chars(written.data(), written.data() + written.size(), out.exponent);
    if (fault != std::errc() || stop != written.data() + written.size()) return std::nullopt;
    at = token.size();
  }
  if (at != token.size() || out.digits.empty()) return std::nullopt;
  out.exponent += power;
  out.digits.erase(0, out.digits.find_first_not_of('0'));
  while (!out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  if (out.digits.empty()) return Decimal{};
  return out;
}

std::string Decimal::text() const {
  if (digits.empty()) return "0";
  return (negative ? "-" : "") + digits + (exponent == 0 ? "" : "e" + std::to_string(exponent));
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.negative ? magnitude(b, a) : magnitude(a, b);
}

}  // namespace milepost::crfconnect
