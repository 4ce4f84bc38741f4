// One step of a pipeline.
#include <algorithm>
#include <array>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

/// Expressions say steps.card: the id must be a name there, and none of Lua's own words.
std::string id_fault(const std::string& id) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
       "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"});
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (id.empty() || id.size() > 64 || id[0] < 'a' || id[0] > 'z' || id.find_first_not_of(kAllowed) != id.npos)
    return " cannot be an id: a lower-case letter, then letters, digits and \"_\", at most 64, so that expressions can "
           "say steps.NAME";
  if (std::ranges::find(kWords, id) != kWords.end()) return " cannot be an id: it is a word of the expression language";
  return {};
}

void read_retry(const yaml::Node* node, const std::string& path, Retry& retry, Report& report) {
  Mapping map(node, "retry", path, report);
  if (const auto attempts = map.integer("attempts")) retry.attempts = static_cast<unsigned>(*attempts);
  if (const auto within = map.duration("within")) retry.within = *within;
  map.refuse_the_rest();
}

void read_batch(const yaml::Node* node, const std::string& path, std::optional<Batch>& batch, Report& report) {
  if (node == nullptr) return;
  Mapping map(node, "batch", path, report);
  batch.emplace();
  if (const auto size = map.integer("size")) batch->size = *size;
  if (const auto wait = map.duration("wait")) batch->wait = *wait;
  map.refuse_the_rest();
}

}  // namespace

Step read_step(const yaml::Node& node, std::size_t number, Report& report, Context& context) {
  const std::string path = item("steps", number);
  Mapping map(&node, "step", path, report);
  Step step;
  step.at = report.at(node);
  if (!map.given()) return step;

  const auto id = map.text("id");
  const auto use = map.needed_text("use", "add use: STEP");
  const yaml::Node* connection = map.take("connection");
  step.when = map.text("when").value_or("");
  step.once = map.text("once").value_or("");
  const yaml::Node* with = map.take("with");
  read_retry(map.take("retry"), map.path("retry"), step.retry, report);
  step.late_run = map.choice("late") == 0;
  if (const auto choice = map.choice("on_failure"))
    step.on_failure = *choice == 0 ? OnFailure::dead_letter : OnFailure::continue_;
  read_batch(map.take("batch"), map.path("batch"), step.batch, report);
  map.refuse_the_rest();
  for (const auto& [key, value] : node.members) step.key_at[key->text] = report.at(*value);

  for (const char* key : {"when", "once"})
    if (const auto* value = node.find(key); value != nullptr && value->scalar() && value->text.empty())
      report.fault(code::kEmpty, *value, map.path(key), "is empty", "remove the key");
  if (id)
    if (const auto why = id_fault(*id); !why.empty())
      report.fault(code::kStepId, *node.find("id"), map.path("id"), in_quotes(*id) + why);
  step.id = id.value_or("");
  if (!use) return step;
  step.use = *use;
  if (!id) step.id = *use + "-" + std::to_string(number + 1);

  const auto* component = find_component(context.catalog.step(*use), *use, *node.find("use"), map.path("use"), "step",
                                         code::kUnknownStep, context.catalog.steps(), report, context.catalog);
  if (component == nullptr) {
    // Its connection can be unknown all the same: every fault in one report.
    if (connection != nullptr && !context.connections.contains(connection->text)) {
      Component unknown;
      unknown.name = *use;
      unknown.connector = use->substr(0, use->find('.'));
      unknown.connection = true;
      read_connection_name(connection, node, path, unknown, report, context);
    }
    // Nobody knows its settings, and their expressions are read all the same.
    Faults untold;
    Report aside(report.file(), untold);
    std::vector<SecretUse> unknown_secrets;
    step.with = read_settings(with, node, map.path("with"), Json(), {.expressions = true, .no_expressions_because = {}}, context.settings, aside,
                              unknown_secrets);
    return step;
  }
  if (!id && node.find("id") == nullptr && !component->connector.empty())
    report.fault(code::kMissingId, node, path, *use + " needs an id, by which the ledger and later steps name it",
                 "add id: NAME");
  step.connection = read_connection_name(connection, node, path, *component, report, context);
  if (const auto* retry = node.find("retry"); retry != nullptr && !component->repeatable && step.retry.attempts > 1)
    report.warn(code::kUnsafeRetries, *retry, map.path("retry"),
                *use + " cannot be repeated safely: an attempt whose outcome is unknown waits in doubt, whatever `retry` says",
                "leave it out, or write attempts: 1");
  const SettingsRules rules{.expressions = true, .no_expressions_because = {}};
  std::vector<SecretUse> secrets;
  step.with =
      read_settings(with, node, map.path("with"), component->settings, rules, context.settings, report, secrets);
  context.check_secrets(secrets, report);
  return step;
}

}  // namespace milepost::config
