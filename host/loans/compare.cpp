#include "host/loans/compare.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "host/telemetry/clock.hpp"

namespace milepost::loans {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool digits_only(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

/// " Ines  OKAFOR" is "ines okafor".
std::string loosely(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : c;
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string as_phone(const std::string& text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  if (digits.size() == 11 && digits[0] == '1') digits.erase(0, 1);
  return digits.size() < 5 ? text : digits;
}

/// "$25,000.004" is "25000", "12.345" is "12.35": rounded half up to two places, in text, since money is never a double.
std::string as_number(const std::string& text) {
  std::string digits, fraction;
  bool negative = false, point = false, any = false;
  for (const char c : text) {
    if (c == '$' || c == ',' || c == ' ' || (c == '+' && !any)) continue;
    if (c == '-' && !any && !negative) negative = true;
    else if (c == '.' && !point) point = true;
    else if (is_digit(c)) any = true, (point ? fraction : digits) += c;
    else return text;
  }
  if (!any) return text;
  const bool up = fraction.size() > 2 && fraction[2] >= '5';
  fraction.resize(2, '0');
  digits += fraction;
  if (up) {
    auto at = digits.size();
    while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
    if (at == 0) digits.insert(0, 1, '1');
    else ++digits[at - 1];
  }
  std::string whole = digits.substr(0, digits.size() - 2), cents = digits.substr(digits.size() - 2);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.empty()) whole = "0";
  if (cents != "00") whole += "." + cents;
  return negative && whole != "0" ? "-" + whole : whole;
}

std::string as_date(const std::string& text) {
  const auto at = [&](std::size_t from, std::size_t size) { return text.size() >= from + size && digits_only(std::string_view(text).substr(from, size)); };
  if (at(0, 4) && at(5, 2) && at(8, 2) && text[4] == '-' && text[7] == '-' && (text.size() == 10 || text[10] == 'T' || text[10] == ' ')) return text.substr(0, 10);
  if (text.size() == 10 && at(0, 2) && at(3, 2) && at(6, 4) && text[2] == '/' && text[5] == '/') return text.substr(6) + "-" + text.substr(0, 2) + "-" + text.substr(3, 2);
  if (digits_only(text) && (text.size() == 10 || text.size() == 13))
    return telemetry::to_text(telemetry::from_micros(std::stoll(text) * (text.size() == 10 ? 1'000'000 : 1'000))).substr(0, 10);
  return text;
}

}  // namespace

std::string plain(const Json& value, config::Compare compare) {
  if (value.is_null()) return "";
  const std::string written = value.is_string() ? value.get<std::string>() : text(value);
  switch (compare) {
    case config::Compare::text:
      return loosely(written);
    case config::Compare::phone:
      return as_phone(written);
    case config::Compare::number:
      return as_number(written);
    case config::Compare::date:
      return as_date(written);
    default:
      return written;
  }
}

}  // namespace milepost::loans
