#include "host/loans/mail_gate.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/config/fault_codes.hpp"
#include "host/config/units.hpp"

namespace milepost::loans {
namespace {

using Kind = MailVerdict::Kind;

/// What one datum says: nothing against it, or what.
struct Finding {
  Kind kind = Kind::go;
  std::string reason;
};
Finding refused(std::string reason) { return {Kind::refuse, std::move(reason)}; }
Finding unknown(std::string reason) { return {Kind::hold, std::move(reason)}; }

/// nullopt also for one that no double holds, such as 1e400.
std::optional<double> number(const Json& value) {
  const auto read = is_number(value) ? get<double>(value, "") : Result<double>(fail(ErrorKind::permanent, "no number"));
  return read && std::isfinite(*read) ? std::optional(*read) : std::nullopt;
}
bool is_text(const Json& value, std::string_view text) { return value.is_string() && value.get_ref<const std::string&>() == text; }

Finding look_at(const std::string& name, const Json& value, const config::MailRules& rules, telemetry::Time now) {
  if (name == "do_not_mail") {
    if (!value.is_boolean()) return unknown("it is not known whether mail is wanted (do_not_mail)");
    return value.get<bool>() ? refused("do not mail") : Finding();
  }
  if (name == "consent") {
    if (!value.is_boolean()) return unknown("it is not known whether consent was given");
    return value.get<bool>() ? Finding() : refused("consent was not given");
  }
  if (name == "fraud_score") {
    const auto score = number(value);
    if (!score || !(*score >= 0)) return unknown("the fraud score is not known");
    return *score >= rules.fraud_limit ? refused(fmt::format("the fraud score {} is not below {}", text(value), rules.fraud_limit)) : Finding();
  }
  if (name == "address") {
    if (value == Json(true) || is_text(value, "deliverable")) return {};
    if (value == Json(false) || is_text(value, "undeliverable")) return refused("the address is undeliverable");
    return unknown("the address is not verified");
  }
  telemetry::Time as_of{};  // as_of
  if (!value.is_string() || !telemetry::from_text(value.get_ref<const std::string&>(), as_of)) return unknown("it is not known of when the data is");
  if (as_of > now + std::chrono::minutes(5)) return unknown("the data is of the future: " + value.get<std::string>());
  if (now - as_of > rules.max_age) return unknown("the data is older than " + config::duration_text(rules.max_age) + ": of " + value.get<std::string>());
  return {};
}

/// Compiles the section, gathering faults with their places.
struct Compiling {
  const config::MailRules& rules;
  config::Faults& faults;
  bool clean = true;

  template <class T>
  std::optional<T> take(const char* key, Result<T> compiled) {
    if (compiled) return std::move(*compiled);
    const auto at = rules.at.find(key);
    const bool name = compiled.error().message.find("unknown name") != std::string::npos;
    faults.push_back({std::string(name ? config::code::kUnknownName : config::code::kExpression), at == rules.at.end() ? config::Position{"loans.yaml", 0, 0} : at->second,
                      std::string("mail.") + key, compiled.error().message, "correct the expression", false});
    clean = false;
    return std::nullopt;
  }
};

}  // namespace

std::shared_ptr<const MailGate> MailGate::compile(const std::optional<config::MailRules>& rules, config::Faults& faults) {
  auto gate = std::make_shared<MailGate>();
  gate->rules_ = rules;
  const config::MailRules given = rules.value_or(config::MailRules());
  Compiling compiling{given, faults};
  const std::pair<const char*, const std::string*> data[] = {{"do_not_mail", &given.do_not_mail}, {"fraud_score", &given.fraud_score}, {"address", &given.address},
                                                             {"consent", &given.consent},         {"as_of", &given.as_of}};
  for (const auto& [name, source] : data) {
    if (!rules || source->empty()) continue;
    if (auto expression = compiling.take(name, expression::Expression::compile(*source))) gate->data_.push_back({name, std::move(*expression)});
  }
  for (const auto& source : given.suppress)
    if (auto key = compiling.take("suppress", expression::Template::compile(source))) gate->suppress_.push_back(std::move(*key));
  if (given.budget && !given.budget->best.empty()) gate->best_ = compiling.take("budget", expression::Expression::compile(given.budget->best));
  return compiling.clean ? gate : nullptr;
}

MailVerdict MailGate::ask(const Asked& asked, expression::Machine& machine) const {
  MailVerdict verdict;
  std::string holds;
  const auto find_out = [&](const Finding& finding) {
    if (finding.kind == Kind::refuse && verdict.kind != Kind::refuse) verdict.kind = Kind::refuse, verdict.reason = finding.reason;
    if (finding.kind == Kind::hold) holds.append(holds.empty() ? "" : "; ").append(finding.reason);
  };
  const Json* stage = asked.scope.loan == nullptr ? nullptr : find(*asked.scope.loan, "/stage");
  const bool known = stage != nullptr && stage->is_string();
  if (asked.ended) find_out(refused("the loan is " + stage->get<std::string>()));
  else if (rules_ && !known) find_out(unknown("the loan's stage is not known"));
  verdict.seen["stage"] = known ? *stage : Json(nullptr);

  for (const auto& key : suppress_) {
    const auto rendered = key.render(machine, asked.scope);
    if (!rendered || !*rendered || (*rendered)->is_structured() || (*rendered)->is_null()) {
      if (rules_) find_out(unknown("a name for the suppression list is not known: " + key.source()));
      continue;
    }
    const auto name = (*rendered)->is_string() ? (*rendered)->get<std::string>() : text(**rendered);
    if (const auto why = asked.suppressed(name)) find_out(refused(name + " is on the suppression list: " + *why));
  }
  for (const auto& datum : data_) {
    const auto value = machine.evaluate(datum.expression, asked.scope);
    if (!value) {
      verdict.seen[datum.name] = nullptr;
      find_out(unknown(datum.name + ": " + value.error().message));
      continue;
    }
    const Json& seen = verdict.seen[datum.name] = value->value_or(nullptr);
    find_out(look_at(datum.name, seen, *rules_, asked.scope.now));
  }
  if (verdict.kind == Kind::refuse) return verdict;
  if (!holds.empty()) {
    verdict.kind = Kind::hold;
    verdict.reason = std::move(holds);
    return verdict;
  }
  if (best_) {
    // What cannot be weighed goes last; that it may go is decided already.
    const auto worth = machine.evaluate(*best_, asked.scope);
    if (worth && *worth) verdict.worth = number(**worth);
    verdict.seen["worth"] = verdict.worth ? Json(*verdict.worth) : Json(nullptr);
  }
  return verdict;
}

}  // namespace milepost::loans
