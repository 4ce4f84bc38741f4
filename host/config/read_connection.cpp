// connections/*.yaml.
#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

Breaker read_breaker(const yaml::Node* node, const std::string& path, Report& report) {
  Breaker breaker;
  if (node == nullptr) return breaker;
  Mapping map(node, "breaker", path, report);
  if (const auto after = map.integer("after")) breaker.after = static_cast<unsigned>(*after);
  if (const auto wait = map.duration("wait")) breaker.wait = *wait;
  map.refuse_the_rest();
  return breaker;
}

Limit read_limit(const yaml::Node* node, Report& report) {
  Limit limit;
  Mapping map(node, "limit", "limit", report);
  if (const auto rate = map.rate("rate")) {
    limit.rate_count = rate->count;
    limit.rate_per = rate->per;
  }
  if (const auto in_flight = map.integer("in_flight")) limit.in_flight = static_cast<unsigned>(*in_flight);
  if (const auto timeout = map.duration("timeout")) limit.timeout = *timeout;
  limit.breaker = read_breaker(map.take("breaker"), map.path("breaker"), report);
  map.refuse_the_rest();
  return limit;
}

}  // namespace

std::optional<Isolation> read_isolation(Mapping& owner, Report& report) {
  const yaml::Node* node = owner.take("isolation");
  if (node == nullptr) return std::nullopt;
  if (node->scalar()) {
    owner.choice("isolation", {"process"});
    return Isolation{};
  }
  Mapping outer(node, "isolation", owner.path("isolation"), report);
  const yaml::Node* bounds = outer.need("process", "write isolation: process, or {process: {memory: 256 MiB}}");
  outer.refuse_the_rest();
  Isolation isolation;
  if (bounds == nullptr) return isolation;
  Mapping map(bounds, "process", outer.path("process"), report);
  if (const auto memory = map.size("memory")) isolation.memory = *memory;
  if (const auto cpu = map.duration("cpu")) isolation.cpu = *cpu;
  if (const auto files = map.integer("files")) isolation.files = *files;
  map.refuse_the_rest();
  return isolation;
}

std::optional<Connection> read_connection(const yaml::Node& root, Report& report, Context& context) {
  Mapping map(&root, "connection", "", report);
  Connection out;
  const auto name = map.needed_text("connection", "add connection: NAME, by which steps name it");
  const auto use = map.needed_text("use", "add use: CONNECTOR");
  const yaml::Node* with = map.take("with");
  out.limit = read_limit(map.take("limit"), report);
  out.isolation = read_isolation(map, report);
  out.allow_private = map.choice("allow").has_value();
  map.refuse_the_rest();

  if (name && !is_name(*name))
    report.fault(code::kName, *root.find("connection"), "connection",
                 in_quotes(*name) + " cannot be a name: letters, digits, \".\", \"_\" and \"-\", at most 64");
  if (use) {
    const auto* component =
        find_component(context.catalog.connector(*use), *use, *root.find("use"), "use", "connector",
                       code::kUnknownConnector, context.catalog.connectors(), report, context.catalog);
    if (component != nullptr) {
      const SettingsRules rules{.expressions = false,
                                .no_expressions_because = "a connection is opened before there is an event"};
      std::vector<SecretUse> secrets;
      out.with = read_settings(with, root, "with", component->settings, rules, context.settings, report, secrets);
      context.check_secrets(secrets, report);
    }
    out.use = *use;
  }
  if (!name) return std::nullopt;
  out.name = *name;
  out.at = report.at(*root.find("connection"));
  return out;
}

}  // namespace milepost::config
