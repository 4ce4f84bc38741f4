#include "host/loans/loan_state.hpp"

#include <utility>

#include "host/telemetry/clock.hpp"

namespace milepost::loans {

Json empty_state() { return {{"fields", Json::object()}, {"at", Json::object()}, {"since", Json::object()}}; }

std::optional<Json> merge(const Json& state, const Json& changes, journal::Time time, journal::Sequence sequence) {
  Json next = state.is_object() && state.contains("fields") ? state : empty_state();
  const std::int64_t us = telemetry::to_micros(time);
  bool changed = false;
  for (const auto& [field, value] : changes.items()) {
    const auto stamp = std::pair(us, sequence);
    if (const auto at = next["at"].find(field); at != next["at"].end()) {
      if (std::pair((*at)[0].get<std::int64_t>(), (*at)[1].get<std::uint64_t>()) >= stamp) continue;
    }
    // The stamp moves even where the value stays: an older event that comes later must not undo it.
    next["at"][field] = Json::array({us, sequence});
    changed = true;
    const auto old = next["fields"].find(field);
    const bool there = old != next["fields"].end();
    if (value.is_null() ? !there : there && text(*old) == text(value)) continue;
    if (value.is_null()) {
      next["fields"].erase(field);
      next["since"].erase(field);
    } else {
      next["fields"][field] = value;
      next["since"][field] = us;
    }
  }
  if (!changed) return std::nullopt;
  return next;
}

Json view(const Json& state) {
  const Json* fields = find(state, "/fields");
  if (fields == nullptr) return nullptr;
  Json out = *fields;
  if (auto since = get<std::int64_t>(state, "/since/stage")) out["stage_since"] = telemetry::to_text(telemetry::from_micros(*since));
  return out;
}

}  // namespace milepost::loans
