#include "host/config/formats.hpp"

#include <cctype>
#include <chrono>

namespace milepost::config {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Takes `count` digits from the front.
bool take(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!digit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text) {
  int year = 0, month = 0, day = 0;
  if (!take(text, 4, year) || !take(text, '-') || !take(text, 2, month) || !take(text, '-') || !take(text, 2, day))
    return false;
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

bool is_date(std::string_view text) { return take_date(text) && text.empty(); }

/// RFC 3339. A second of 60 is a leap second, which no one can foretell.
bool is_date_time(std::string_view text) {
  int hour = 0, minute = 0, second = 0;
  if (!take_date(text) || text.empty() || (text[0] != 'T' && text[0] != 't')) return false;
  text.remove_prefix(1);
  if (!take(text, 2, hour) || !take(text, ':') || !take(text, 2, minute) || !take(text, ':') || !take(text, 2, second))
    return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  if (take(text, '.')) {
    if (text.empty() || !digit(text[0])) return false;
    while (!text.empty() && digit(text[0])) text.remove_prefix(1);
  }
  if (text == "Z" || text == "z") return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  return take(text, 2, hour) && take(text, ':') && take(text, 2, minute) && text.empty() && hour <= 23 && minute <= 59;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

/// One mailbox as people write it: no quoted local parts, comments or address literals.
bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64 || text.size() > 254) return false;
  const auto local = text.substr(0, at), domain = text.substr(at + 1);
  if (domain.empty() || local.find_first_of(" \t\r\n@\"(),:;<>[\\]") != local.npos) return false;
  const auto dots = [](std::string_view part) {
    return part.starts_with('.') || part.ends_with('.') || part.find("..") != part.npos;
  };
  if (dots(local) || dots(domain)) return false;
  for (const char c : domain)
    if (static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' &&
        c != '.')
      return false;
  return !domain.starts_with('-') && !domain.ends_with('-');
}

}  // namespace

FormatCheck format_check(std::string_view name) {
  if (name == "uuid") return is_uuid;
  if (name == "date") return is_date;
  if (name == "date-time") return is_date_time;
  if (name == "email") return is_email;
  return nullptr;
}

}  // namespace milepost::config
