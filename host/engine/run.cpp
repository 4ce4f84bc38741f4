#include "host/engine/run.hpp"

#include <algorithm>

#include "host/engine/compared.hpp"
#include "host/engine/connection_event.hpp"
#include "host/engine/emit.hpp"
#include "host/engine/glance.hpp"
#include "host/engine/naming.hpp"
#include "host/journal/host_event.hpp"
#include "host/expression/paths.hpp"
#include "host/loans/loan_state.hpp"
#include "milepost/settings.hpp"

namespace milepost::engine {
namespace {

using journal::EffectState;
using journal::EventState;
using telemetry::Time;

std::string keyed(std::initializer_list<std::string_view> parts) {
  std::string bytes;
  for (const auto part : parts) bytes.append(std::to_string(part.size())).append(":").append(part);
  return telemetry::hex(telemetry::sha256(bytes)).substr(0, 32);
}

Json to_json(const Answer& answer) {
  Json out{{"effect", name(answer.effect)}, {"body", answer.body}};
  if (answer.record) out["record"] = milepost::detail::to_json(*answer.record);
  return out;
}

Json view_of(const Json& body, std::string_view effect) {
  Json view = body.is_object() ? body : Json{{"value", body}};
  view["effect"] = effect;
  return view;
}

std::string first_line(std::string message) {
  message = message.substr(0, std::min(message.find('\n'), std::size_t{500}));
  return message;
}

}  // namespace

Json step_view(const std::string& answer) {
  const auto parsed = read_json(answer);
  if (!parsed) return nullptr;
  const Json* body = find(*parsed, "/body");
  return view_of(body == nullptr ? Json::object() : *body, get<std::string>(*parsed, "/effect").value_or(""));
}

journal::Work all_of(Writes writes) {
  return [writes = std::make_shared<const Writes>(std::move(writes))](journal::Writer& writer) {
    for (const auto& write : *writes) write(writer);
  };
}

std::string idempotency_key(const std::string& pipeline, const std::string& event_id, const std::string& step) {
  return keyed({pipeline, event_id, step});
}
std::string once_key(const std::string& use, const std::string& connection, const std::string& text) {
  return keyed({"once", use, connection, text});
}

Run::Run(journal::Event event, std::string payload, std::vector<journal::Effect> effects, std::shared_ptr<const Program> program,
         std::optional<journal::LoanRevision> loan, const telemetry::Clock& clock, std::shared_ptr<const loans::Model> loans)
    : clock_(clock), loans_(std::move(loans)), event_(std::move(event)), payload_text_(std::move(payload)), program_(std::move(program)), revision_(std::move(loan)), steps_(Json::object()) {
  for (auto& effect : effects) {
    if (effect.state == EffectState::done || (effect.state == EffectState::skipped && !effect.answer.empty()))
      steps_[effect.step] = step_view(effect.answer);
    effects_[effect.step] = std::move(effect);
  }
  position_ = event_.step.empty() ? 0 : program_->index(event_.step);
  for (std::size_t i = 0; i < std::min(position_, program_->steps.size()); ++i) heed(program_->steps[i]);
  if (event_.definition.empty()) {
    event_.definition = program_->pipeline.version;
    event_.loan_revision = revision_ ? revision_->revision : 0;
  }
}

void Run::read(bool whole) {
  const auto& members = program_->looked.payload();
  if (!whole_ && (whole || (!read_ && !members))) {
    payload_ = read_json(payload_text_).value_or(nullptr);
    whole_ = true;
  }
  if (std::exchange(read_, true)) return;
  if (!whole_) payload_ = glance(payload_text_, *members);
  loan_ = revision_ ? loans::view(read_json(revision_->state).value_or(nullptr), *loans_, clock_.now(), event_.subject) : Json(nullptr);
  read_event();
}

/// As far as the program looks at it.
void Run::read_event() {
  const auto& members = program_->looked.event();
  const auto wanted = [&members](const char* name) { return !members || members->contains(name); };
  const auto put = [&](const char* name, const std::string& text, bool optional = false) {
    if (wanted(name)) event_json_[name] = optional && text.empty() ? Json(nullptr) : Json(text);
  };
  const auto put_time = [&](const char* name, Time time) {
    if (wanted(name)) event_json_[name] = telemetry::to_text(time);
  };
  event_json_ = Json::object();
  put("id", event_.id);
  put("receipt", event_.receipt);
  put("pipeline", event_.pipeline);
  put("type", event_.type, true);
  put("subject", event_.subject, true);
  put("actor", event_.actor, true);
  put("reason", event_.reason, true);
  put("revision", event_.revision, true);
  put_time("time", event_.time);
  put_time("accepted_at", event_.accepted_at);
  if (wanted("late")) event_json_["late"] = event_.late;
}

expression::Scope Run::scope(
    const std::function<std::optional<std::string>(const std::string&, const std::string&, const std::string&)>& link) {
  if (!step().looks) return {.payload = nullptr, .event = nullptr, .loan = nullptr, .steps = nullptr, .params = nullptr, .link = {}, .now = clock_.now()};
  read(step().reads_whole);
  return {.payload = &payload_, .event = &event_json_, .loan = &loan_, .steps = &steps_, .params = nullptr, .link = link, .now = clock_.now()};
}

audit::Entry Run::entry(std::string kind, std::string action, std::string step, std::string outcome, Json details) const {
  audit::Entry row;
  row.kind = std::move(kind);
  if (!event_.actor.empty()) row.user = event_.actor;
  row.action = std::move(action);
  row.subject = event_.subject;
  row.pipeline = event_.pipeline;
  row.version = event_.definition;
  row.event = event_.receipt;
  row.step = std::move(step);
  row.outcome = std::move(outcome);
  row.details = std::move(details);
  return row;
}

void Run::write(audit::Entry row) {
  if (row.body.empty()) row.body = audit::body_of(row.details);  // here, where others work beside; the writer's time is everybody's
  row.details = nullptr;
  write([row = std::move(row)](journal::Writer& writer) { audit::append(writer, row); });
}
void Run::raise(std::string_view type, const std::string& step) {
  write([type, event = event_, more = Json{{"step", step}, {"reason", event_.fault}}](journal::Writer& writer) {
    journal::raise_about(writer, type, event, more);
  });
}
void Run::raise_paused(const config::Connection& connection, const std::string& reason) {
  if (journal::is_alert(event_)) return;
  write([payload = connection_trouble(connection, reason), subject = connection_subject(connection.name)](journal::Writer& writer) {
    journal::raise(writer, config::host_event::kConnectionPaused, subject, payload);
  });
}
void Run::save_event() {
  write([sequence = event_.sequence, lane = journal::Lane{event_.pipeline, event_.lane}, progress = journal::EventProgress(event_)](
            journal::Writer& writer) { writer.update(sequence, lane, progress); });
}
void Run::save_effect() {
  effects_[effect_.step] = effect_;
  presses_ = true;
  write([effect = effect_](journal::Writer& writer) { writer.put(effect); });
}
Writes Run::take_writes() {
  presses_ = false;
  return std::exchange(writes_, {});
}

void Run::to_next_step() {
  ++position_;
  effect_ = {};
  planned_ = false;
  event_.step = position_ < program_->steps.size() ? program_->steps[position_].definition.id : "";
}

void Run::end(EventState state) {
  event_.state = state;
  save_event();
}

void Run::dead(const std::string& step, const std::string& reason) {
  event_.fault = first_line(reason);
  event_.step = step;
  write(entry("outcome", "dead_letter", step, "dead_letter", {{"reason", event_.fault}}));
  raise(config::host_event::kDeadLetter, step);
  end(EventState::dead);
}

bool Run::step_failed(const std::string& reason) {
  const auto& current = step();
  if (current.fails_on) {
    dead(current.definition.id, current.definition.id + ": " + reason);
    return true;
  }
  to_next_step();
  return false;
}

Progress Run::proceed(
    expression::Machine& machine,
    const std::function<std::optional<std::string>(const std::string&, const std::string&, const std::string&)>& link) {
  while (!ended()) {
    if (position_ >= program_->steps.size()) {
      if (!event_.step.empty()) {
        dead(event_.step, "the pipeline has no step \"" + event_.step + "\" any more");
        break;
      }
      end(EventState::done);
      break;
    }
    const auto view = scope(link);
    const auto& current = step();
    const auto known = effects_.find(current.definition.id);
    const auto state = known == effects_.end() ? EffectState::planned : known->second.state;
    if (state == EffectState::done || state == EffectState::skipped) {
      heed(current);
      to_next_step();  // done on an earlier run: it keeps its answer
      continue;
    }
    condition_ = Json::object();
    // What was sent goes on where it stood: its condition was decided before it left.
    if (current.when && state != EffectState::sent) {
      const auto holds = machine.test(*current.when, view);
      if (!holds) {
        built_in_failed("when: " + holds.error().message);
        continue;
      }
      if (!*holds || current.kind == ProgramStep::Kind::action)
        condition_ = {{"when", current.definition.when}, {"values", expression::values_of(current.when_reads, machine, view)}};
      if (!*holds) {
        write(entry("decision", current.definition.use, current.definition.id, "skipped", std::move(condition_)));
        to_next_step();
        continue;
      }
    }
    if (current.kind != ProgramStep::Kind::action) {
      run_built_in(machine, view);
      continue;
    }
    if (prepare(machine, view)) return {Progress::Need::deliver};
  }
  return {Progress::Need::commit_end};
}

void Run::built_in_failed(const std::string& reason) {
  const auto id = step().definition.id;
  if (!step_failed(reason)) write(entry("outcome", "failed", id, "failed", {{"reason", first_line(reason)}}));
}

void Run::keep_answer(const Json& answer) {
  effect_ = {};
  effect_.event = event_.sequence;
  effect_.step = step().definition.id;
  effect_.state = EffectState::done;
  effect_.definition = event_.definition;
  effect_.ended_at = clock_.now();
  effect_.answer = text(to_json(Answer{Answer::Effect::unchanged, answer, {}}));
  save_effect();
  steps_[step().definition.id] = answer;
}

/// What an earlier run's track step came to.
void Run::heed(const ProgramStep& tracking) {
  if (tracking.kind != ProgramStep::Kind::track) return;
  const auto known = effects_.find(tracking.definition.id);
  tracked_->quiet = known != effects_.end() && known->second.state == EffectState::skipped;
  if (tracked_->quiet) tracked_->why = "it tells nothing new of the loan";
}

/// That a track step told nothing new outlives this run: the step that heeds it may come after a restart, or after a wait for its connection.
void Run::keep_quiet() {
  const auto after = program_->steps.begin() + static_cast<std::ptrdiff_t>(position_) + 1;
  if (std::none_of(after, program_->steps.end(), [](const ProgramStep& step) { return step.kind == ProgramStep::Kind::action; })) return;
  write([tracked = tracked_, event = event_.sequence, definition = event_.definition, step = step().definition.id, at = clock_.now()](journal::Writer& writer) {
    if (!tracked->quiet) return;
    journal::Effect effect;
    effect.event = event;
    effect.step = step;
    effect.state = EffectState::skipped;
    effect.definition = definition;
    effect.ended_at = at;
    writer.put(effect);
  });
}

void Run::run_built_in(expression::Machine& machine, const expression::Scope& view) {
  using Kind = ProgramStep::Kind;
  const auto& current = step();
  if (current.kind == Kind::validate) {
    const auto refusal = current.validation->refusal(machine, view);
    if (const auto& members = program_->looked.payload(); whole_ && members) {
      payload_ = glance(payload_text_, *members);  // what only the schema looked at goes here, and not with the run
      whole_ = false;
    }
    if (!refusal.empty()) return built_in_failed(refusal);
    return to_next_step();
  }
  auto rendered = current.with.render(machine, view);
  if (!rendered) return built_in_failed(rendered.error().message);
  const Json with = std::move(*rendered);
  if (current.kind == Kind::track) {
    auto tracked = tracking(event_, with, loans_, entry("decision", "track", current.definition.id, "updated", Json::object()), tracked_);
    if (!tracked) return built_in_failed(tracked.error().message);
    write(std::move(*tracked));
    keep_quiet();
  } else if (current.kind == Kind::audit) {
    Json details = Json::object();
    for (const char* key : {"note", "reason"})
      if (with.contains(key)) details[key] = with[key];
    if (!details.contains("reason") && !event_.reason.empty()) details["reason"] = event_.reason;
    write(entry("event", get<std::string>(with, "/action").value_or("audit"), current.definition.id, "", std::move(details)));
  } else if (current.kind == Kind::set) {
    keep_answer(with);  // since now() or link() could give something else after a restart
  } else if (current.kind == Kind::compare) {
    auto compared = loans::compare(with, *loans_, event_.pipeline);
    if (!compared) return built_in_failed(compared.error().message);
    const Json answer = compared->answer();
    keep_answer(answer);  // in the commit that tells of it, so that it is told once
    write(telling(event_, current.definition.id, std::move(*compared), entry("decision", "compare", current.definition.id, "", Json::object())));
  } else if (current.kind == Kind::emit) {
    auto emitted = emission(event_, current.definition.id, with, entry("event", "emit", current.definition.id, "accepted", {}), clock_.now());
    if (!emitted) return built_in_failed(emitted.error().message);
    write(std::move(*emitted));
  } else {
    Time until{};
    if (auto text_until = get<std::string>(with, "/until")) {
      if (!telemetry::from_text(*text_until, until)) return built_in_failed("wait: `until` is no RFC 3339 time");
    } else {
      const auto span = parse_duration(get<std::string>(with, "/for").value_or(""));
      if (!span) return built_in_failed("wait: `for` is no duration such as 3d");
      until = clock_.now() + *span;
    }
    to_next_step();
    if (until <= clock_.now()) return;
    event_.resume_at = until;
    return end(EventState::waiting);
  }
  to_next_step();
}

bool Run::prepare(expression::Machine& machine, const expression::Scope& view) {
  const auto& current = step();
  const auto& definition = current.definition;
  const auto known = effects_.find(definition.id);
  once_key_.clear();
  if (current.once) {
    const auto rendered = current.once->render(machine, view);
    if (!rendered || !*rendered || !(*rendered)->is_string()) {
      built_in_failed("once: " + (rendered ? std::string("it gives no text") : rendered.error().message));
      return false;
    }
    once_text_ = (*rendered)->get<std::string>();
    once_key_ = engine::once_key(definition.use, definition.connection, once_text_);
  }
  auto rendered = current.with.render(machine, view);
  if (!rendered) {
    built_in_failed(rendered.error().message);
    return false;
  }
  with_ = std::move(*rendered);
  effect_ = known != effects_.end() ? known->second : journal::Effect{};
  if (effect_.next_at && *effect_.next_at > clock_.now()) effect_.next_at.reset();  // a person, or a clock that was set, says now
  // As it stands there it is found again when there is room on its connection.
  planned_ = known != effects_.end() && effect_.state == EffectState::planned && effect_.connection == definition.connection &&
             effect_.next_at == known->second.next_at;
  if (effect_.state == EffectState::failed || effect_.state == EffectState::in_doubt) {
    // A person opened the event again: the step starts anew, with the same key.
    effect_.state = EffectState::planned;
    effect_.attempt = 0;
    effect_.first_at.reset();
    effect_.next_at.reset();
    effect_.held = {};
    effect_.unknown = false;
  }
  effect_.event = event_.sequence;
  effect_.step = definition.id;
  effect_.connection = definition.connection;
  effect_.definition = event_.definition;
  effect_.plugin = current.plugin_digest;
  if (effect_.key.empty())
    effect_.key = once_key_.empty() ? idempotency_key(event_.pipeline, event_.id.empty() ? event_.receipt : event_.id, definition.id) : once_key_;
  return true;
}

milepost::Event Run::sdk_event() const {
  milepost::Event out;
  out.id = event_.id;
  out.revision = event_.revision;
  out.type = event_.type;
  out.subject = event_.subject;
  out.actor = event_.actor;
  out.reason = event_.reason;
  out.time = event_.time;
  out.payload = Document(payload_text_);
  return out;
}

std::vector<std::string> Run::once_keys(const std::vector<std::string>& names) const {
  std::vector<std::string> out;
  for (const auto& text : under_other_names(once_text_, names)) out.push_back(engine::once_key(step().definition.use, step().definition.connection, text));
  return out;
}

std::optional<Written> Run::written() const {
  if (event_.subject.empty() || step().policy.traits.effect != milepost::Kind::record) return std::nullopt;
  auto system = shares(*loans_, step().definition.use, step().definition.connection);
  if (system.empty()) return std::nullopt;
  return Written{event_, step().definition.id, std::move(system), loans_};
}

Json Run::asked_of(const std::string& system) const {
  if (event_.type != config::host_event::kLoanChanged) return nullptr;
  const auto payload = read_json(payload_text_);
  const Json* asked = payload ? find(*payload, "/to") : nullptr;
  return asked != nullptr && asked->is_object() && asked->contains(system) ? (*asked)[system] : Json(nullptr);
}

std::function<std::string(journal::Writer&)> Run::needless() const {
  auto target = written();
  if (!target) return {};
  return [target = *std::move(target), asked = asked_of(target->system), tracked = tracked_](journal::Writer& writer) -> std::string {
    if (tracked->quiet) return tracked->why;
    return has_it_already(writer, target, asked) ? target.system + " has it already" : "";
  };
}

void Run::plan(std::optional<Time> at) {
  if (effect_.state != EffectState::sent) {
    effect_.state = EffectState::planned;
    planned_ = true;
  }
  if (at) effect_.next_at = at;
  save_effect();
  save_event();
}

void Run::mark_sent() {
  const auto now = clock_.now();
  effect_.state = EffectState::sent;
  effect_.attempt += 1;
  if (!effect_.first_at) effect_.first_at = now;
  else if (effect_.next_at && now > *effect_.next_at) effect_.held += now - *effect_.next_at;
  effect_.sent_at = now;
  effect_.next_at.reset();
  effect_.error.clear();
  save_effect();
  save_event();
  auto row = entry("intent", step().definition.use, step().definition.id, "sent");
  row.body = audit::Body()
                 .add_number("attempt", effect_.attempt)
                 .add_text("connection", effect_.connection)
                 .add_text("key", effect_.key)
                 .add_text("with_sha256", telemetry::hex(telemetry::sha256(text(with_))))
                 .add_all(condition_)
                 .take();
  row.plugin = step().plugin_digest;
  write(std::move(row));
  if (auto target = written()) write(remember(*target, with_, {read_ ? loan_ : Json(nullptr), tracked_->told, asked_of(target->system)}));
}

void Run::outcome_row(const std::string& outcome, std::string body) {
  auto row = entry("outcome", step().definition.use, step().definition.id, outcome);
  row.body = std::move(body);
  row.plugin = step().plugin_digest;
  write(std::move(row));
}

void Run::answered(const Answer& answer, bool by_look_up) {
  const Json json = to_json(answer);
  effect_.state = EffectState::done;
  effect_.ended_at = clock_.now();
  effect_.answer = text(json);
  effect_.error.clear();
  save_effect();
  audit::Body body;
  body.add_number("attempt", effect_.attempt).add("answer", answer.body);
  if (by_look_up) body.add_text("settled_by", "look_up");
  if (answer.record) {
    body.add("record", json["record"]);
    write([link = journal::Link{answer.record->system, answer.record->type, answer.record->id, event_.subject}, event = event_, model = loans_,
           row = entry("decision", "loan.renamed", effect_.step, "", Json::object())](journal::Writer& writer) {
      if (link.subject.empty() || writer.linked(link.system, link.type, link.id)) return;
      const auto subject = writer.known_as(link.subject);
      writer.put(journal::Link{link.system, link.type, link.id, subject});
      // What was told of the record before anyone knew whose it is.
      const auto alone = link.system + ":" + link.type + ":" + link.id;
      if (alone != subject && writer.known_as(alone) == alone && writer.loan(alone)) become(writer, event, alone, subject, *model, row);
    });
  }
  // A response may tell the printed code alone.
  if (const auto code = step().mail && !event_.subject.empty() ? get<std::string>(answer.body, "/tracking_code").value_or("") : ""; !code.empty() && code.size() <= 256)
    write([link = journal::Link{"mail", "code", code, event_.subject}](journal::Writer& writer) {
      if (!writer.linked(link.system, link.type, link.id)) writer.put(journal::Link{link.system, link.type, link.id, writer.known_as(link.subject)});
    });
  outcome_row(std::string(name(answer.effect)), body.take());
  if (auto target = written()) write(confirm(*std::move(target), answer.record ? answer.record->version : ""));
  steps_[effect_.step] = view_of(answer.body, name(answer.effect));
  to_next_step();
}

void Run::skipped(const std::string& outcome, const std::string& reason, const std::string& answer) {
  effect_.state = EffectState::skipped;
  effect_.ended_at = clock_.now();
  effect_.answer = answer;
  save_effect();
  outcome_row(outcome, audit::body({{"reason", reason}}));
  if (!answer.empty()) {
    steps_[effect_.step] = step_view(answer);
    if (steps_[effect_.step].is_object()) steps_[effect_.step]["effect"] = "skipped";
  }
  to_next_step();
}

void Run::failed(const Error& error, const std::string& reason) {
  effect_.state = EffectState::failed;
  effect_.ended_at = clock_.now();
  effect_.error = text(milepost::detail::to_json(error));
  save_effect();
  outcome_row("failed", audit::body_of({{"reason", first_line(reason)}, {"error", milepost::detail::to_json(error)}, {"attempt", effect_.attempt}}));
  if (auto target = written(); target && !effect_.unknown) write(forget(*std::move(target)));
  if (step().mail && !effect_.unknown)
    write([event = event_, step = effect_.step](journal::Writer& writer) { writer.remove_mail(writer.known_as(event.subject), event.sequence, step); });
  step_failed(reason);
}

void Run::in_doubt(const Error& error, const std::string& reason) {
  effect_.state = EffectState::in_doubt;
  effect_.error = text(milepost::detail::to_json(error));
  save_effect();
  outcome_row("in_doubt", audit::body_of({{"reason", first_line(reason)}, {"error", milepost::detail::to_json(error)}, {"attempt", effect_.attempt}}));
  event_.fault = first_line(step().definition.id + ": " + reason);
  event_.step = step().definition.id;
  raise(config::host_event::kInDoubt, step().definition.id);
  end(EventState::in_doubt);
}

void Run::retry(const Error& error, Time at, bool counts) {
  outcome_row("retry", audit::body_of({{"attempt", effect_.attempt}, {"error", milepost::detail::to_json(error)}, {"next", telemetry::to_text(at)}}));
  if (!counts && effect_.attempt > 0) {
    effect_.attempt -= 1;
    effect_.held += std::max(at - clock_.now(), std::chrono::microseconds(0));
  }
  effect_.state = EffectState::planned;
  if (error.kind == ErrorKind::indeterminate) effect_.unknown = true;
  effect_.error = text(milepost::detail::to_json(error));
  plan(at);
}

void Run::look_up_later(const Error& error, Time at) {
  effect_.error = text(milepost::detail::to_json(error));
  effect_.next_at = at;
  save_effect();
}

void Run::paused(const Error& error, bool during_look_up) {
  outcome_row("held", audit::body_of({{"error", milepost::detail::to_json(error)}}));
  effect_.error = text(milepost::detail::to_json(error));
  if (!during_look_up) unsent();
  plan(clock_.now());
}

void Run::unsent() {
  effect_.state = EffectState::planned;
  if (effect_.attempt > 0) effect_.attempt -= 1;
}

}  // namespace milepost::engine
