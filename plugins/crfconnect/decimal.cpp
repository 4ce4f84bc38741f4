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
  const auto mark = std::min(token.find('e'), token.find('E'));  // npos is the largest
  auto mantissa = token.substr(0, mark);
  if (mark != token.npos) {
    auto power = token.substr(mark + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    if (power.empty() || power.size() > 10) return std::nullopt;
    const auto [stop, fault] = std::from_chars(power.data(), power.data() + power.size(), out.exponent);
    if (fault != std::errc() || stop != power.data() + power.size()) return std::nullopt;
  }
  const auto dot = mantissa.find('.');
  out.digits = std::string(mantissa.substr(0, dot));
  if (dot != mantissa.npos) {
    out.digits += mantissa.substr(dot + 1);
    out.exponent -= static_cast<long long>(mantissa.size() - dot - 1);
  }
  if (out.digits.empty() || !std::ranges::all_of(out.digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
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
