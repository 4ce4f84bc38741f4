#include "host/config/decimal.hpp"

#include <algorithm>
#include <charconv>

namespace milepost::config {
namespace {

constexpr std::int64_t kFarthest = 1'000'000'000'000'000;

/// The parts of a token of JSON's grammar.
struct Token {
  bool negative = false;
  std::string_view whole, fraction, exponent;  ///< the exponent with its sign
};

std::size_t digits_at(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

std::optional<Token> split(std::string_view text) {
  Token token;
  if (text.starts_with('-')) {
    token.negative = true;
    text.remove_prefix(1);
  }
  token.whole = text.substr(0, digits_at(text));
  if (token.whole.empty() || (token.whole.size() > 1 && token.whole[0] == '0')) return std::nullopt;
  text.remove_prefix(token.whole.size());
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    token.fraction = text.substr(0, digits_at(text));
    if (token.fraction.empty()) return std::nullopt;
    text.remove_prefix(token.fraction.size());
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    token.exponent = text;
    const auto digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
    if (digits.empty() || digits_at(digits) != digits.size()) return std::nullopt;
    text = {};
  }
  return text.empty() ? std::optional(token) : std::nullopt;
}

std::int64_t bounded_exponent(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc::result_out_of_range) return text.starts_with('-') ? -kFarthest : kFarthest;
  return std::clamp(value, -kFarthest, kFarthest);
}

__extension__ using Wide = unsigned __int128;

std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % modulus);
}

std::uint64_t power_of_ten(std::int64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus, base = 10 % modulus;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = multiply(result, base, modulus);
    base = multiply(base, base, modulus);
  }
  return result;
}

}  // namespace

bool is_number_token(std::string_view text) { return split(text).has_value(); }

bool is_integer(std::string_view text) {
  const auto value = Decimal::parse(text);
  return value && value->integer();
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const auto token = split(text);
  if (!token) return std::nullopt;
  Decimal out;
  out.digits_.reserve(token->whole.size() + token->fraction.size());
  out.digits_.append(token->whole).append(token->fraction);
  const auto first = out.digits_.find_first_not_of('0');
  if (first == std::string::npos) return Decimal();
  out.digits_.erase(out.digits_.find_last_not_of('0') + 1);
  out.digits_.erase(0, first);
  out.negative_ = token->negative;
  out.magnitude_ = static_cast<std::int64_t>(token->whole.size()) - static_cast<std::int64_t>(first) +
                   bounded_exponent(token->exponent);
  return out;
}

std::string Decimal::key() const {
  if (zero()) return "0";
  return (negative_ ? "-" : "") + digits_ + "e" + std::to_string(magnitude_);
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  const auto sign = [](const Decimal& value) { return value.zero() ? 0 : value.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other)) return sign(*this) <=> sign(other);
  const auto size = magnitude_ != other.magnitude_ ? magnitude_ <=> other.magnitude_ : digits_ <=> other.digits_;
  return negative_ ? 0 <=> size : size;
}

bool Decimal::divides(const Decimal& value) const {
  if (value.zero()) return true;
  // As whole numbers: value = v × 10^(its exponent), and this = d × 10^(its own).
  const auto exponent = [](const Decimal& number) {
    return number.magnitude_ - static_cast<std::int64_t>(number.digits_.size());
  };
  const std::int64_t shift = exponent(value) - exponent(*this);
  if (shift < 0) return false;  // v has no trailing zero, so d × 10^-shift cannot divide it
  std::uint64_t divisor = 0;
  for (const char digit : digits_) divisor = divisor * 10 + static_cast<std::uint64_t>(digit - '0');
  std::uint64_t rest = 0;
  for (const char digit : value.digits_) {
    const Wide next = static_cast<Wide>(rest) * 10 + static_cast<std::uint64_t>(digit - '0');
    rest = static_cast<std::uint64_t>(next % divisor);
  }
  return multiply(rest, power_of_ten(shift, divisor), divisor) == 0;
}

}  // namespace milepost::config
