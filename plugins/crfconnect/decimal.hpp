// A JSON number, exactly. Money never becomes a double here, and 25000.00 equals 2.5e4.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace milepost::crfconnect {

/// digits × 10^exponent, with no zero at either end of the digits; 0 has none.
struct Decimal {
  bool negative = false;
  std::string digits;
  long long exponent = 0;

  /// A token of the JSON grammar; nullopt when it is none, or its exponent has more than nine digits.
  static std::optional<Decimal> parse(std::string_view token);

  bool integer() const { return exponent >= 0; }
  /// One text for each value: "25e3", "-12005e-1", "0".
  std::string text() const;

  friend bool operator==(const Decimal&, const Decimal&) = default;
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
};

}  // namespace milepost::crfconnect
