#include "host/loans/signals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "host/config/host_events.hpp"
#include "host/config/links.hpp"
#include "host/loans/path.hpp"
#include "host/loans/pieces.hpp"
#include "host/loans/tasks.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::loans {
namespace {

constexpr std::size_t kPageOfLoans = 500;
constexpr double kDay = 86'400'000'000.0;  // microseconds

double days_between(Time from, Time to) { return static_cast<double>((to - from).count()) / kDay; }

double rounded(double value) { return std::round(value * 100) / 100; }

Json rate(std::size_t part, std::size_t whole) { return whole == 0 ? Json(nullptr) : Json(std::round(static_cast<double>(part) / static_cast<double>(whole) * 10'000) / 10'000); }

Json arm_json(const Arm& arm) { return {{"loans", arm.loans}, {"responded", arm.responded}, {"closed", arm.closed}, {"rate", rate(arm.closed, arm.loans)}, {"days", arm.days.json()}}; }

std::string field_text(const Json& state, const std::string& field) {
  const Json* value = find(state, "/fields/" + field);
  return value == nullptr || value->is_null() ? "" : value->is_string() ? value->get<std::string>() : text(*value);
}

/// Adds up one period.
class Adder {
 public:
  Adder(const journal::Store& store, const Model& model, const Period& period) : store_(store), model_(model), period_(period) {}

  std::map<std::string, Signals> run() {
    std::string after;
    for (;;) {
      const auto page = store_.loans(after, kPageOfLoans);
      if (page.empty()) break;
      for (const auto& loan : page) add(loan);
      after = page.back().subject;
    }
    add_comparisons();
    add_missed();
    return std::move(groups_);
  }

 private:
  bool in_period(Time time) const { return time >= period_.since && time < period_.until; }

  /// The group of a loan; nullptr where it does not count.
  Signals* group_of(const Json& state) {
    for (const auto& [field, value] : period_.only)
      if (field_text(state, field) != value) return nullptr;
    return &groups_[period_.by.empty() ? "" : field_text(state, period_.by)];
  }

  void add(const journal::LoanRevision& loan) {
    const auto state = read_json(loan.state).value_or(nullptr);
    Signals* const group = group_of(state);
    if (group == nullptr) return;
    ++group->loans;
    const auto stays = Path::from(state).stays();
    for (std::size_t i = 0; i < stays.size(); ++i) add_stay(*group, stays, i);
    for (const auto& task : tasks_of(state)) {
      if (!task.due || !in_period(*task.due)) continue;
      ++group->due;
      group->overdue += task.open || telemetry::from_micros(task.since) > *task.due;
    }
    const auto mail = store_.mail_of(loan.subject);
    add_closing(*group, mail, stays);
    add_arms(*group, loan.subject, mail, stays, state);
  }

  /// When the loan first came to the last stage on the way.
  std::optional<Time> closed_at(const std::vector<Stay>& stays) const {
    const auto closed = std::ranges::find(stays, model_.definition().stages.back(), &Stay::stage);
    return closed == stays.end() ? std::nullopt : std::optional(telemetry::from_micros(closed->since));
  }

  void add_arms(Signals& group, const std::string& subject, const std::vector<journal::MailPiece>& mail, const std::vector<Stay>& stays, const Json& state) {
    std::optional<Time> first, held;
    for (const auto& piece : mail)
      if (!piece.recalled_at && (!first || piece.sent_at < *first)) first = piece.sent_at;
    if (const auto kept = store_.state(kHeldOutScope, subject)) held = telemetry::from_micros(std::stoll(kept->value));
    const auto closed = closed_at(stays);
    const auto count = [&](Arm& arm, Time from) {
      if (!in_period(from) || (closed && *closed < from)) return;
      ++arm.loans;
      arm.responded += std::ranges::any_of(told_of_pieces(state), [&](const Told& told) { return !told.by.empty() && told.at >= from && told.at < period_.until; });
      if (!closed || *closed >= period_.until) return;
      ++arm.closed;
      arm.days.add(days_between(from, *closed));
    };
    if (first) count(group.mailed, *first);
    else if (held) count(group.held_out, *held);
  }

  void add_stay(Signals& group, const std::vector<Stay>& stays, std::size_t i) {
    const auto since = telemetry::from_micros(stays[i].since);
    if (since >= period_.until) return;
    auto& stage = group.stages[stays[i].stage];
    const auto until = i + 1 < stays.size() ? std::optional(telemetry::from_micros(stays[i + 1].since)) : std::nullopt;
    if (!until || *until >= period_.until) ++stage.there;
    else if (in_period(*until)) {
      stage.left.add(days_between(since, *until));
      stage.business.add(model_.calendar().business_days(since, *until));
    }
    if (!in_period(since)) return;
    ++group.changes;
    group.by_hand += touched(stays[i].event);
  }

  /// Whether a person had to touch the event that moved the loan, or it did not end well. One that retention has removed ended well: others stay.
  bool touched(journal::Sequence sequence) const {
    const auto event = store_.event(sequence);
    if (!event) return false;
    if (event->state == journal::EventState::dead || event->state == journal::EventState::in_doubt) return true;
    journal::AuditFilter filter;
    filter.event = event->receipt;
    filter.kind = "admin";
    filter.limit = 1;
    return !store_.audit(filter).empty();
  }

  void add_closing(Signals& group, const std::vector<journal::MailPiece>& mail, const std::vector<Stay>& stays) {
    const auto at = closed_at(stays);
    if (!at || !in_period(*at)) return;
    std::optional<Time> first;
    for (const auto& piece : mail)
      if (piece.sent_at <= *at && !piece.recalled_at && (!first || piece.sent_at < *first)) first = piece.sent_at;
    if (first) group.mail_to_close.add(days_between(*first, *at));
  }

  /// Each of the host's own events of that type that was raised in the period, with its loan's group.
  void each(std::string_view type, const std::function<void(Signals&, const Json& payload)>& visit) {
    journal::EventFilter filter;
    filter.pipeline = std::string(config::kHostPipeline);
    filter.type = std::string(type);
    filter.since = period_.since;
    filter.until = period_.until;
    filter.limit = kPageOfLoans;
    filter.oldest_first = true;
    for (auto page = store_.events(filter); !page.empty(); page = store_.events(filter)) {
      for (const auto& event : page) {
        const auto loan = store_.loan(event.subject);
        Signals* const group = group_of(loan ? read_json(loan->state).value_or(nullptr) : Json(nullptr));
        if (group != nullptr) visit(*group, read_json(store_.payload(event.sequence).value_or("")).value_or(nullptr));
      }
      filter.after = page.back().sequence;
    }
  }

  void add_comparisons() {
    each(config::host_event::kCompared, [](Signals& group, const Json& payload) {
      const auto system = get<std::string>(payload, "/system").value_or("");
      const auto count = [&](const char* pointer, std::size_t Compared::*figure, std::size_t Signals::*all) {
        for (const auto& field : config::texts(payload, pointer)) {
          ++(group.fields[{system, field}].*figure);
          ++(group.*all);
        }
      };
      count("/compared", &Compared::compared, &Signals::compared);
      count("/mismatched", &Compared::mismatched, &Signals::mismatched);
    });
  }

  void add_missed() {
    each(config::host_event::kWebhookMissed, [](Signals& group, const Json& payload) {
      ++group.missed[{get<std::string>(payload, "/pipeline").value_or(""), get<std::string>(payload, "/webhook").value_or("")}];
    });
  }

  const journal::Store& store_;
  const Model& model_;
  const Period& period_;
  std::map<std::string, Signals> groups_;
};

}  // namespace

Json Spans::json() const {
  Json out{{"count", days_.size()}};
  if (days_.empty()) return out;
  auto sorted = days_;
  std::ranges::sort(sorted);
  const auto size = sorted.size();
  out["mean"] = rounded(std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(size));
  out["median"] = rounded(size % 2 == 1 ? sorted[size / 2] : (sorted[size / 2 - 1] + sorted[size / 2]) / 2);
  out["p90"] = rounded(sorted[(size * 9 + 9) / 10 - 1]);
  return out;
}

std::map<std::string, Signals> signals(const journal::Store& store, const Model& model, const Period& period) { return Adder(store, model, period).run(); }

void publish_signals(const journal::Store& store, const Model& model, Time now) {
  const auto groups = signals(store, model, {.since = now - std::chrono::days(30), .until = now, .by = "", .only = {}});
  if (groups.empty()) return;
  const Json figures = to_json(groups.begin()->second, model);
  const auto set = [](const std::string& name, const telemetry::Labels& labels, const Json& from, const char* pointer) {
    if (const auto value = get<double>(from, pointer)) telemetry::gauge(name, labels, *value);
  };
  const auto set_spans = [&](const std::string& name, telemetry::Labels labels, const Json& spans) {
    for (const char* figure : {"mean", "median", "p90"}) {
      labels["figure"] = figure;
      set(name, labels, spans, (std::string("/") + figure).c_str());
    }
  };
  for (const auto& stage : *find(figures, "/days_in_stage")) {
    const auto stage_name = get<std::string>(stage, "/stage").value_or("");
    if (!model.definition().knows(stage_name)) continue;  // a label comes from the configuration alone
    set("milepost_loans", {{"stage", stage_name}}, stage, "/there");
    if (const Json* days = find(stage, "/days")) set_spans("milepost_stage_days", {{"stage", stage_name}}, *days);
  }
  set("milepost_task_overdue_rate", {}, figures, "/overdue/rate");
  set("milepost_mismatch_rate", {}, figures, "/mismatch/rate");
  set("milepost_automation_coverage", {}, figures, "/automation/coverage");
  if (const Json* spans = find(figures, "/mail_to_close")) set_spans("milepost_mail_to_close_days", {}, *spans);
}

Json to_json(const Signals& signals, const Model& model) {
  Json stages = Json::array();
  const auto add = [&](const std::string& stage) {
    const auto found = signals.stages.find(stage);
    if (found == signals.stages.end()) return;
    stages.push_back({{"stage", stage}, {"there", found->second.there}, {"days", found->second.left.json()}, {"business_days", found->second.business.json()}});
  };
  for (const auto* names : {&model.definition().stages, &model.definition().terminal})
    for (const auto& stage : *names) add(stage);
  for (const auto& [stage, figures] : signals.stages)
    if (!model.definition().knows(stage)) add(stage);  // of an earlier model
  Json fields = Json::array(), webhooks = Json::array();
  for (const auto& [key, one] : signals.fields)
    fields.push_back({{"system", key.first}, {"field", key.second}, {"compared", one.compared}, {"mismatched", one.mismatched}, {"rate", rate(one.mismatched, one.compared)}});
  for (const auto& [key, missed] : signals.missed) webhooks.push_back({{"pipeline", key.first}, {"source", key.second}, {"missed", missed}});
  return {{"loans", signals.loans},
          {"days_in_stage", std::move(stages)},
          {"overdue", {{"due", signals.due}, {"overdue", signals.overdue}, {"rate", rate(signals.overdue, signals.due)}}},
          {"mismatch", {{"compared", signals.compared}, {"mismatched", signals.mismatched}, {"rate", rate(signals.mismatched, signals.compared)}, {"fields", std::move(fields)}}},
          {"webhooks", std::move(webhooks)},
          {"mail_to_close", signals.mail_to_close.json()},
          {"mail_effect", {{"mailed", arm_json(signals.mailed)}, {"held_out", arm_json(signals.held_out)}}},
          {"automation", {{"changes", signals.changes}, {"by_hand", signals.by_hand}, {"coverage", rate(signals.changes - signals.by_hand, signals.changes)}}}};
}

}  // namespace milepost::loans
