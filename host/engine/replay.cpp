#include "host/engine/replay.hpp"

#include <algorithm>
#include <set>

#include "host/engine/run.hpp"
#include "host/engine/trial.hpp"
#include "host/loans/loan_state.hpp"

namespace milepost::engine {
namespace {

using journal::EffectState;
using journal::Event;
using journal::EventState;

constexpr std::size_t kMostChanges = 20;
constexpr std::size_t kEventsAtOnce = 100;

journal::NewEvent as_new(const Event& event, std::string payload) {
  return {.pipeline = event.pipeline, .source = event.source, .id = event.id.empty() ? event.receipt : event.id, .revision = event.revision,
          .type = event.type, .subject = event.subject, .actor = event.actor, .reason = event.reason, .time = event.time,
          .lane = event.lane, .payload = std::move(payload), .content_type = {}, .quarantine = {}};
}

/// Every leaf in which the two differ.
void compare(const Json& then, const Json& now, const std::string& path, std::vector<Difference::Change>& out) {
  if (out.size() >= kMostChanges || text(then) == text(now)) return;
  if (!then.is_object() || !now.is_object()) {
    out.push_back({path, then, now});
    return;
  }
  const auto at = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& [key, value] : then.items()) compare(value, now.contains(key) ? now[key] : Json(nullptr), at(key), out);
  for (const auto& [key, value] : now.items())
    if (!then.contains(key)) compare(nullptr, value, at(key), out);
}

/// An id that nobody wrote: "audit-3" moves when a step is put before it.
bool numbered(const config::Step& step) { return step.id.find('-') != step.id.npos; }

bool same(const config::Step& a, const config::Step& b) { return numbered(a) && numbered(b) && a.use == b.use && text(a.with.json) == text(b.with.json); }

/// Among the steps of that kind without an id, those that the other version does not have word for word.
std::vector<std::size_t> changed(const Program& program, const Program& other, const std::string& use) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto& step = program.steps[i].definition;
    const auto equal = [&](const ProgramStep& one) { return same(step, one.definition); };
    if (numbered(step) && step.use == use && std::ranges::none_of(other.steps, equal)) out.push_back(i);
  }
  return out;
}

/// The step of `then` that a step of `now` was: by its id; without one, the same step wherever it stood, else by its place among
/// those that changed.
std::optional<std::size_t> counterpart(const Program& then, const Program& now, std::size_t index) {
  const auto& step = now.steps[index].definition;
  if (!numbered(step)) {
    const auto found = then.index(step.id);
    return found < then.steps.size() ? std::optional(found) : std::nullopt;
  }
  for (std::size_t i = 0; i < then.steps.size(); ++i)
    if (same(then.steps[i].definition, step)) return i;
  const auto before = changed(then, now, step.use), after = changed(now, then, step.use);
  const auto place = static_cast<std::size_t>(std::ranges::find(after, index) - after.begin());
  return place < before.size() ? std::optional(before[place]) : std::nullopt;
}

/// Steps that leave an effect in the ledger, and those that may run any number of times.
bool in_ledger(ProgramStep::Kind kind) { return kind == ProgramStep::Kind::action || kind == ProgramStep::Kind::set || kind == ProgramStep::Kind::compare; }
bool harmless(ProgramStep::Kind kind) { return kind == ProgramStep::Kind::validate || kind == ProgramStep::Kind::set; }

/// What is known of an event's run.
class Past {
 public:
  Past(const journal::Store& store, Versions& versions, const Event& event) : event_(event), then_(versions.at(event.definition)), model_(versions.loans()) {
    recorded_.receipt = event.receipt;
    recorded_.accepted_at = time_ = event.accepted_at;
    recorded_.late = event.late;
    const auto loan = event.loan_revision.value_or(0) > 0 ? store.loan(event.subject, event.loan_revision) : std::nullopt;
    recorded_.loan = loan ? loans::view(read_json(loan->state).value_or(nullptr), *model_, time_, event.subject) : Json(nullptr);
    recorded_.link = [&store](const std::string& system, const std::string& type, const std::string& id) { return store.linked(system, type, id); };
    for (auto& effect : store.effects(event.sequence)) {
      if (!effect.answer.empty()) recorded_.answers[effect.step] = step_view(effect.answer);
      if (effect.first_at) time_ = time_ == event.accepted_at ? *effect.first_at : std::min(time_, *effect.first_at);
      effects_[effect.step] = std::move(effect);
    }
    journal::AuditFilter filter;
    filter.event = event.receipt;
    filter.limit = 1000;
    for (const auto& record : store.audit(filter)) {
      const auto& row = record.row;
      if (row.kind == "decision" && row.outcome == "skipped") skipped_.insert(row.step);
      else skipped_.erase(row.step);
      if (row.kind != "intent" || !record.details) continue;
      const auto details = read_json(record.details->body);
      if (details) sent_[row.step] = get<std::string>(*details, "/with_sha256").value_or("");
    }
  }

  /// Whether the step of the current program ran. A failed one did not: it may be tried again.
  bool ran(const Program& now, std::size_t index) const {
    const auto& step = now.steps[index];
    const auto effect = effects_.find(step.definition.id);
    if (effect != effects_.end()) return effect->second.state != EffectState::failed && effect->second.state != EffectState::planned;
    if (in_ledger(step.kind)) return false;
    if (then_ == nullptr) return true;  // nobody can tell: then rather not twice
    const auto was = counterpart(*then_, now, index);
    if (!was || skipped_.contains(then_->steps[*was].definition.id)) return false;
    return event_.state == EventState::done || *was < then_->index(event_.step);
  }
  std::string failure(const std::string& step) const {
    const auto effect = effects_.find(step);
    if (effect == effects_.end() || effect->second.state != EffectState::failed) return "";
    const auto error = read_json(effect->second.error);
    return "it failed then: " + (error ? get<std::string>(*error, "/message").value_or("") : std::string());
  }
  /// The request as the version that ran makes it; nullptr when that cannot be compiled.
  const Json* request(const journal::NewEvent& event, const std::string& step) {
    if (then_ == nullptr) return nullptr;
    if (!trial_) trial_ = try_event(*then_, event, time_, &recorded_, model_.get());
    for (const auto& tried : trial_->steps)
      if (tried.id == step && !tried.with.is_null()) return &tried.with;
    return nullptr;
  }
  /// Whether that text is what was sent, by its digest; nullopt: there is none.
  std::optional<bool> sent(const std::string& step, const Json& with) const {
    const auto found = sent_.find(step);
    if (found == sent_.end() || found->second.empty()) return std::nullopt;
    return found->second == telemetry::hex(telemetry::sha256(text(with)));
  }
  const Recorded& recorded() const { return recorded_; }
  const loans::Model& model() const { return *model_; }
  journal::Time time() const { return time_; }

 private:
  const Event& event_;
  std::shared_ptr<const Program> then_;
  std::shared_ptr<const loans::Model> model_;
  Recorded recorded_;
  journal::Time time_{};  ///< when it first acted: what now() gives
  std::map<std::string, journal::Effect> effects_;
  std::set<std::string> skipped_;
  std::map<std::string, std::string> sent_;
  std::optional<Trial> trial_;
};

/// What would differ; `kept` gets the steps that must not run again.
Replay examine(const Program& program, Past& past, const journal::NewEvent& input, const Event& event, std::vector<std::string>& kept) {
  Replay replay{event, {}, "", false};
  const auto trial = try_event(program, input, past.time(), &past.recorded(), &past.model());
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto& step = program.steps[i];
    const auto* tried = i < trial.steps.size() ? &trial.steps[i] : nullptr;
    const bool would = tried != nullptr && tried->outcome == "would run", ran = past.ran(program, i);
    if (ran && !in_ledger(step.kind) && !harmless(step.kind)) kept.push_back(step.definition.id);
    if (harmless(step.kind)) continue;
    Difference difference;
    difference.step = step.definition.id;
    difference.use = step.definition.use;
    if (would) difference.with = tried->with;
    if (would && !ran) {
      difference.reason = past.failure(difference.step);
    } else if (!would && ran) {
      difference.kind = Difference::Kind::would_not_run;
      difference.reason = tried != nullptr ? tried->reason : trial.end;
    } else if (would && step.kind == ProgramStep::Kind::action) {
      difference.kind = Difference::Kind::other_request;
      // A version that was restored has its defaults written out: what was sent is the better witness that nothing differs.
      const auto sent = past.sent(difference.step, tried->with);
      if (sent.value_or(false)) continue;
      const Json* then = past.request(input, difference.step);
      if (then != nullptr) compare(*then, tried->with, "", difference.changes);
      if (then != nullptr ? difference.changes.empty() : !sent) continue;
    } else {
      continue;
    }
    replay.differences.push_back(std::move(difference));
  }
  if (event.state == EventState::done && trial.end != "done") replay.end = trial.end;
  return replay;
}

}  // namespace

Result<Replayed> replay(journal::Store& store, Versions& versions, journal::EventFilter filter, const std::optional<Order>& apply,
                        std::size_t limit) {
  filter.oldest_first = true;
  Replayed out;
  for (std::size_t seen = 0; seen < limit;) {
    filter.limit = std::min(kEventsAtOnce, limit - seen);
    const auto page = store.events(filter);
    for (const auto& event : page) {
      const auto program = versions.current(event.pipeline);
      auto payload = store.payload(event.sequence);
      const bool ended = event.state == EventState::done || event.state == EventState::dead;
      if (!ended || program == nullptr || !payload || store.quarantined(event.sequence) || followed_only(event)) {
        ++out.left_out;
        continue;
      }
      ++out.examined;
      Past past(store, versions, event);
      std::vector<std::string> kept;
      auto one = examine(*program, past, as_new(event, std::move(*payload)), event, kept);
      if (one.differences.empty() && one.end.empty()) {
        ++out.same;
        continue;
      }
      if (apply && std::ranges::find(one.differences, Difference::Kind::would_run, &Difference::kind) != one.differences.end()) {
        const auto opened = reopen(store, event.sequence, kept, *apply);
        if (!opened && opened.error().kind != ErrorKind::permanent) return fail(opened.error());
        one.opened = bool(opened);
      }
      out.differ.push_back(std::move(one));
    }
    seen += page.size();
    if (page.size() < filter.limit) return out;
    filter.after = page.back().sequence;
  }
  out.next = filter.after;
  return out;
}

}  // namespace milepost::engine
