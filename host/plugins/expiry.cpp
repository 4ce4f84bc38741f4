#include "host/plugins/expiry.hpp"

namespace milepost::plugins {

std::string expiry_warning(std::optional<telemetry::Time> expires, telemetry::Time now) {
  using namespace std::chrono;
  if (!expires || *expires - now > days(14)) return "";
  const std::string at = telemetry::to_text(*expires).substr(0, 19) + "Z", remedy = ": have a new one made, and put it in its place";
  if (*expires <= now) return "its secret URL has expired, at " + at + remedy;
  const auto left = *expires - now;
  const auto count = left >= days(2) ? duration_cast<days>(left).count() : duration_cast<hours>(left).count();
  return "its secret URL expires at " + at + ", in " + std::to_string(count) + (left >= days(2) ? " days" : count == 1 ? " hour" : " hours") + remedy;
}

}  // namespace milepost::plugins
