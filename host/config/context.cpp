// What several readers need.
#include <algorithm>
#include <cstdlib>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/shapes.hpp"
#include "host/config/utf8.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

constexpr std::size_t kMostSchemaBytes = 4 << 20;

/// "… at byte N" as a line and a column.
Position place_in(const std::string& file, const std::string& text, const std::string& message) {
  const auto word = message.rfind(" at byte ");
  if (word == message.npos) return {file, 0, 0};
  const auto offset =
      std::min(static_cast<std::size_t>(std::strtoull(message.c_str() + word + 9, nullptr, 10)), text.size());
  const auto before = std::string_view(text).substr(0, offset > 0 ? offset - 1 : 0);
  const auto start = before.rfind('\n');
  return {file, 1 + static_cast<int>(std::ranges::count(before, '\n')),
          static_cast<int>(utf8_length(before.substr(start == before.npos ? 0 : start + 1))) + 1};
}

/// Inside the folder, whatever the path says.
bool stays_inside(const std::string& path) {
  const std::filesystem::path parts(path);
  return !path.empty() && parts.is_relative() &&
         std::ranges::none_of(parts, [](const auto& part) { return part == ".."; });
}

}  // namespace

const Json* SchemaFiles::get(const std::string& path, const yaml::Node& node, const std::string& where,
                             Report& report) {
  const std::lock_guard lock(mutex_);
  auto known = files_.find(path);
  if (known == files_.end()) known = files_.emplace(path, read(path)).first;
  const File& file = known->second;
  if (file.json) return &*file.json;
  if (file.missing.empty())
    report.spoil();  // told in the file itself
  else
    report.fault(code::kSchemaFile, node, where, file.missing, file.remedy);
  return nullptr;
}

SchemaFiles::File SchemaFiles::read(const std::string& path) {
  if (!stays_inside(path))
    return {.missing = in_quotes(path) + " is not a path inside the config folder", .remedy = "write it as schemas/NAME.json"};
  const auto content = read_file(std::filesystem::path(root_) / path, kMostSchemaBytes);
  if (!content) {
    std::vector<std::string> there;
    if (const auto names = list_folder(std::filesystem::path(root_) / "schemas"))
      for (const auto& name : *names) there.push_back("schemas/" + name);
    return {.missing = "the schema " + in_quotes(path) + " cannot be read: " + content.error().message +
                       (content.error().missing ? did_you_mean(path, there) : "")};
  }
  const auto refuse = [&](Position at, const std::string& message) {
    faults_.push_back({std::string(code::kSchema), std::move(at), "", message, "", false});
    return File{};
  };
  auto json = read_json(*content);
  if (!json)
    return refuse(place_in(path, *content, json.error().message), "not a JSON Schema: " + json.error().message);
  auto compiled = JsonSchema::compile(*json);
  if (!compiled) return refuse({path, 0, 0}, "not a JSON Schema: " + compiled.error().message);
  return {.json = canonical(*json), .compiled = std::make_shared<const JsonSchema>(std::move(*compiled))};
}

Schemas SchemaFiles::take() {
  Schemas out;
  for (auto& [path, file] : files_)
    if (file.compiled) out.emplace(path, std::move(file.compiled));
  return out;
}

void Context::check_secrets(const std::vector<SecretUse>& uses, Report& report) const {
  for (const auto& use : uses) {
    if (secrets_from.made_up) continue;
    if (use.tag == "!env") {
      if (std::getenv(use.name.c_str()) == nullptr)
        report.fault(code::kUnsetVariable, *use.node, use.path,
                     "the environment variable " + in_quotes(use.name) + " is not set", "set it for the process");
      continue;
    }
    if (secrets.has(use.name)) continue;
    std::string remedy = "add it to " + secrets_from.file;
    if (!secrets_from.folder.empty()) remedy = "add the file " + secrets_from.folder + "/" + use.name;
    if (!secrets_from.env_prefix.empty()) remedy = "set a variable that begins with " + secrets_from.env_prefix;
    report.fault(code::kUnsetSecret, *use.node, use.path,
                 "the secret " + in_quotes(use.name) + " is not set" + did_you_mean(use.name, secrets.names()),
                 std::move(remedy));
  }
}

std::string read_connection_name(const yaml::Node* value, const yaml::Node& owner, const std::string& path,
                                 const Component& component, Report& report, Context& context) {
  const std::string where = join(path, "connection");
  if (value == nullptr) {
    if (component.connection)
      report.fault(code::kMissingConnection, owner, path, component.name + " needs a connection",
                   "add connection: NAME");
    return {};
  }
  const auto name = read_text(*value, where, report);
  if (!name) return {};
  if (!component.connection) {
    report.fault(code::kNeedlessConnection, *value, where, component.name + " uses no connection", "remove the key");
    return {};
  }
  const auto known = context.connections.find(*name);
  if (known == context.connections.end()) {
    std::vector<std::string> fitting, all;
    for (const auto& [other, declared] : context.connections) {
      all.push_back(other);
      if (declared.use == component.connector) fitting.push_back(other);
    }
    report.fault(code::kUnknownConnection, *value, where,
                 "no connection is named " + in_quotes(*name) + did_you_mean(*name, all),
                 fitting.empty() ? "add connections/" + *name + ".yaml with use: " + component.connector
                                 : "the connections to " + component.connector + " are " + listed(fitting));
  } else if (!known->second.use.empty() && known->second.use != component.connector) {
    report.fault(code::kOtherConnector, *value, where,
                 in_quotes(*name) + " is a connection to " + known->second.use + ", and " + component.name +
                     " needs one to " + component.connector);
  }
  return *name;
}

const Component* find_component(const Component* found, const std::string& use, const yaml::Node& node,
                                const std::string& path, std::string_view kind, std::string_view code,
                                const std::vector<std::string>& valid, Report& report, const Catalog& catalog) {
  if (found != nullptr) return found;
  if (const auto why = catalog.refusal(use.substr(0, use.find('.'))); !why.empty()) {
    report.fault(code::kRefusedPlugin, node, path, "the plugin of " + in_quotes(use) + " was refused: " + why);
    return nullptr;
  }
  const auto near = did_you_mean(use, valid);
  report.fault(
      code, node, path, "no " + std::string(kind) + " is named " + in_quotes(use) + near,
      near.empty() ? (valid.empty() ? "no " + std::string(kind) + " is installed" : "there are " + listed(valid)) : "");
  return nullptr;
}

std::set<std::string> shape_keys(std::string_view name) {
  std::set<std::string> out;
  for (const auto& [key, rule] : shape(name).at("properties").items()) out.insert(key);
  return out;
}

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
         text.find_first_not_of(kAllowed) == text.npos;
}

bool check_root(const yaml::Node* root, std::string_view kind, Report& report) {
  if (root != nullptr && root->is_map()) return true;
  if (root == nullptr || root->is_null()) {
    report.fault(code::kEmpty, Position{report.file(), 0, 0}, "",
                 "the file is empty; it should define a " + std::string(kind), "write it, or remove the file");
  } else {
    report.fault(code::kShape, *root, "",
                 "expected a mapping that defines a " + std::string(kind) + ", found " + describe(*root));
  }
  return false;
}

}  // namespace milepost::config
