#include "host/intake/verify_choice.hpp"

#include <optional>

namespace milepost::intake {
namespace {

const Json* setting_of(const Json& value, const Json& with) {
  const auto name = get<std::string>(value, "/setting").value_or("");
  if (with.is_object() && with.contains(name)) return &with.at(name);
  return find(value, "/default");
}

bool names_a_setting(const Json& value) { return value.is_object() && value.contains("setting"); }

Json filled(const Json& value, const Json& with) {
  if (names_a_setting(value)) {
    const auto* found = setting_of(value, with);
    return found != nullptr ? *found : value;
  }
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, member] : value.items()) out[key] = filled(member, with);
    return out;
  }
  if (!value.is_array()) return value;
  Json out = Json::array();
  for (const auto& element : value)
    if (auto one = filled(element, with); !names_a_setting(one)) out.push_back(std::move(one));
  return out;
}

bool fits(const Json& verifier, const Json& with) {
  const auto* when = find(verifier, "/when");
  if (when == nullptr || !when->is_object()) return true;
  for (const auto& [key, wanted] : when->items())
    if (!with.is_object() || !with.contains(key) || with.at(key) != wanted) return false;
  return true;
}

}  // namespace

Result<Json> chosen_verifier(const Json& verify, const Json& with) {
  if (!verify.is_array()) return filled(verify, with);
  for (const auto& verifier : verify)
    if (fits(verifier, with)) {
      Json out = filled(verifier, with);
      if (out.is_object()) out.erase("when");
      return out;
    }
  return fail(ErrorKind::permanent, "none of the plugin's verifiers fits the source's settings: write verify");
}

}  // namespace milepost::intake
