// A manifest's shape; docs/manifest.md says the same for authors. What is not known here is left alone: a newer minor
// may add keys.
#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "host/plugins/manifest_reader.hpp"
#include "host/plugins/preflight.hpp"

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostComponents = 200;
constexpr std::size_t kMostProperties = 500;
constexpr std::int64_t kMostSeconds = 400LL * 86'400;

/// The settings of one thing: an object schema, each property described.
void check_settings(ManifestReader& in, const std::string& at) {
  const Json* schema = in.object(at);
  if (schema == nullptr) return;
  in.one_of(at + "/type", {"object"});
  const Json* properties = in.object(at + "/properties");
  if (properties == nullptr) return;
  if (properties->size() > kMostProperties)
    return in.wrong(at + "/properties", "at most " + std::to_string(kMostProperties) + " keys",
                    std::to_string(properties->size()));
  for (const auto& [key, property] : properties->items()) {
    const std::string place = at + "/properties/" + ManifestReader::escaped(key);
    if (!ManifestReader::is_name(key, false)) in.wrong(place, "a key in lower_snake_case", "another");
    if (in.object(place) == nullptr) continue;
    if (property.contains("type"))
      in.one_of(place + "/type", {"string", "integer", "number", "boolean", "array", "object", "null"});
    if (property.contains("x-secret")) in.boolean(place + "/x-secret");
    if (property.contains("description")) in.words(place + "/description", 2000);
  }
  if (const Json* required = in.optional_array(at + "/required"))
    for (const auto& key : *required)
      if (!key.is_string() || !properties->contains(key.get_ref<const std::string&>()))
        in.wrong(at + "/required", "names of properties", text(key));
}

/// A text that names a setting; "" may stand for an empty value.
void check_setting_name(ManifestReader& in, const std::string& at, const Json& properties) {
  const auto name = in.words(at, 64, true);
  if (name && !name->empty() && !properties.contains(*name))
    in.wrong(at, "the name of one of the connection's settings", "\"" + *name + "\"");
}

void check_scheme(ManifestReader& in, const std::string& at, const Json& properties) {
  if (in.object(at) == nullptr) return;
  const auto scheme = in.one_of(at + "/scheme", {"none", "bearer", "basic", "header", "query", "secret_url", "login", "jwt_bearer"});
  if (!scheme) return;
  const auto setting = [&](const char* field) { check_setting_name(in, at + "/" + field, properties); };
  if (*scheme == "bearer") setting("token");
  if (*scheme == "basic") setting("user"), setting("password");
  if (*scheme == "header" || *scheme == "query") in.words(at + "/name", 100), setting("value");
  if (*scheme == "jwt_bearer") {
    setting("key");
    for (const char* field : {"/token_url", "/subject"})
      if (in.at(at + field) != nullptr) check_setting_name(in, at + field, properties);
    if (in.at(at + "/scope") != nullptr) in.words(at + "/scope", 2000, true);
    for (const char* field : {"/issuer", "/private_key", "/key_id", "/endpoint"}) in.pointer(at + field);
  }
  if (*scheme == "secret_url") {
    setting("url");
    const Json* url = in.at(at + "/url");
    const std::string name = url != nullptr && url->is_string() ? url->get<std::string>() : "";
    if (properties.contains(name) && !get<bool>(properties, "/" + name + "/x-secret").value_or(false))
      in.wrong(at + "/url", "a setting with \"x-secret\": true", "\"" + name + "\"");
  }
  if (*scheme != "login") return;
  const auto path = in.words(at + "/path", 500);
  if (path && !path->starts_with('/')) in.wrong(at + "/path", "a path that begins with \"/\"", "\"" + *path + "\"");
  if (const Json* body = in.object(at + "/body"))
    for (const auto& [key, name] : body->items())
      check_setting_name(in, at + "/body/" + ManifestReader::escaped(key), properties);
  in.pointer(at + "/token");
  in.pointer(at + "/expires");
  const auto lifetime = in.words(at + "/lifetime", 20);
  if (lifetime && !parse_duration(*lifetime))
    in.wrong(at + "/lifetime", "a duration such as \"1h\"", "\"" + *lifetime + "\"");
}

void check_connection(ManifestReader& in) {
  const std::string at = "/connection";
  if (in.object(at) == nullptr) return;
  check_settings(in, at + "/settings");
  in.optional_boolean(at + "/probe");
  const Json* given = in.at(at + "/settings/properties");
  const Json properties = given != nullptr && given->is_object() ? *given : Json::object();
  const Json* credentials = in.at(at + "/credentials");
  if (credentials == nullptr || credentials->is_null()) return;
  if (!credentials->is_array()) return check_scheme(in, at + "/credentials", properties);
  for (std::size_t i = 0; i < credentials->size(); ++i) {
    const std::string place = at + "/credentials/" + std::to_string(i);
    check_scheme(in, place, properties);
    if (in.at(place + "/when") == nullptr) continue;
    if (const Json* when = in.object(place + "/when"))
      for (const auto& [key, value] : when->items())
        if (!properties.contains(key))
          in.wrong(place + "/when", "names of the connection's settings", "\"" + key + "\"");
  }
}

/// {"setting": NAME} anywhere in a verifier.
void check_setting_references(ManifestReader& in, const std::string& at, const Json& value, const Json& properties) {
  if (!value.is_structured()) return;
  const auto setting = value.is_object() ? value.find("setting") : value.end();
  if (value.is_object() && setting != value.end()) {
    if (!setting->is_string() || !properties.contains(setting->get_ref<const std::string&>()))
      in.wrong(at + "/setting", "the name of one of the source's settings", text(*setting));
    return;
  }
  for (const auto& element : value) check_setting_references(in, at, element, properties);
}

void check_verifier(ManifestReader& in, const std::string& at, const Json& properties) {
  const Json* verify = in.object(at);
  if (verify == nullptr) return;
  check_setting_references(in, at, *verify, properties);
  if (in.at(at + "/when") == nullptr) return;
  if (const Json* when = in.object(at + "/when"))
    for (const auto& [key, value] : when->items())
      if (!properties.contains(key)) in.wrong(at + "/when", "names of the source's settings", "\"" + key + "\"");
}

void check_source(ManifestReader& in, const std::string& at, bool has_connection) {
  if (in.object(at) == nullptr) return;
  in.name(at + "/name");
  in.words(at + "/summary", 400);
  check_settings(in, at + "/settings");
  const auto kind = in.one_of(at + "/kind", {"webhook", "polling"});
  const bool on_connection = in.optional_boolean(at + "/connection").value_or(false);
  in.optional_boolean(at + "/settle");
  in.optional_boolean(at + "/decode");
  in.optional_boolean(at + "/final_4xx");
  if (on_connection && !has_connection)
    in.wrong(at + "/connection", "false, since the plugin has no connection", "true");
  if (kind == "polling" && !on_connection) in.wrong(at + "/connection", "true for a polling source", "false");
  if (kind == "webhook" && on_connection) in.wrong(at + "/connection", "false for a webhook source", "true");
  for (const char* status : {"/accepted_status", "/quarantined_status"})
    if (in.at(at + status) != nullptr) in.integer(at + status, 200, 299);
  if (const Json* verify = in.at(at + "/verify"); verify != nullptr && !verify->is_null()) {
    const Json* given = in.at(at + "/settings/properties");
    const Json properties = given != nullptr && given->is_object() ? *given : Json::object();
    if (verify->is_array()) {
      for (std::size_t i = 0; i < verify->size(); ++i)
        check_verifier(in, at + "/verify/" + std::to_string(i), properties);
    } else {
      check_verifier(in, at + "/verify", properties);
    }
  }
  const Json* pointers = in.at(at + "/pointers");
  if (pointers == nullptr || pointers->is_null() || in.object(at + "/pointers") == nullptr) return;
  constexpr std::array<std::string_view, 7> kFields{"id", "revision", "type", "subject", "actor", "reason", "time"};
  for (const auto& [key, pointer] : pointers->items()) {
    if (std::find(kFields.begin(), kFields.end(), key) == kFields.end())
      in.wrong(at + "/pointers", "id, revision, type, subject, actor, reason or time", "\"" + key + "\"");
    else
      in.pointer(at + "/pointers/" + key);
  }
}

void check_action(ManifestReader& in, const std::string& at) {
  if (in.object(at) == nullptr) return;
  in.name(at + "/name");
  in.words(at + "/summary", 400);
  check_settings(in, at + "/settings");
  in.optional_boolean(at + "/lookup");
  const std::string traits = at + "/traits";
  if (in.object(traits) == nullptr) return;
  in.integer(traits + "/max_batch", 1, 10'000);
  in.one_of(traits + "/replay", {"never", "with_key", "always"});
  in.one_of(traits + "/effect", {"record", "message", "mail", "other"});
  for (const char* seconds : {"/key_lifetime_s", "/settles_after_s"})
    if (in.at(traits + seconds) != nullptr) in.integer(traits + seconds, 0, kMostSeconds);
  if (in.at(traits + "/batch_key") != nullptr) in.pointer(traits + "/batch_key");
}

/// Calls `check` for each element, and refuses two of one name.
template <class Check>
std::size_t check_list(ManifestReader& in, const std::string& at, Check check) {
  const Json* list = in.optional_array(at);
  if (list == nullptr) return 0;
  if (list->size() > kMostComponents) {
    in.wrong(at, "at most " + std::to_string(kMostComponents) + " entries", std::to_string(list->size()));
    return 0;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = at + "/" + std::to_string(i);
    check(place);
    const auto name = get<std::string>(*list, "/" + std::to_string(i) + "/name");
    if (name && !names.insert(*name).second) in.wrong(place + "/name", "a name of its own", "\"" + *name + "\" twice");
  }
  return list->size();
}

}  // namespace

std::string check_manifest(const Json& manifest) {
  ManifestReader in(manifest);
  if (in.object("") == nullptr) return in.reason();
  in.name("/name");
  in.words("/version", 64);
  in.words("/summary", 400);
  const bool connection = manifest.contains("connection") && !manifest["connection"].is_null();
  if (connection) check_connection(in);
  check_list(in, "/sources", [&](const std::string& at) { check_source(in, at, connection); });
  const auto actions = check_list(in, "/actions", [&](const std::string& at) { check_action(in, at); });
  if (actions > 0 && !connection) in.wrong("/connection", "a connection, since actions are made on one", "none");
  in.optional_boolean("/sandbox");
  return in.reason();
}

}  // namespace milepost::plugins
