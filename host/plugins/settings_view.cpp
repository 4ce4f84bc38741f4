#include "host/plugins/settings_view.hpp"

#include "host/config/secrets.hpp"

namespace milepost::plugins {

namespace {

constexpr const char* kPlaceholder = "***";

bool tagged(const Json& value, const char* tag) {
  return value.is_object() && value.size() == 1 && value.begin().key() == tag;
}

/// `schema`: of this value, or nullptr.
Status mask(Json& value, const Json* schema) {
  const bool secret = schema != nullptr && get<bool>(*schema, "/x-secret").value_or(false);
  if (secret || tagged(value, "!secret")) {
    value = kPlaceholder;
    return {};
  }
  if (tagged(value, "!env")) {
    const auto text = config::Secrets().resolve(value);
    if (!text) return fail(text.error());
    value = text->reveal();
    return {};
  }
  if (value.is_object()) {
    const Json* properties = schema == nullptr ? nullptr : find(*schema, "/properties");
    for (const auto& [key, member] : value.items()) {
      const bool known = properties != nullptr && properties->is_object() && properties->contains(key);
      if (auto done = mask(member, known ? &(*properties)[key] : nullptr); !done) return done;
    }
  } else if (value.is_array()) {
    const Json* items = schema == nullptr ? nullptr : find(*schema, "/items");
    for (auto& element : value)
      if (auto done = mask(element, items); !done) return done;
  }
  return {};
}

}  // namespace

Result<Json> settings_view(const Json& settings, const Json& schema) {
  Json view = settings.is_null() ? Json::object() : settings;
  if (auto done = mask(view, &schema); !done) return fail(done.error());
  return view;
}

}  // namespace milepost::plugins
