#include "host/loans/merging.hpp"

#include "host/loans/fields.hpp"
#include "host/loans/path.hpp"
#include "host/loans/pieces.hpp"

namespace milepost::loans {
namespace {

/// A set as fields.hpp has it.
void join_fields(Json& set, const Json& other) {
  const Json* at = find(other, "/at");
  const Json* fields = find(other, "/fields");
  if (at == nullptr || fields == nullptr) return;
  for (const auto& [field, stamp] : at->items()) {
    if (const auto here = set["at"].find(field); here != set["at"].end() && !(Stamp::from(*here) < Stamp::from(stamp))) continue;
    set["at"][field] = stamp;
    const auto value = fields->find(field);
    if (value == fields->end()) {
      set["fields"].erase(field);
      set["since"].erase(field);
      continue;
    }
    set["fields"][field] = *value;
    set["since"][field] = other["since"].contains(field) ? other["since"][field] : Json(0);
  }
}

}  // namespace

Json joined(const Json& state, const Json& other, const Model& model) {
  if (!state.is_object() || !state.contains("fields")) return other.is_object() ? other : state;
  Json out = state;
  if (!other.is_object() || !other.contains("fields")) return out;
  join_fields(out, other);
  if (const Json* tasks = find(other, "/tasks")) {
    if (!out.contains("tasks")) out["tasks"] = Json::object();
    for (const auto& [id, task] : tasks->items()) {
      if (out["tasks"].contains(id)) join_fields(out["tasks"][id], task);
      else out["tasks"][id] = task;
    }
  }
  for (const auto& told : told_of_pieces(other))
    merge_piece(out, {{"id", told.piece}, {"state", told.state}, {"by", told.by}}, {telemetry::to_micros(told.at), "", 0});
  auto path = Path::from(state);
  path.join(Path::from(other), model);
  path.write(out);
  return out;
}

}  // namespace milepost::loans
