#include "host/engine/recovery.hpp"

#include <algorithm>
#include <memory>

#include "host/audit/trail.hpp"
#include "host/loans/holdings.hpp"

namespace milepost::engine {
namespace {

using journal::Event;
using journal::EventState;

constexpr std::size_t kCommit = 200;         ///< events opened in one commit
constexpr std::size_t kMostReasonBytes = 1000;

/// What one event's part of a Work came to.
struct Verdict {
  Event event;
  std::string refusal;
};

Status check(const Order& order) {
  if (order.reason.find_first_not_of(" \t\r\n") == order.reason.npos)
    return fail(ErrorKind::permanent, "a reason is needed: it stands in the audit trail");
  if (order.reason.size() > kMostReasonBytes)
    return fail(ErrorKind::permanent, "the reason is longer than " + std::to_string(kMostReasonBytes) + " bytes");
  return {};
}

std::string standing(const Event& event) { return "the event " + event.receipt + " is " + std::string(name(event.state)); }

audit::Entry entry(const Event& event, const Order& order, std::string action, std::string outcome) {
  audit::Entry row;
  row.kind = "admin";
  row.user = order.user;
  row.action = std::move(action);
  row.subject = event.subject;
  row.pipeline = event.pipeline;
  row.version = event.definition;
  row.event = event.receipt;
  row.step = event.step;
  row.outcome = std::move(outcome);
  row.details = {{"reason", order.reason}};
  return row;
}

/// In its lane again, as an event that was released: late, and with the loan as it is now. Without a definition it is bound to
/// the current one when it begins.
void open(journal::Writer& writer, Event& event, const Order& order) {
  event.state = EventState::open;
  event.late = true;
  event.crashes = 0;
  event.fault.clear();
  event.resume_at.reset();
  const auto loan = writer.loan(event.subject);
  event.loan_revision = loan ? loan->revision : 0;
  if (!order.began) event.definition.clear();
  writer.update(event);
  writer.wake({event.pipeline, event.lane});
}

/// What it wrote to a system that shares fields of the loan has been taken.
void confirm_writes(journal::Writer& writer, const journal::Effect& effect, const Event& event) {
  const auto subject = writer.known_as(event.subject);
  for (const auto& [system, held] : writer.holdings(subject)) {
    auto holdings = loans::Holdings::from(held);
    if (holdings.answered(effect.event, effect.step, "", telemetry::to_micros(writer.now()))) writer.put_holding(subject, system, holdings.json());
  }
}

void retry_dead(journal::Writer& writer, Verdict& verdict, const Order& order) {
  auto& event = verdict.event;
  auto row = entry(event, order, "retry", "opened");
  row.details["version"] = order.began ? "began" : "current";
  row.details["fault"] = event.fault;
  open(writer, event, order);
  audit::append(writer, row);
}

void admit(journal::Writer& writer, Verdict& verdict, const journal::NewEvent& mapped, const Order& order) {
  const auto fault = verdict.event.fault;
  const auto accepted = writer.admit(verdict.event.sequence, mapped);
  if (accepted.verdict == journal::Writer::Verdict::duplicate) {
    verdict.refusal = "an event with the id " + mapped.id + " has been accepted since: " + accepted.event.receipt;
    return;
  }
  verdict.event = accepted.event;
  auto row = entry(verdict.event, order, "retry", "accepted");
  row.details["fault"] = fault;
  audit::append(writer, row);
}

/// What the mapping gives now; with a reason where it gives no event.
struct Mapped {
  std::optional<journal::NewEvent> event;
  std::string refusal;
};

Mapped map_again(const journal::Store& store, const Event& event, const Remap& remap) {
  if (!remap) return {{}, "it was never decoded, and no host runs that could: start it, then retry"};
  const auto payload = store.payload(event.sequence);
  if (!payload) return {{}, "its payload is pruned"};
  auto mapped = remap(event, *payload);
  if (!mapped) return {{}, mapped.error().message};
  if (!mapped->quarantine.empty()) return {{}, "it still is no event: " + mapped->quarantine};
  return {std::move(*mapped), ""};
}

/// One commit. What stands in the way of an event is looked up again inside it.
Result<std::vector<Verdict>> retry_page(journal::Store& store, const std::vector<Event>& events, const Order& order,
                                        const Remap& remap) {
  const auto mapped = std::make_shared<std::vector<std::optional<Mapped>>>();
  for (const auto& event : events) {
    auto& place = mapped->emplace_back();
    if (store.quarantined(event.sequence)) place = map_again(store, event, remap);
    else if (!store.payload(event.sequence)) place = Mapped{{}, "its payload is pruned"};
  }
  const auto verdicts = std::make_shared<std::vector<Verdict>>();
  const auto done = store.run([=, dead = events](journal::Writer& writer) {
    verdicts->clear();
    for (std::size_t i = 0; i < dead.size(); ++i) {
      auto& verdict = verdicts->emplace_back();
      const auto fresh = writer.event(dead[i].sequence);
      verdict.event = fresh.value_or(dead[i]);
      if (!fresh || fresh->state != EventState::dead) {
        verdict.refusal = fresh ? standing(*fresh) + ", no dead letter" : "it is pruned";
      } else if ((*mapped)[i] && !(*mapped)[i]->event) {
        verdict.refusal = (*mapped)[i]->refusal;
      } else if ((*mapped)[i]) {
        admit(writer, verdict, *(*mapped)[i]->event, order);
      } else {
        retry_dead(writer, verdict, order);
      }
    }
  });
  if (!done) return fail(done.error());
  return std::move(*verdicts);
}

}  // namespace

Result<Event> retry(journal::Store& store, journal::Sequence sequence, const Order& order, const Remap& remap) {
  if (auto checked = check(order); !checked) return fail(checked.error());
  const auto event = store.event(sequence);
  if (!event) return fail(ErrorKind::permanent, "there is no such event");
  auto verdicts = retry_page(store, {*event}, order, remap);
  if (!verdicts) return fail(verdicts.error());
  auto& verdict = verdicts->front();
  if (!verdict.refusal.empty()) return fail(ErrorKind::permanent, std::move(verdict.refusal));
  return std::move(verdict.event);
}

Result<Retried> retry(journal::Store& store, journal::EventFilter filter, const Order& order, const Remap& remap,
                      std::size_t limit) {
  if (auto checked = check(order); !checked) return fail(checked.error());
  filter.state = EventState::dead;
  filter.oldest_first = true;
  Retried retried;
  for (std::size_t seen = 0; seen < limit;) {
    filter.limit = std::min(kCommit, limit - seen);
    const auto page = store.events(filter);
    if (page.empty()) return retried;
    auto verdicts = retry_page(store, page, order, remap);
    if (!verdicts) return fail(verdicts.error());
    for (auto& verdict : *verdicts) {
      if (verdict.refusal.empty()) ++retried.opened;
      else retried.refused.push_back({verdict.event.receipt, std::move(verdict.refusal)});
    }
    seen += page.size();
    filter.after = page.back().sequence;
    if (page.size() < filter.limit) return retried;
  }
  retried.next = filter.after;
  return retried;
}

Status reopen(journal::Store& store, journal::Sequence sequence, const std::vector<std::string>& kept, const Order& order) {
  if (auto checked = check(order); !checked) return checked;
  const auto refusal = std::make_shared<std::string>();
  auto done = store.run([=](journal::Writer& writer) {
    refusal->clear();
    auto event = writer.event(sequence);
    if (!event || (event->state != EventState::done && event->state != EventState::dead)) {
      *refusal = event ? standing(*event) + ": it has not ended" : "there is no such event";
      return;
    }
    if (followed_only(*event)) {
      *refusal = "it was made for other pipelines to follow: it has no run of its own";
      return;
    }
    auto row = entry(*event, order, "replay", "opened");
    row.step.clear();
    for (const auto& step : kept) {
      if (writer.effect(sequence, step)) continue;
      journal::Effect effect;
      effect.event = sequence;
      effect.step = step;
      effect.state = journal::EffectState::done;
      effect.definition = event->definition;
      effect.ended_at = writer.now();
      writer.put(effect);
    }
    event->step.clear();
    open(writer, *event, order);
    audit::append(writer, row);
  });
  if (!done || refusal->empty()) return done;
  return fail(ErrorKind::permanent, *refusal);
}

Result<Event> resolve(journal::Store& store, journal::Sequence sequence, Settlement settlement,
                      const std::optional<Json>& answer, const Order& order) {
  if (auto checked = check(order); !checked) return fail(checked.error());
  if (answer && settlement != Settlement::done)
    return fail(ErrorKind::permanent, "an answer goes with done alone: otherwise there is none");
  if (answer && !answer->is_object())
    return fail(ErrorKind::permanent, "the answer is no object: write what later steps read, such as {\"id\": \"42\"}");
  const auto verdict = std::make_shared<Verdict>();
  const auto done = store.run([=](journal::Writer& writer) {
    *verdict = {};
    const auto fresh = writer.event(sequence);
    if (!fresh || fresh->state != EventState::in_doubt) {
      verdict->refusal = fresh ? standing(*fresh) + ", not in doubt" : "there is no such event";
      return;
    }
    auto& event = verdict->event = *fresh;
    auto effects = writer.effects(sequence);
    const auto doubtful = std::ranges::find(effects, journal::EffectState::in_doubt, &journal::Effect::state);
    if (doubtful == effects.end()) {
      verdict->refusal = "no effect of the event " + event.receipt + " is in doubt";
      return;
    }
    event.step = doubtful->step;
    auto row = entry(event, order, "resolve", "");
    row.details["fault"] = event.fault;
    if (settlement == Settlement::abandon) {
      row.outcome = "dead_letter";
      event.state = EventState::dead;
      event.fault = "abandoned in doubt: " + order.reason.substr(0, order.reason.find('\n'));
      writer.update(event);
      audit::append(writer, row);
      return;
    }
    row.details["version"] = order.began ? "began" : "current";
    row.outcome = "opened";
    if (settlement == Settlement::done) {
      row.outcome = "done";
      doubtful->state = journal::EffectState::done;
      doubtful->ended_at = writer.now();
      doubtful->answer = text(Json{{"effect", "created"}, {"body", answer.value_or(Json::object())}});
      doubtful->error.clear();
      doubtful->next_at.reset();
      writer.put(*doubtful);
      confirm_writes(writer, *doubtful, event);
      if (answer) row.details["answer"] = *answer;
    }
    open(writer, event, order);
    audit::append(writer, row);
  });
  if (!done) return fail(done.error());
  if (!verdict->refusal.empty()) return fail(ErrorKind::permanent, std::move(verdict->refusal));
  return std::move(verdict->event);
}

}  // namespace milepost::engine
