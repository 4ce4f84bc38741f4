#include "host/loans/holdings.hpp"

#include <algorithm>

namespace milepost::loans {
namespace {

using namespace std::chrono_literals;

/// An answered write has arrived for certain after so long, though the system never said so.
constexpr std::int64_t kArrivedAfter = std::chrono::microseconds(10min).count();
constexpr std::size_t kMost = 64;  ///< writes to one field that may be under way

bool has_arrived(const Holding& holding, std::int64_t now) { return holding.answered != 0 && now - holding.answered >= kArrivedAfter; }
bool under_way(const Holding& holding, std::int64_t now) { return holding.written() && !has_arrived(holding, now); }

Json to_json(const Holding& holding) {
  Json out{{"value", holding.value}};
  if (!holding.as.is_null()) out["as"] = holding.as;
  if (!holding.written()) return out;
  out["by"] = Json::array({holding.event, holding.step});
  out["sent"] = holding.sent;
  if (holding.answered != 0) out["answered"] = holding.answered;
  if (!holding.version.empty()) out["version"] = holding.version;
  return out;
}

Holding holding_of(const Json& json) {
  Holding out;
  if (const Json* value = find(json, "/value")) out.value = *value;
  if (const Json* as = find(json, "/as")) out.as = *as;
  out.event = get<journal::Sequence>(json, "/by/0").value_or(0);
  out.step = get<std::string>(json, "/by/1").value_or("");
  out.sent = get<std::int64_t>(json, "/sent").value_or(0);
  out.answered = get<std::int64_t>(json, "/answered").value_or(0);
  out.version = get<std::string>(json, "/version").value_or("");
  return out;
}

}  // namespace

Holdings Holdings::from(const std::string& text) {
  Holdings out;
  const auto json = read_json(text);
  if (!json || !json->is_object()) return out;
  for (const auto& [name, told] : json->items()) {
    auto& field = out.fields_[name];
    if (const Json* stamp = find(told, "/told")) field.told = Stamp::from(*stamp);
    const Json* holdings = find(told, "/holds");
    for (std::size_t i = 0; holdings != nullptr && i < holdings->size(); ++i) field.holdings.push_back(holding_of((*holdings)[i]));
  }
  return out;
}

std::string Holdings::json() const {
  Json out = Json::object();
  for (const auto& [name, field] : fields_) {
    Json& told = out[name] = Json::object();
    if (field.told) told["told"] = field.told->json();
    Json& holdings = told["holds"] = Json::array();
    for (const auto& holding : field.holdings) holdings.push_back(to_json(holding));
  }
  return text(out);
}

Word Holdings::hear(const std::string& name, const Saying& saying, config::Compare compare) {
  arrived_.reset();
  auto& field = fields_[name];
  auto& all = field.holdings;
  // What lies before a write that has arrived for certain is not there any more.
  for (auto at = all.end(); at != all.begin();) {
    --at;
    if (!has_arrived(*at, saying.now)) continue;
    all.erase(all.begin(), at);
    break;
  }
  if (field.told && !(*field.told < saying.stamp)) return Word::stale;
  // That it never had one is no change, though others have one by now.
  if (!field.told && plain(saying.value, compare).empty() && (all.empty() || !has_arrived(all.front(), saying.now))) {
    field.told = saying.stamp;
    all.insert(all.begin(), {saying.value, nullptr, 0, "", 0, 0, ""});
    return Word::known;
  }

  const auto by_version = [&](const Holding& holding) {
    return holding.written() && !holding.version.empty() && holding.version == saying.stamp.version;
  };
  const auto by_value = [&](const Holding& holding) {
    return alike(holding.value, saying.value, compare) || (!holding.as.is_null() && alike(holding.as, saying.value, compare));
  };
  auto found = all.end();
  if (saying.ours == std::optional(false)) {
    if (!all.empty() && !all.front().written() && by_value(all.front())) found = all.begin();
  } else {
    found = std::ranges::find_if(all, by_version);
    if (found == all.end()) found = std::ranges::find_if(all, by_value);
  }
  if (saying.ours == std::optional(true) && found == all.end()) {
    // Our write, in the system's own words: which one it does not say, so it is the oldest that has not come back.
    found = std::ranges::find_if(all, &Holding::written);
    if (found == all.end()) {
      all.push_back({saying.value, nullptr, 0, "", 0, 0, ""});
      found = std::prev(all.end());
      field.told = saying.stamp;
      return Word::echo;
    }
  }
  field.told = saying.stamp;
  if (found == all.end()) {
    std::erase_if(all, [&](const Holding& holding) { return !under_way(holding, saying.now); });
    all.insert(all.begin(), {saying.value, nullptr, 0, "", 0, 0, ""});
    return Word::news;
  }
  all.erase(all.begin(), found);
  auto& here = all.front();
  const bool ours = here.written();
  if (ours) arrived_ = Arrived{here.event, here.step};
  if (text(here.value) != text(saying.value)) here.as = saying.value;
  here.event = 0;
  here.step.clear();
  here.sent = here.answered = 0;
  return ours || saying.ours == std::optional(true) ? Word::echo : Word::known;
}

void Holdings::arrived(const std::string& name, const Json& value, config::Compare compare, const Arrived& delivery) {
  const auto field = fields_.find(name);
  if (field == fields_.end()) return;
  auto& all = field->second.holdings;
  const auto it = std::ranges::find_if(all, [&](const Holding& holding) { return holding.event == delivery.event && holding.step == delivery.step; });
  if (it == all.end() || !alike(it->value, value, compare)) return;
  it->event = 0;
  it->step.clear();
  it->sent = it->answered = 0;
  all.erase(all.begin(), it);
}

void Holdings::write(const std::string& name, Json value, journal::Sequence event, const std::string& step, std::int64_t now) {
  auto& all = fields_[name].holdings;
  std::erase_if(all, [&](const Holding& holding) { return holding.event == event && holding.step == step; });
  all.push_back({std::move(value), nullptr, event, step, now, 0, ""});
  if (all.size() > kMost) all.erase(all.begin());
}

bool Holdings::answered(journal::Sequence event, const std::string& step, const std::string& version, std::int64_t now) {
  bool found = false;
  for (auto& [name, field] : fields_)
    for (auto& holding : field.holdings)
      if (holding.event == event && holding.step == step) holding.answered = now, holding.version = version, found = true;
  return found;
}

bool Holdings::withdraw(journal::Sequence event, const std::string& step) {
  std::size_t gone = 0;
  for (auto& [name, field] : fields_)
    gone += std::erase_if(field.holdings, [&](const Holding& holding) { return holding.event == event && holding.step == step; });
  return gone != 0;
}

void Holdings::join(const Holdings& other) {
  for (const auto& [name, theirs] : other.fields_) {
    auto& field = fields_[name];
    if (theirs.told && (!field.told || *field.told < *theirs.told)) field.told = theirs.told;
    field.holdings.insert(field.holdings.begin(), theirs.holdings.begin(), theirs.holdings.end());
  }
}

const Json* Holdings::last(const std::string& field) const {
  const auto found = fields_.find(field);
  return found == fields_.end() || found->second.holdings.empty() ? nullptr : &found->second.holdings.back().value;
}

bool Holdings::surely(const std::string& field, const Json& value, config::Compare compare) const {
  const auto found = fields_.find(field);
  if (found == fields_.end() || found->second.holdings.empty()) return false;
  return std::ranges::all_of(found->second.holdings, [&](const Holding& holding) { return alike(holding.value, value, compare); });
}

bool Holdings::awaits(const std::string& field, std::int64_t now) const {
  const auto found = fields_.find(field);
  return found != fields_.end() && std::ranges::any_of(found->second.holdings, [&](const Holding& holding) { return under_way(holding, now); });
}

}  // namespace milepost::loans
