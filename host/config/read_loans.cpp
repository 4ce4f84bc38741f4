// loans.yaml.
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/timetable.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

using namespace std::chrono_literals;

bool is_stage(const std::string& text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= 64 && text[0] >= 'a' && text[0] <= 'z' && text.find_first_not_of(kAllowed) == text.npos;
}

bool only_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

/// "2026-11-26" or "12-25".
bool is_holiday(const std::string& text) {
  const bool whole = text.size() == 10;
  if (!whole && text.size() != 5) return false;
  const std::string year = whole ? text.substr(0, 4) : "2024", day = whole ? text.substr(5) : text;
  if ((whole && text[4] != '-') || day[2] != '-' || !only_digits(year) || !only_digits(day.substr(0, 2)) || !only_digits(day.substr(3))) return false;
  return std::chrono::year_month_day(std::chrono::year(std::stoi(year)), std::chrono::month(static_cast<unsigned>(std::stoi(day.substr(0, 2)))),
                                     std::chrono::day(static_cast<unsigned>(std::stoi(day.substr(3)))))
      .ok();
}

class LoansReader {
 public:
  LoansReader(const yaml::Node* root, Report& report) : report_(report), map_(root, "loans", "", report) {}

  LoanModel read() {
    stages("stages", model_.stages);
    stages("terminal", model_.terminal);
    for (const auto& stage : model_.terminal)
      if (std::ranges::find(model_.stages, stage) != model_.stages.end())
        wrong(code::kStageName, node("terminal"), "terminal", in_quotes(stage) + " is a stage on the way already");
    names_ = model_.stages;
    names_.insert(names_.end(), model_.terminal.begin(), model_.terminal.end());
    moves();
    synonyms();
    service_levels();
    calendar();
    if (const auto tolerance = map_.duration("clock_tolerance")) model_.clock_tolerance = *tolerance;
    if (const auto* value = map_.take("mail")) mail(*value);
    systems();
    owners();
    map_.refuse_the_rest();
    return std::move(model_);
  }

 private:
  void wrong(std::string_view code, const yaml::Node& at, const std::string& path, std::string message, std::string remedy = {}) {
    report_.fault(code, at, path, std::move(message), std::move(remedy));
  }
  const yaml::Node& node(std::string_view key) const {
    const auto* found = map_.node().find(key);
    return found == nullptr ? map_.node() : *found;
  }
  bool known_stage(const std::string& stage, const yaml::Node& at, const std::string& path) {
    if (std::ranges::find(names_, stage) != names_.end()) return true;
    wrong(code::kUnknownStage, at, path, in_quotes(stage) + " is no stage" + did_you_mean(stage, names_), "the stages are " + listed(names_));
    return false;
  }

  void stages(std::string_view key, std::vector<std::string>& out) {
    auto texts = map_.texts(key);
    if (!texts) return;
    std::vector<std::string> taken;
    for (auto& text : *texts) {
      if (!is_stage(text))
        wrong(code::kStageName, node(key), std::string(key),
              in_quotes(text) + " cannot be a stage: a lower-case letter, then letters, digits, \"_\" and \"-\", at most 64");
      else if (std::ranges::find(taken, text) != taken.end())
        wrong(code::kStageName, node(key), std::string(key), in_quotes(text) + " stands twice");
      else
        taken.push_back(std::move(text));
    }
    if (texts->empty() && key == "stages") wrong(code::kEmpty, node(key), std::string(key), "there is no stage");
    out = std::move(taken);
  }

  void moves() {
    Mapping map(map_.take("moves"), "moves", report_);
    if (!map.given()) return;
    for (const auto& [key, value] : map.node().members) {
      const std::string path = map.path(in_path(key->text));
      auto to = map.texts(key->text);
      if (!known_stage(key->text, *key, path) || !to) continue;
      for (const auto& stage : *to) known_stage(stage, *value, path);
      model_.moves[key->text] = std::move(*to);
    }
  }

  void synonyms() {
    Mapping map(map_.take("synonyms"), "synonyms", report_);
    if (!map.given()) return;
    for (const auto& [source, value] : map.node().members) {
      const std::string path = map.path(in_path(source->text));
      Mapping words(map.take(source->text), path, report_);
      if (!words.given()) continue;
      for (const auto& [word, stage] : words.node().members) {
        const std::string at = join(path, in_path(word->text));
        if (const auto text = words.text(word->text); text && known_stage(*text, *stage, at)) model_.synonyms[source->text][word->text] = *text;
      }
    }
  }

  void service_levels() {
    Mapping map(map_.take("service_levels"), "service_levels", report_);
    if (!map.given()) return;
    for (const auto& [stage, value] : map.node().members) {
      const std::string path = map.path(in_path(stage->text));
      const auto text = map.text(stage->text);
      if (!known_stage(stage->text, *stage, path) || !text) continue;
      ServiceLevel level;
      const auto space = text->find(' ');
      const auto count = text->substr(0, space), unit = space == text->npos ? "" : text->substr(space + 1);
      if (only_digits(count) && count.size() <= 3 && (unit == "business days" || unit == "business day") && std::stoi(count) > 0) {
        level.business_days = static_cast<unsigned>(std::stoi(count));
      } else if (const auto span = parse_duration(*text); span && *span >= 1min) {
        level.span = *span;
      } else {
        wrong(code::kServiceLevel, *value, path, in_quotes(*text) + " is no service level", "write it as 5 business days (at most 999), or as 72h");
        continue;
      }
      model_.service_levels[stage->text] = level;
    }
  }

  void calendar() {
    Mapping map(map_.take("calendar"), "calendar", "calendar", report_);
    if (!map.given()) return;
    if (const auto zone = map.text("zone")) {
      if (const auto found = Zone::find(*zone); !found)
        wrong(code::kZone, *map.node().find("zone"), "calendar.zone", found.error().message);
      else
        model_.calendar.zone = *zone;
    }
    if (const auto days = map.texts("weekdays")) {
      static const std::vector<std::string> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
      model_.calendar.working.fill(false);
      for (const auto& day : *days) {
        const auto found = std::ranges::find(kDays, day);
        if (found == kDays.end())
          wrong(code::kChoice, *map.node().find("weekdays"), "calendar.weekdays", in_quotes(day) + " is none of " + listed(kDays) + did_you_mean(day, kDays));
        else
          model_.calendar.working[static_cast<std::size_t>(found - kDays.begin())] = true;
      }
      if (days->empty()) wrong(code::kEmpty, *map.node().find("weekdays"), "calendar.weekdays", "there is no working day");
    }
    if (const auto days = map.texts("holidays"))
      for (const auto& day : *days) {
        if (!is_holiday(day))
          wrong(code::kHoliday, *map.node().find("holidays"), "calendar.holidays", in_quotes(day) + " is no day", "write 2026-11-26, or \"12-25\" for each year");
        model_.calendar.holidays.insert(day);
      }
    map.refuse_the_rest();
  }

  void mail(const yaml::Node& value) {
    Mapping map(&value, "mail", "mail", report_);
    if (!map.given()) return;
    MailRules rules;
    const auto datum = [&](const char* key, std::string& out) {
      if (const auto text = map.text(key)) out = *text == "none" ? "" : *text;
    };
    datum("do_not_mail", rules.do_not_mail);
    datum("fraud_score", rules.fraud_score);
    datum("address", rules.address);
    datum("as_of", rules.as_of);
    datum("consent", rules.consent);
    if (const auto text = map.text("fraud_limit")) {
      char* end = nullptr;
      rules.fraud_limit = std::strtod(text->c_str(), &end);
      if (text->empty() || *end != 0 || !(rules.fraud_limit > 0))
        wrong(code::kNumber, *map.node().find("fraud_limit"), "mail.fraud_limit", in_quotes(*text) + " is no number above 0");
    }
    if (const auto age = map.duration("max_age")) rules.max_age = *age;
    if (auto keys = map.texts("suppress")) rules.suppress = std::move(*keys);
    if (const auto window = map.duration("cooling_off")) rules.cooling_off = *window;
    if (auto fields = map.texts("recall_on")) rules.recall_on = std::move(*fields);
    if (const auto* node = map.take("budget")) budget(*node, rules.budget);
    if (const auto text = map.text("hold_out")) {
      char* end = nullptr;
      const double percent = std::strtod(text->c_str(), &end);
      if (text->empty() || !std::isdigit(static_cast<unsigned char>((*text)[0])) || std::string_view(end) != "%" || !(percent <= 100))
        wrong(code::kNumber, *map.node().find("hold_out"), "mail.hold_out", in_quotes(*text) + " is no share of loans", "write it as 10%");
      else
        rules.hold_out = percent / 100;
    }
    rules.hold_out_salt = map.text("hold_out_salt").value_or("");
    map.refuse_the_rest();
    for (const auto& [key, at] : map.node().members) rules.at[key->text] = report_.at(*at);
    model_.mail = std::move(rules);
  }

  void budget(const yaml::Node& value, std::optional<MailBudget>& out) {
    Mapping map(&value, "budget", "mail.budget", report_);
    if (!map.given()) return;
    MailBudget budget;
    map.need("a_day", "add a_day: N");
    if (const auto count = map.integer("a_day")) budget.a_day = *count;
    if (const auto text = map.text("at")) {
      const auto fits = text->size() == 5 && (*text)[2] == ':' && only_digits(text->substr(0, 2)) && only_digits(text->substr(3));
      const int hour = fits ? std::stoi(text->substr(0, 2)) : 24, minute = fits ? std::stoi(text->substr(3)) : 60;
      if (hour > 23 || minute > 59)
        wrong(code::kTimeOfDay, *map.node().find("at"), "mail.budget.at", in_quotes(*text) + " is no time of day", "write it as \"16:00\"");
      else
        budget.at = std::chrono::minutes(hour * 60 + minute);
    }
    budget.best = map.text("best").value_or("");
    if (const auto lapse = map.duration("lapse")) budget.lapse = *lapse;
    map.refuse_the_rest();
    out = budget;
  }

  void systems() {
    Mapping map(map_.take("systems"), "systems", report_);
    if (!map.given()) return;
    std::map<std::string, std::string> taken;
    for (const auto& [system, value] : map.node().members) {
      const std::string path = map.path(in_path(system->text));
      auto names = map.texts(system->text);
      if (!names) continue;
      if (system->text == "any") wrong(code::kName, *system, path, "\"any\" is no system: it says that every one may change a field");
      for (const auto& name : *names)
        if (const auto [first, fresh] = taken.emplace(name, system->text); !fresh)
          wrong(code::kTwoOwners, *value, path, in_quotes(name) + " belongs to " + first->second + " already", "leave it to one of them");
      model_.at["systems." + system->text] = report_.at(*value);
      model_.systems[system->text] = std::move(*names);
    }
  }

  void owners() {
    Mapping map(map_.take("owners"), "owners", report_);
    if (!map.given()) return;
    for (const auto& [field, value] : map.node().members) {
      const std::string path = map.path(in_path(field->text));
      static const std::vector<std::string> kOwn = {"task", "tasks", "piece", "reason", "echo", "known_as", "merged_into"};
      if (std::ranges::find(kOwn, field->text) != kOwn.end()) {
        map.take(field->text);
        wrong(code::kName, *field, path, in_quotes(field->text) + " is a setting of track, and no field of the loan");
        continue;
      }
      auto owner = owner_of(map, field->text, *value, path);
      if (!owner) continue;
      model_.at["owners." + field->text] = report_.at(*value);
      model_.owners[field->text] = *std::move(owner);
    }
  }

  std::optional<FieldOwner> owner_of(Mapping& map, const std::string& field, const yaml::Node& value, const std::string& path) {
    FieldOwner out;
    std::optional<std::vector<std::string>> names;
    if (value.scalar()) {
      if (auto name = map.text(field)) names = {std::move(*name)};
    } else {
      Mapping owned(map.take(field), "owned", path, report_);
      if (!owned.given()) return std::nullopt;
      owned.need("owner", "add owner: SYSTEM, or owner: any");
      names = owned.texts("owner");
      if (const auto rule = owned.choice("otherwise")) out.otherwise = static_cast<FieldOwner::Otherwise>(*rule);
      if (const auto compare = owned.choice("compare")) out.compare = static_cast<Compare>(*compare);
      owned.refuse_the_rest();
    }
    if (!names) return std::nullopt;
    if (names->size() != 1) {
      wrong(code::kTwoOwners, value, path, names->empty() ? "no system has the say" : listed(*names) + " both claim " + in_quotes(field),
            "name the one that has the say; any: whoever changed it last");
      return std::nullopt;
    }
    out.owner = names->front();
    if (!model_.systems.empty() && out.owner != "any" && !model_.systems.contains(out.owner)) {
      std::vector<std::string> known;
      for (const auto& [system, ignored] : model_.systems) known.push_back(system);
      wrong(code::kUnknownSystem, value, path, in_quotes(out.owner) + " is no system" + did_you_mean(out.owner, known), "the systems are " + listed(known));
      return std::nullopt;
    }
    return out;
  }

  Report& report_;
  Mapping map_;
  LoanModel model_;
  std::vector<std::string> names_;
};

}  // namespace

std::string ServiceLevel::text() const {
  if (business_days == 0) return duration_text(span);
  return std::to_string(business_days) + (business_days == 1 ? " business day" : " business days");
}

bool LoanModel::knows(const std::string& stage) const {
  return std::ranges::find(stages, stage) != stages.end() || std::ranges::find(terminal, stage) != terminal.end();
}

LoanModel read_loans(const yaml::Node* root, Report& report) {
  if (root == nullptr || root->is_null()) return {};
  return LoansReader(root, report).read();
}

}  // namespace milepost::config
