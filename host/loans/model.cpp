#include "host/loans/model.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

#include "host/config/fault_codes.hpp"
#include "host/config/load.hpp"
#include "host/config/systems.hpp"
#include "host/config/units.hpp"

namespace milepost::loans {
namespace {

/// " Pre Qual" and "PRE_QUAL" are "pre-qual".
std::string folded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) || c == '_' || c == '-') {
      if (!out.empty() && out.back() != '-') out += '-';
    } else {
      out += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : c;
    }
  }
  if (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

Json mail_json(const config::MailRules& mail) {
  const auto datum = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
  Json out{{"do_not_mail", datum(mail.do_not_mail)},
           {"fraud_score", datum(mail.fraud_score)},
           {"fraud_limit", mail.fraud_limit},
           {"address", datum(mail.address)},
           {"as_of", datum(mail.as_of)},
           {"max_age", config::duration_text(mail.max_age)},
           {"consent", datum(mail.consent)},
           {"suppress", mail.suppress},
           {"cooling_off", config::duration_text(mail.cooling_off)},
           {"recall_on", mail.recall_on}};
  if (mail.budget) {
    out["budget"] = {{"a_day", mail.budget->a_day}, {"at_minute", mail.budget->at.count()}, {"best", mail.budget->best}};
    if (mail.budget->lapse) out["budget"]["lapse"] = config::duration_text(*mail.budget->lapse);
  }
  if (mail.hold_out > 0) {
    out["hold_out"] = mail.hold_out;
    out["hold_out_salt"] = mail.hold_out_salt;
  }
  return out;
}

}  // namespace

Model::Model(config::LoanModel definition, Calendar calendar, std::shared_ptr<const MailGate> mail)
    : definition_(std::move(definition)), calendar_(std::move(calendar)), mail_(std::move(mail)) {
  for (const auto* names : {&definition_.stages, &definition_.terminal})
    for (const auto& stage : *names) ranks_.emplace(stage, ranks_.size() + 1);
  for (const auto& [source, words] : definition_.synonyms)
    for (const auto& [word, stage] : words) words_[source][folded(word)] = stage;
  for (const auto& [stage, number] : ranks_) words_["any"].emplace(folded(stage), stage);
  std::set<std::string> systems;
  for (const auto& [system, names] : definition_.systems) systems.insert(system);
  for (const auto& [field, rule] : definition_.owners)
    if (rule.owner != "any") systems.insert(rule.owner);
  systems_.assign(systems.begin(), systems.end());
  digest_ = config::digest(json());
}

std::shared_ptr<const Model> Model::compile(const config::LoanModel& definition, config::Faults& faults) {
  auto calendar = Calendar::make(definition.calendar);
  if (!calendar)
    faults.push_back({std::string(config::code::kZone), {"loans.yaml", 0, 0}, "calendar.zone", calendar.error().message, "", false});
  auto gate = MailGate::compile(definition.mail, faults);
  if (!calendar || gate == nullptr) return nullptr;
  return std::shared_ptr<const Model>(new Model(definition, std::move(*calendar), std::move(gate)));
}

std::shared_ptr<const Model> Model::standard() {
  static const auto model = [] {
    config::Faults faults;
    auto made = compile({}, faults);
    if (made == nullptr) throw std::runtime_error(faults.front().message);
    return made;
  }();
  return model;
}

std::size_t Model::rank(const std::string& stage) const {
  const auto found = ranks_.find(stage);
  return found == ranks_.end() ? 0 : found->second;
}

std::optional<std::string> Model::stage(const std::string& text, const std::string& pipeline, const std::string& source) const {
  const std::string word = folded(text);
  const std::string system = definition_.systems.empty() ? source : config::system_of_source(definition_, pipeline, source);
  for (const std::string& where : {pipeline, source, system, std::string("any")}) {
    const auto words = words_.find(where);
    if (words == words_.end()) continue;
    if (const auto found = words->second.find(word); found != words->second.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::string> Model::stage_of_system(const std::string& text, const std::string& system) const {
  if (const auto meant = stage(text, system, "any")) return meant;
  const auto names = definition_.systems.find(system);
  if (names == definition_.systems.end()) return std::nullopt;
  const std::string word = folded(text);
  for (const auto& [where, words] : words_) {
    const bool theirs = std::ranges::any_of(names->second, [&](const std::string& name) { return where == name || where.starts_with(name + "."); });
    if (!theirs) continue;
    if (const auto found = words.find(word); found != words.end()) return found->second;
  }
  return std::nullopt;
}

const config::FieldOwner* Model::owner(const std::string& field) const {
  const auto found = definition_.owners.find(field);
  return found == definition_.owners.end() ? nullptr : &found->second;
}

bool Model::terminal(const std::string& stage) const { return rank(stage) > definition_.stages.size(); }

std::string Model::refusal(const std::string& from, const std::string& to, bool reason) const {
  if (rank(from) == 0) return "";  // of an earlier model: whatever follows is better
  if (const auto allowed = definition_.moves.find(from); allowed != definition_.moves.end() && std::ranges::find(allowed->second, to) == allowed->second.end())
    return "loans.yaml allows no move from " + from + " to " + to;
  if (reason) return "";
  if (terminal(from) && !terminal(to)) return from + " is the end of a loan: out of it only with a reason";
  if (!terminal(from) && rank(to) < rank(from)) return to + " comes before " + from + ": back only with a reason";
  return "";
}

const config::ServiceLevel* Model::service_level(const std::string& stage) const {
  const auto found = definition_.service_levels.find(stage);
  return found == definition_.service_levels.end() ? nullptr : &found->second;
}

std::optional<Time> Model::stuck_at(const std::string& stage, Time since) const {
  const auto* level = service_level(stage);
  if (level == nullptr) return std::nullopt;
  return level->business_days != 0 ? calendar_.end_of(since, level->business_days) : since + level->span;
}

bool Model::held_out(const std::string& subject) const {
  if (!definition_.mail || definition_.mail->hold_out <= 0) return false;
  const auto digest = telemetry::hex(telemetry::sha256(std::to_string(definition_.mail->hold_out_salt.size()) + ":" + definition_.mail->hold_out_salt + subject));
  constexpr double kDraws = 4294967296.0;  // of 32 bits
  return static_cast<double>(std::stoul(digest.substr(0, 8), nullptr, 16)) / kDraws < definition_.mail->hold_out;
}

Time Model::believed(Time time, Time accepted) const { return time > accepted + definition_.clock_tolerance ? accepted : time; }

Json Model::json() const {
  Json days = Json::array(), levels = Json::object();
  static constexpr const char* kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  for (std::size_t i = 0; i < 7; ++i)
    if (definition_.calendar.working[i]) days.push_back(kDays[i]);
  for (const auto& [stage, level] : definition_.service_levels) levels[stage] = level.text();
  Json out{{"stages", definition_.stages},
           {"terminal", definition_.terminal},
           {"moves", definition_.moves},
           {"synonyms", definition_.synonyms},
           {"service_levels", std::move(levels)},
           {"calendar", {{"zone", definition_.calendar.zone}, {"weekdays", std::move(days)}, {"holidays", definition_.calendar.holidays}}},
           {"clock_tolerance", config::duration_text(definition_.clock_tolerance)}};
  if (!definition_.systems.empty()) out["systems"] = definition_.systems;
  for (const auto& [field, rule] : definition_.owners) {
    static constexpr const char* kOtherwise[] = {"keep", "take", "task"};
    static constexpr const char* kCompare[] = {"exact", "text", "phone", "number", "date"};
    out["owners"][field] = {{"owner", rule.owner}, {"otherwise", kOtherwise[static_cast<int>(rule.otherwise)]}, {"compare", kCompare[static_cast<int>(rule.compare)]}};
  }
  if (definition_.mail) out["mail"] = mail_json(*definition_.mail);
  return out;
}

}  // namespace milepost::loans
