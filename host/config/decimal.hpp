// Decimal numbers as their text: compared exactly, however long. No double is involved.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milepost::config {

/// True when the text is a number in JSON's grammar.
bool is_number_token(std::string_view text);
/// True when the number has no fraction: 5, 5.0, 1e3. False for what is no number.
bool is_integer(std::string_view text);

/// 0.digits × 10^magnitude, without leading or trailing zeros: one value has one form. Zero has no digits. Exponents
/// past ±10^15 count as ±10^15: numbers of that size differ by nothing that a rule could name.
class Decimal {
 public:
  Decimal() = default;
  static std::optional<Decimal> parse(std::string_view text);

  bool zero() const { return digits_.empty(); }
  bool integer() const { return magnitude_ >= static_cast<std::int64_t>(digits_.size()); }
  /// The same for equal numbers, different for others.
  std::string key() const;

  friend bool operator==(const Decimal&, const Decimal&) = default;
  std::strong_ordering operator<=>(const Decimal& other) const;

  /// True when this divides `value` without a rest. REQUIRES: can_divide().
  bool divides(const Decimal& value) const;
  /// Above zero, and of at most 18 digits.
  bool can_divide() const { return !negative_ && !zero() && digits_.size() <= 18; }

 private:
  bool negative_ = false;
  std::int64_t magnitude_ = 0;
  std::string digits_;
};

}  // namespace milepost::config
