#include "host/loans/fields.hpp"

#include <tuple>

namespace milepost::loans {
namespace {

bool all_digits(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

/// Whether version a comes before version b: 9 before 10, v9 after v10.
bool earlier(const std::string& a, const std::string& b) {
  if (!all_digits(a) || !all_digits(b)) return a < b;
  const auto significant = [](const std::string& text) { return text.substr(std::min(text.find_first_not_of('0'), text.size() - 1)); };
  const auto x = significant(a), y = significant(b);
  return x.size() != y.size() ? x.size() < y.size() : x < y;
}

}  // namespace

bool Stamp::operator<(const Stamp& other) const {
  if (time != other.time) return time < other.time;
  // An event without a version says nothing of which came first; acceptance does.
  if (!version.empty() && !other.version.empty() && version != other.version) return earlier(version, other.version);
  return event < other.event;
}

Json Stamp::json() const {
  Json out = Json::array({time, event});
  if (!version.empty()) out.push_back(version);
  return out;
}

Stamp Stamp::from(const Json& json) {
  Stamp out;
  if (!json.is_array() || json.size() < 2) return out;
  out.time = json[0].get<std::int64_t>();
  out.event = json[1].get<journal::Sequence>();
  if (json.size() > 2) out.version = json[2].get<std::string>();
  return out;
}

Json no_fields() { return {{"fields", Json::object()}, {"at", Json::object()}, {"since", Json::object()}}; }

bool merge_fields(Json& set, const Json& changes, const Stamp& stamp) {
  bool changed = false;
  for (const auto& [field, value] : changes.items()) {
    if (const auto at = set["at"].find(field); at != set["at"].end() && !(Stamp::from(*at) < stamp)) continue;
    set["at"][field] = stamp.json();
    changed = true;
    const auto old = set["fields"].find(field);
    const bool there = old != set["fields"].end();
    if (value.is_null() ? !there : there && text(*old) == text(value)) continue;
    if (value.is_null()) {
      set["fields"].erase(field);
      set["since"].erase(field);
    } else {
      set["fields"][field] = value;
      set["since"][field] = stamp.time;
    }
  }
  return changed;
}

}  // namespace milepost::loans
