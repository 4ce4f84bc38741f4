#include "host/expression/validation.hpp"

namespace milepost::expression {
namespace {
constexpr std::size_t kMostReasons = 20;
}

std::expected<Validation, std::vector<TreeFault>> Validation::compile(const Json& with, std::shared_ptr<const config::JsonSchema> schema) {
  Validation out;
  std::vector<TreeFault> faults;
  out.schema_ = std::move(schema);
  const Json* rules = find(with, "/rules");
  for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
    const std::string at = "/rules/" + std::to_string(i);
    const auto check = get<std::string>(with, at + "/check");
    const auto message = get<std::string>(with, at + "/message");
    if (!check || !message) {
      faults.push_back({at, check ? message.error() : check.error()});
      continue;
    }
    auto compiled = Expression::compile(*check);
    if (compiled)
      out.rules_.push_back({std::move(*compiled), *message});
    else
      faults.push_back({at + "/check", compiled.error()});
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return out;
}

std::optional<std::set<std::string>> Validation::members() const {
  constexpr std::size_t kFew = 16;
  if (schema_ == nullptr) return std::set<std::string>();
  auto found = schema_->members();
  return found && found->size() <= kFew ? found : std::nullopt;
}

std::string Validation::refusal(Machine& machine, const Scope& scope) const {
  std::vector<std::string> reasons;
  if (schema_ != nullptr && scope.payload != nullptr)
    for (const auto& violation : schema_->check(*scope.payload))
      reasons.push_back((violation.pointer.empty() ? "payload" : violation.pointer) + ": " + violation.message);
  for (const auto& rule : rules_) {
    const auto held = machine.test(rule.check, scope);
    if (!held)
      reasons.push_back(rule.message + " (the check could not be evaluated: " + held.error().message + ")");
    else if (!*held)
      reasons.push_back(rule.message);
  }
  std::string out;
  for (std::size_t i = 0; i < reasons.size() && i < kMostReasons; ++i) out += (i == 0 ? "" : "; ") + reasons[i];
  return out;
}

}  // namespace milepost::expression
