#include "host/loans/pieces.hpp"

#include <algorithm>

namespace milepost::loans {
namespace {

constexpr std::size_t kMostStates = 64;  // of one piece

std::string plain_text(const Json* value) { return value == nullptr || value->is_null() || value->is_structured() ? "" : value->is_string() ? value->get<std::string>() : text(*value); }

}  // namespace

Result<std::optional<Json>> piece_in(const Json& with) {
  const auto wrong = [](const std::string& why) { return fail(ErrorKind::permanent, "track: " + why); };
  const Json* piece = find(with, "/piece");
  if (piece == nullptr || piece->is_null()) return std::optional<Json>();
  if (!piece->is_object()) return wrong("a piece is no mapping");
  const auto id = plain_text(find(*piece, "/id")), state = plain_text(find(*piece, "/state"));
  if (id.empty() || id.size() > 256) return wrong("a piece's id has 1 to 256 bytes");
  if (state.empty() || state.size() > 64) return wrong("piece " + id + ": its state has 1 to 64 bytes");
  const auto by = plain_text(find(*piece, "/by"));
  if (by.size() > 64) return wrong("piece " + id + ": `by` has at most 64 bytes");
  return std::optional(Json{{"id", id}, {"state", state}, {"by", by}});
}

bool merge_piece(Json& state, const Json& piece, const Stamp& stamp) {
  const auto id = get<std::string>(piece, "/id").value_or("");
  if (!state.contains("pieces")) state["pieces"] = Json::object();
  Json& told = state["pieces"][id];
  if (told.is_null()) told = Json::array();
  for (auto& one : told) {
    if (one["state"] != piece["state"] || one["by"] != piece["by"]) continue;
    if (one["at"].get<std::int64_t>() <= stamp.time) return false;
    one["at"] = stamp.time;
    return true;
  }
  if (told.size() >= kMostStates) return false;
  told.push_back({{"state", piece["state"]}, {"by", piece["by"]}, {"at", stamp.time}});
  return true;
}

std::vector<Told> told_of_pieces(const Json& state) {
  std::vector<Told> out;
  const Json* pieces = find(state, "/pieces");
  if (pieces == nullptr) return out;
  for (const auto& [id, told] : pieces->items())
    for (const auto& one : told)
      out.push_back({id, get<std::string>(one, "/state").value_or(""), get<std::string>(one, "/by").value_or(""), telemetry::from_micros(get<std::int64_t>(one, "/at").value_or(0))});
  std::ranges::stable_sort(out, {}, &Told::at);
  return out;
}

bool names_piece(const Json& answer, const std::string& id) {
  if (plain_text(find(answer, "/record/id")) == id) return true;
  const Json* body = find(answer, "/body");
  if (body == nullptr || !body->is_object()) return false;
  for (const auto& member : *body)
    if (plain_text(&member) == id) return true;
  return false;
}

}  // namespace milepost::loans
