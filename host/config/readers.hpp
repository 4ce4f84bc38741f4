// From YAML to definitions, one function a kind of file. Inside config only; load.hpp is the way in.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "host/config/catalog.hpp"
#include "host/config/definition.hpp"
#include "host/config/json_schema.hpp"
#include "host/config/report.hpp"
#include "host/config/secrets.hpp"
#include "host/config/settings.hpp"

namespace milepost::config {

class Mapping;

/// What is known of a connection before (and even if never) it is read without a fault.
struct Declared {
  std::string use;  ///< "" when unknown: its file has a fault that is told already
  Position at;
};

/// The JSON Schemas under the folder, each read and compiled once.
class SchemaFiles {
 public:
  SchemaFiles(std::string root, Faults& faults) : root_(std::move(root)), faults_(faults) {}
  /// Canonical; nullptr when it cannot be used: the fault is told, at `node` or in the file itself. [any]
  const Json* get(const std::string& path, const yaml::Node& node, const std::string& where, Report& report);
  /// All that could be used.
  Schemas take();

 private:
  struct File {
    std::optional<Json> json = {};
    std::shared_ptr<const JsonSchema> compiled = {};
    std::string missing = {};  ///< why it cannot be read: told wherever it is named
    std::string remedy = {};
  };
  File read(const std::string& path);

  std::string root_;
  std::mutex mutex_;  // of what follows
  Faults& faults_;
  std::map<std::string, File> files_;
};

/// What all the readers of one folder share.
struct Context {
  const Catalog& catalog;
  const Secrets& secrets;
  SecretsFrom secrets_from;
  SchemaFiles schema_files;
  SettingsSchemas settings = {};
  std::map<std::string, Declared> connections = {};

  /// Faults for those of `uses` that are not set.
  void check_secrets(const std::vector<SecretUse>& uses, Report& report) const;
};

HostSettings read_host(const yaml::Node* root, Report& report);
/// Whatever has a fault keeps its default.
LoanModel read_loans(const yaml::Node* root, Report& report);
/// nullopt when it is too broken to have a name; otherwise `report` says whether it may be used.
std::optional<Connection> read_connection(const yaml::Node& root, Report& report, Context& context);
std::optional<Pipeline> read_pipeline(const yaml::Node& root, Report& report, Context& context);

Source read_source(const yaml::Node& node, const std::string& path, Report& report, Context& context);
Step read_step(const yaml::Node& node, std::size_t number, Report& report, Context& context);
/// Takes what every webhook source has out of its `with`.
void read_webhook(const yaml::Node* with, const yaml::Node& owner, const std::string& path, const Component& component,
                  Source& source, Report& report, Context& context);
const std::set<std::string>& webhook_keys();  ///< those that read_webhook() takes
/// The verifiers, described like any other settings, so that they are read and checked by the same code.
const Json& verify_schema();
/// The same of every polling source: every.
void read_polling(const yaml::Node* with, const std::string& path, Source& source, Report& report);
const std::set<std::string>& polling_keys();
std::set<std::string> shape_keys(std::string_view shape);

/// `isolation: process`, or `{process: {memory: …}}`, of a connection or a source.
std::optional<Isolation> read_isolation(Mapping& owner, Report& report);
/// `connection:` of a step or source: there, known, and of the component's connector.
std::string read_connection_name(const yaml::Node* value, const yaml::Node& owner, const std::string& path,
                                 const Component& component, Report& report, Context& context);
/// A component, or nullptr with a fault that names the nearest, or why its plugin was refused.
const Component* find_component(const Component* found, const std::string& use, const yaml::Node& node,
                                const std::string& path, std::string_view kind, std::string_view code,
                                const std::vector<std::string>& valid, Report& report, const Catalog& catalog);
bool is_name(std::string_view text);  ///< of a pipeline or connection
/// The top level of a file, whose root must be a mapping.
bool check_root(const yaml::Node* root, std::string_view kind, Report& report);

/// digest() of what is canonical already.
std::string canonical_digest(const Json& value);
/// The pipeline with everything that it does not say filled in, as canonical JSON; `schemas` by path, canonical.
Json effective_definition(const Pipeline& pipeline, const std::map<std::string, const Json*>& schemas,
                          const Catalog& catalog);
/// Keys sorted, all the way down.
Json canonical(const Json& value);

}  // namespace milepost::config
