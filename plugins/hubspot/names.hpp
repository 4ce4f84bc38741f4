// Names and ids as HubSpot has them: which texts may stand in a path, and one name for each object type.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::hubspot {

/// A name that may stand in a path or a query as it is: an object type ("deals", "2-3456", "p_loan") or a property's
/// name.
inline bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Text as it may stand in a path's segment or in a query.
inline std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_name(std::string_view(&c, 1)) || c == '.' || c == '~')
      out += c;
    else
      out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return out;
}

/// A record's id: digits.
inline bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == text.npos;
}

/// A page token that may stand in a query as it is.
inline bool is_page_token(std::string_view text) {
  return text.size() <= 2'000 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_name(std::string_view(&c, 1)) || c == '=' || c == '.' || c == '~';
         });
}

/// Of a search's filter (search page, read 2026-11).
inline bool is_operator(std::string_view text) {
  constexpr std::string_view kOperators[] = {"EQ",           "NEQ",          "LT",     "LTE",          "GT",
                                             "GTE",          "BETWEEN",      "IN",     "NOT_IN",       "HAS_PROPERTY",
                                             "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"};
  return std::find(std::begin(kOperators), std::end(kOperators), text) != std::end(kOperators);
}

/// Type ids of HubSpot's own objects (developers.hubspot.com, using object APIs; read 2026-11). Names and ids are
/// interchangeable.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kObjectTypes = {
    {{"0-1", "contacts"},
     {"0-2", "companies"},
     {"0-3", "deals"},
     {"0-5", "tickets"},
     {"0-18", "communications"},
     {"0-27", "tasks"},
     {"0-46", "notes"},
     {"0-47", "meetings"},
     {"0-48", "calls"},
     {"0-49", "emails"}}};

/// "0-3" -> "deals", so that a record is linked by one name whichever was written; what is no such id stays.
inline std::string object_name(std::string_view type) {
  for (const auto& [id, name] : kObjectTypes)
    if (id == type) return std::string(name);
  return std::string(type);
}

/// Text of a scalar as HubSpot wants every value: numbers by their source text. nullopt for null, lists and objects.
inline std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (is_number(value)) return number_text(value);
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return std::nullopt;
}

/// An id at `pointer` of an answer, whether it came as text or as a number; "" when there is none.
inline std::string id_at(const Json& answer, std::string_view pointer) {
  const auto* found = find(answer, pointer);
  const auto text = found != nullptr ? scalar_text(*found) : std::nullopt;
  return text && is_id(*text) ? *text : std::string();
}

inline bool same_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// A record that another is tied to.
struct Target {
  std::string object, id;
  friend bool operator==(const Target&, const Target&) = default;
};

/// {deals: 8817, contacts: ["12", 13]} as targets, in order. `where` names the setting in errors.
inline Result<std::vector<Target>> to_targets(const Json& value, std::string_view where) {
  std::vector<Target> targets;
  if (value.is_null()) return targets;
  const auto wrong = [&](const std::string& what) { return fail(ErrorKind::permanent, std::string(where) + what); };
  if (!value.is_object()) return wrong(": expected object types with ids, such as {deals: 8817}");
  for (const auto& [object, ids] : value.items()) {
    if (!is_name(object)) return wrong(": a key is no object type");
    for (const auto& id : ids.is_array() ? ids : Json::array({ids})) {
      const auto text = scalar_text(id);
      if (!text || !is_id(*text)) return wrong("." + object + ": expected a record's id, digits");
      targets.push_back({object_name(object), *text});
    }
  }
  return targets;
}

}  // namespace milepost::hubspot
