#include "host/deploy/state.hpp"

#include "host/config/settings.hpp"
#include "host/config/units.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::deploy {
namespace {

/// Salted, so that nobody who sees a digest can try out secrets.
std::string fingerprint(const std::string& secret) {
  static const std::string salt = telemetry::random_bytes(32);
  return telemetry::hex(telemetry::sha256(salt + secret));
}

bool tagged(const Json& value, const char* tag) {
  return value.is_object() && value.size() == 1 && value.begin().key() == tag && value.begin()->is_string();
}

/// Gathers what is secret in settings, and puts *** where a secret itself stands.
class Masked {
 public:
  Masked(config::Secrets secrets, std::map<std::string, std::string>& found) : secrets_(std::move(secrets)), found_(found) {}

  Json of(const Json& value, const Json* schema, const std::string& path) {
    if (tagged(value, "!secret") || tagged(value, "!env")) {
      const auto resolved = secrets_.resolve(value);
      found_[value.begin().key().substr(1) + " " + value.begin()->get<std::string>()] = resolved ? fingerprint(resolved->reveal()) : "";
      return value;
    }
    if (value.is_string() && schema != nullptr && secret(*schema)) {
      found_[path] = fingerprint(value.get<std::string>());
      return "***";
    }
    if (value.is_object()) {
      Json out = Json::object();
      const Json* properties = schema == nullptr ? nullptr : find(*schema, "/properties");
      for (const auto& [key, member] : value.items()) {
        const bool known = properties != nullptr && properties->is_object() && properties->contains(key);
        out[key] = of(member, known ? &(*properties)[key] : nullptr, path.empty() ? key : path + "." + key);
      }
      return out;
    }
    if (value.is_array()) {
      Json out = Json::array();
      const Json* items = schema == nullptr ? nullptr : find(*schema, "/items");
      for (std::size_t i = 0; i < value.size(); ++i) out.push_back(of(value[i], items, path + "[" + std::to_string(i) + "]"));
      return out;
    }
    return value;
  }
  /// A verifier's: its secret or secrets, its password.
  Json of_verifier(const Json& verify, const std::string& path) {
    static const Json schema = Json::parse(R"({"properties": {"secret": {"x-secret": true, "items": {"x-secret": true}}, "password": {"x-secret": true}}})");
    if (!verify.is_object()) return verify;
    Json out = Json::object();
    for (const auto& [kind, settings] : verify.items()) out[kind] = of(settings, &schema, path + "." + kind);
    return out;
  }

 private:
  static bool secret(const Json& schema) {
    if (get<bool>(schema, "/x-secret").value_or(false)) return true;
    if (const Json* any = find(schema, "/anyOf"))
      for (const auto& one : *any)
        if (get<bool>(one, "/x-secret").value_or(false)) return true;
    return false;
  }
  const config::Secrets secrets_;
  std::map<std::string, std::string>& found_;
};

Json limit_definition(const config::Limit& limit) {
  Json out{{"in_flight", limit.in_flight}, {"timeout", config::duration_text(limit.timeout)},
           {"breaker", {{"after", limit.breaker.after}, {"wait", config::duration_text(limit.breaker.wait)}}}};
  if (limit.rate_count != 0) out["rate"] = std::to_string(limit.rate_count) + " per " + config::duration_text(limit.rate_per);
  return out;
}

Part part_of(const config::Connection& connection, const Deployment& deployment, const std::map<std::string, std::string>& libraries) {
  Part part;
  const auto* component = deployment.registry->connector(connection.use);
  const Json* schema = component == nullptr ? nullptr : &component->settings;
  const Json with = connection.with.json.is_null() ? Json::object() : connection.with.json;
  Masked masked(deployment.secrets, part.outside);
  part.definition = {{"connection", connection.name},
                     {"use", connection.use},
                     {"with", masked.of(schema == nullptr ? with : config::with_defaults(with, *schema), schema, "with")},
                     {"limit", limit_definition(connection.limit)}};
  if (connection.isolation)
    part.definition["isolation"] = {{"memory", connection.isolation->memory}, {"cpu", config::duration_text(connection.isolation->cpu)}, {"files", connection.isolation->files}};
  if (connection.allow_private) part.definition["allow"] = "private";
  part.version = config::digest(part.definition);
  part.file = connection.at.file;
  if (const auto found = libraries.find(connection.use); found != libraries.end()) part.libraries.insert(*found);
  return part;
}

Part part_of(const config::Pipeline& pipeline, const Deployment& deployment, const std::map<std::string, std::string>& libraries) {
  Part part;
  part.definition = pipeline.effective;
  part.version = pipeline.version;
  part.file = pipeline.at.file;
  if (const auto text = deployment.texts.find(part.file); text != deployment.texts.end()) part.source = telemetry::hex(telemetry::sha256(text->second));
  Masked masked(deployment.secrets, part.outside);
  const auto uses = [&](const std::string& use) {
    if (const auto found = libraries.find(use.substr(0, use.find('.'))); found != libraries.end()) part.libraries.insert(*found);
  };
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const auto& source = pipeline.sources[i];
    uses(source.use);
    auto& definition = part.definition["source"][i];
    // A connector's webhook proves its sender by a secret among its own settings.
    const auto* component = deployment.registry->source(source.use);
    if (component != nullptr && definition.contains("with"))
      definition["with"] = masked.of(definition["with"], &component->settings, "source[" + std::to_string(i) + "].with");
    if (definition.contains("verify")) definition["verify"] = masked.of_verifier(source.verify.json, "source[" + std::to_string(i) + "].verify");
    if (!source.path.empty() && !source.body_limit) part.outside["limits.body"] = std::to_string(deployment.host.body_limit);
  }
  for (const auto& step : pipeline.steps) uses(step.use);
  return part;
}

/// The settings of a source that its plugin's verifier takes its secrets from.
std::set<std::string> proving(const Json& verify) {
  std::set<std::string> out;
  if (verify.is_array())
    for (const auto& one : verify) out.merge(proving(one));
  if (!verify.is_object()) return out;
  for (const auto& [key, value] : verify.items()) {
    if (key == "secret" || key == "password")
      for (const auto& one : value.is_array() ? value : Json::array({value}))
        if (auto name = get<std::string>(one, "/setting")) out.insert(std::move(*name));
    out.merge(proving(value));
  }
  return out;
}

}  // namespace

Json start_settings(const config::HostSettings& host) {
  const auto span = [](const std::optional<std::chrono::milliseconds>& time) { return time ? config::duration_text(*time) : std::string("forever"); };
  return {{"listen.hooks", host.listen_hooks},
          {"listen.admin", host.listen_admin},
          {"store", host.store},
          {"limits.header_timeout", config::duration_text(host.header_timeout)},
          {"limits.body_timeout", config::duration_text(host.body_timeout)},
          {"limits.connections", host.max_connections},
          {"limits.drain", config::duration_text(host.drain)},
          {"limits.store", host.most_stored},
          {"limits.free", host.least_free},
          {"limits.backlog", config::duration_text(host.backlog)},
          {"retention.events", span(host.retention.events)},
          {"retention.ids", span(host.retention.ids)},
          {"tls.certificate", host.tls_certificate},
          {"tls.key", host.tls_key}};
}

State state_of(const Deployment& deployment) {
  State out;
  std::map<std::string, std::string> libraries;
  for (const auto& plugin : deployment.registry->installed()) libraries[plugin.name] = plugin.digest;
  for (const auto& program : deployment.programs) out.pipelines[program->pipeline.name] = part_of(program->pipeline, deployment, libraries);
  for (const auto& [name, connection] : deployment.folder.connections) out.connections[name] = part_of(connection, deployment, libraries);
  for (const auto& status : deployment.broken) out.broken.insert(status.name);
  for (const auto& fault : deployment.faults)
    if (!fault.warning && !fault.at.file.empty()) out.faulty.insert(fault.at.file);
  out.loans = deployment.loans->json();
  out.host = start_settings(deployment.host);
  return out;
}

Json shown(Json definition, const config::Catalog* catalog) {
  std::map<std::string, std::string> unused;
  Masked masked(config::Secrets(), unused);
  const auto sources = definition.is_object() ? definition.find("source") : definition.end();
  if (sources == definition.end() || !sources->is_array()) return definition;
  for (auto& source : *sources) {
    if (!source.is_object()) continue;
    const auto* component = catalog == nullptr ? nullptr : catalog->source(get<std::string>(source, "/use").value_or(""));
    if (component != nullptr && source.contains("with")) source["with"] = masked.of(source["with"], &component->settings, "");
    if (!source.contains("verify")) continue;
    if (const auto with = source.find("with"); with != source.end() && with->is_object())
      for (const auto& name : proving(source["verify"]))
        if (const auto setting = with->find(name); setting != with->end() && setting->is_string()) *setting = "***";
    source["verify"] = masked.of_verifier(source["verify"], "");
  }
  return definition;
}

State recorded(const journal::Store& store, const config::Catalog* catalog) {
  State out;
  out.loans = loans::Model::standard()->json();  // until a loans.yaml says otherwise
  for (const auto& row : store.latest_versions()) {
    if (row.version.empty()) continue;
    const auto body = store.definition(row.version);
    auto definition = body ? read_json(*body).value_or(nullptr) : Json(nullptr);
    if (row.kind == "loans") {
      out.loans = std::move(definition);
      continue;
    }
    Part part;
    part.definition = shown(std::move(definition), catalog);
    part.version = row.version;
    part.file = row.file;
    part.source = row.source;
    part.known = false;
    (row.kind == "pipeline" ? out.pipelines : out.connections)[row.name] = std::move(part);
  }
  out.host = nullptr;  // not kept
  return out;
}

}  // namespace milepost::deploy
