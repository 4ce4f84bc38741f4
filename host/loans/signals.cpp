#include "host/loans/signals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "host/loans/path.hpp"
#include "host/loans/tasks.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::loans {
namespace {

constexpr std::size_t kPageOfLoans = 500;
constexpr double kDay = 86'400'000'000.0;  // microseconds

double days_between(Time from, Time to) { return static_cast<double>((to - from).count()) / kDay; }

double rounded(double value) { return std::round(value * 100) / 100; }

Json rate(std::size_t part, std::size_t whole) { return whole == 0 ? Json(nullptr) : Json(std::round(static_cast<double>(part) / static_cast<double>(whole) * 10'000) / 10'000); }

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
    add_closing(*group, loan.subject, stays);
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

  /// A loan closes when it first comes to the last stage on the way.
  void add_closing(Signals& group, const std::string& subject, const std::vector<Stay>& stays) {
    const auto& last = model_.definition().stages.back();
    const auto closed = std::ranges::find(stays, last, &Stay::stage);
    if (closed == stays.end()) return;
    const auto at = telemetry::from_micros(closed->since);
    if (!in_period(at)) return;
    std::optional<Time> first;
    for (const auto& piece : store_.mail_of(subject))
      if (piece.sent_at <= at && !piece.recalled_at && (!first || piece.sent_at < *first)) first = piece.sent_at;
    if (first) group.mail_to_close.add(days_between(*first, at));
  }

  void add_comparisons() {
    for (const char* type : {"reconcile.compared", "reconcile.mismatch"}) {
      journal::EventFilter filter;
      filter.type = type;
      filter.since = period_.since;
      filter.until = period_.until;
      filter.limit = kPageOfLoans;
      filter.oldest_first = true;
      for (auto page = store_.events(filter); !page.empty(); page = store_.events(filter)) {
        for (const auto& event : page) {
          if (event.source != "emit") continue;  // not once more where a pipeline follows it
          const auto loan = store_.loan(event.subject);
          Signals* const group = group_of(loan ? read_json(loan->state).value_or(nullptr) : Json(nullptr));
          if (group != nullptr) ++(type == std::string_view("reconcile.compared") ? group->compared : group->mismatched);
        }
        filter.after = page.back().sequence;
      }
    }
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
  return {{"loans", signals.loans},
          {"days_in_stage", std::move(stages)},
          {"overdue", {{"due", signals.due}, {"overdue", signals.overdue}, {"rate", rate(signals.overdue, signals.due)}}},
          {"mismatch", {{"compared", signals.compared}, {"mismatched", signals.mismatched}, {"rate", rate(signals.mismatched, signals.compared)}}},
          {"mail_to_close", signals.mail_to_close.json()},
          {"automation", {{"changes", signals.changes}, {"by_hand", signals.by_hand}, {"coverage", rate(signals.changes - signals.by_hand, signals.changes)}}}};
}

}  // namespace milepost::loans
