// A settings' schema as the Markdown table of a README, so that a test can hold the README to the declaration.
#pragma once

#include <algorithm>
#include <string>

#include "milepost/json.hpp"

namespace milepost::testing {

/// | setting | type | default | meaning |, in the order of declaration. What is needed has no default and says so;
/// secrets are marked.
inline std::string settings_table(const Json& schema) {
  const auto needed = [&](const std::string& key) {
    const auto* list = find(schema, "/required");
    return list != nullptr && std::find(list->begin(), list->end(), Json(key)) != list->end();
  };
  const auto type = [](const Json& property) {
    if (const auto* choice = find(property, "/enum")) {
      std::string all;
      for (const auto& one : *choice)
        all += (all.empty() ? "`" : ", `") + (one.is_string() ? one.get<std::string>() : text(one)) + "`";
      return all;
    }
    if (get<bool>(property, "/x-secret").value_or(false)) return std::string("secret");
    if (get<std::string>(property, "/format").value_or("") == "duration") return std::string("duration");
    return get<std::string>(property, "/type").value_or("anything");
  };
  std::string out = "| setting | type | default | meaning |\n|---|---|---|---|\n";
  const auto* properties = find(schema, "/properties");
  if (properties == nullptr) return out;
  for (const auto& [key, property] : properties->items()) {
    const auto* fallback = find(property, "/default");
    const auto shown = needed(key)           ? std::string("needed")
                       : fallback != nullptr ? "`" + text(*fallback) + "`"
                                             : std::string("not given");
    out += "| `" + key + "` | " + type(property) + " | " + shown + " | " +
           get<std::string>(property, "/description").value_or("") + " |\n";
  }
  return out;
}

}  // namespace milepost::testing
