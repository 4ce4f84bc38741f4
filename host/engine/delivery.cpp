// Out to a connection, and back: a step's delivery waits for its turn there, is written as sent, goes out alone or in
// company, and what came of it is applied to the ledger.
#include <random>
#include <thread>

#include "host/engine/engine.hpp"
#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {
namespace {

using journal::EffectState;
using telemetry::Level;

double jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

std::string batch_key(const ProgramStep& step, const Json& with) {
  const auto& pointer = step.policy.traits.batch_key;
  const Json* value = pointer.empty() ? nullptr : find(with, pointer);
  return value == nullptr ? "" : text(*value);
}

/// Deliveries of one group may travel together.
std::string group_of(const Run& run) { return run.program().pipeline.version + "/" + run.step().definition.id; }

/// Whether the vendor did well, whatever it thought of the delivery: the breaker's view.
std::optional<bool> did_well(const Result<Answer>& result) {
  if (result) return true;
  switch (result.error().kind) {
    case ErrorKind::retryable:
    case ErrorKind::indeterminate:
      return false;
    case ErrorKind::rate_limited:
    case ErrorKind::permanent:
      return true;
    default:
      return std::nullopt;  // says nothing of the vendor
  }
}

}  // namespace

// ---- waiting for a turn ----

/// What its turn there comes to.
Channel::Job Engine::job_of(const LanePtr& lane) {
  return [this, lane](Channel& at, Worker& worker) {
    lanes_.rest(lane);
    guarded(lane, [&] { lane->run->settling() ? settle(lane, at, worker) : deliver({lane}, at, worker); });
  };
}

/// `at`: whose last delivery has just been made there, by that worker. What was begun is ended first, and what came of that delivery is
/// written with the next one's `sent`.
void Engine::offer(const LanePtr& lane, Worker* at) {
  auto& run = *lane->run;
  const auto& step = run.step();
  const auto found = channel(step.definition.connection);
  if (found == nullptr) {
    const std::string reason = "the connection \"" + step.definition.connection + "\" is not configured";
    run.failed({ErrorKind::permanent, reason}, reason);
    scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); });
    return;
  }
  const bool gathers = step.batch.size > 1 && !lane->alone && !run.settling();
  if (!gathers && found->start(job_of(lane), at)) return;
  if (!run.has_writes()) return enqueue(lane, found);
  // It has to wait there: what happened so far is written first, and its place. As planned it is written where it has to leave memory.
  run.keep_place();
  commit(lane, [this, lane, found] { enqueue(lane, found); });
}

void Engine::enqueue(const LanePtr& lane, const ChannelPtr& channel) {
  auto& run = *lane->run;
  const auto& batch = run.step().batch;
  lanes_.rest(lane);
  if (batch.size > 1 && !lane->alone && !run.settling()) {
    const std::string group = group_of(run);
    const std::size_t most = 2 * batch.size * channel->definition().limit.in_flight;
    if (gatherer_.waiting(group) >= most) return park(lane, channel, [this, group, most] { return gatherer_.waiting(group) < most; });
    switch (gatherer_.add(group, lane, batch_key(run.step(), run.with()), batch.size)) {
      case Gatherer::Added::waits:
        return;
      case Gatherer::Added::full:
        return flush(group, batch.size, channel);
      case Gatherer::Added::first:
        scheduler_.post_at(clock_.now() + batch.wait, [this, group, size = batch.size, channel](expression::Machine&) {
          flush(group, size, channel);
        });
        return;
    }
  }
  if (channel->submit(job_of(lane))) return;
  if (!run.settling()) return park(lane, channel);
  // Nobody looks among what waits as planned for one that was sent.
  const auto soon = [this, lane] { later(lane, clock_.now() + std::chrono::seconds(1)); };
  run.has_writes() ? commit(lane, soon) : soon();
}

/// One call for what has gathered; it takes what is there when its turn comes.
void Engine::flush(const std::string& group, std::size_t size, const ChannelPtr& channel) {
  if (gatherer_.waiting(group) == 0) return;
  Channel::Job job = [this, group, size](Channel& at, Worker& worker) {
    auto taken = gatherer_.take(group, size);
    if (at.unpark()) unpark(at.definition().name);
    if (taken.more)
      scheduler_.post([this, group, size, same = at.shared_from_this()](expression::Machine&) { flush(group, size, same); });
    if (!taken.lanes.empty()) deliver(taken.lanes, at, worker);
  };
  if (channel->submit(std::move(job))) return;
  // More than once: of those with one key each take gives one.
  for (auto taken = gatherer_.take(group, SIZE_MAX); !taken.lanes.empty(); taken = gatherer_.take(group, SIZE_MAX))
    for (const auto& lane : taken.lanes) park(lane, channel);
}

// ---- sending ----

/// What is decided in the writer's transaction, just before a delivery leaves.
struct Engine::Gate {
  Gate(Run& run, expression::Machine& machine)
      : before(run.take_writes()),
        event(run.event()),
        once{run.once_key(), event.sequence, run.step().definition.id},
        guard_late(event.late && !run.step().definition.late_run),
        needless(run.needless()) {
    if (!once.key.empty() && !event.subject.empty()) once_keys = [&run](const std::vector<std::string>& names) { return run.once_keys(names); };
    run.mark_sent();
    sent = run.take_writes();
    if (!run.step().mail) return;
    ask_mail = [&run, &machine](journal::Writer& writer) { return run.mail_verdict(machine, writer); };  // on the writer's thread
    record_mail = [&run](const loans::MailVerdict& passed, journal::Writer& writer) { run.record_mail(passed, writer); };
  }
  void pass(journal::Writer& writer) {
    verdict.clear();
    reason.clear();
    first_answer.clear();
    hold = false;
    mail = {};
    for (const auto& write : before) write(writer);
    if (guard_late && writer.finished_later(event.pipeline, event.lane, event.sequence, once.step)) return skip("superseded", "a later event of this subject has done it");
    if (needless)
      if (auto why = needless(writer); !why.empty()) return skip("unchanged", std::move(why));
    // First, so that a piece which has gone already takes no turn of the day's budget.
    if (!once.key.empty() && taken(writer)) return;
    if (ask_mail && (mail = ask_mail(writer)).kind != loans::MailVerdict::Kind::go) return;
    if (!once.key.empty() && writer.claim(once)) writer.take_over(once);
    if (record_mail) record_mail(mail, writer);
    for (const auto& write : sent) write(writer);
  }

  Writes before, sent;
  const journal::Event& event;  ///< the run's, which stands still meanwhile
  journal::Once once;
  bool guard_late;
  std::function<std::string(journal::Writer&)> needless;  ///< of a step that writes to a system which shares fields
  std::function<std::vector<std::string>(const std::vector<std::string>&)> once_keys;
  std::string verdict, reason;  ///< why it is skipped; "": it goes out
  std::string first_answer;  ///< of the delivery that holds the `once:` key
  bool hold = false;         ///< that one has no outcome yet
  // Of a step that sends mail:
  std::function<loans::MailVerdict(journal::Writer&)> ask_mail;
  std::function<void(const loans::MailVerdict&, journal::Writer&)> record_mail;
  loans::MailVerdict mail;                                       ///< what the mail gate said
  bool leaves() const { return verdict.empty() && !hold && mail.kind == loans::MailVerdict::Kind::go; }

 private:
  void skip(std::string what, std::string why) {
    verdict = std::move(what);
    reason = std::move(why);
  }
  /// Somebody else has done it, or is at it.
  bool taken(journal::Writer& writer) {
    auto keys = std::vector<std::string>{once.key};
    // A loan that was renumbered or merged may have claimed it under another name.
    if (once_keys) {
      const auto now = writer.known_as(event.subject);
      auto names = writer.names_of(now);
      if (!names.empty()) {
        names.push_back(now);
        for (auto& key : once_keys(names)) keys.push_back(std::move(key));
      }
    }
    for (const auto& key : keys)
      if (const auto holder = writer.claimed(key); holder && !is_free(writer, *holder)) return true;
    return false;
  }
  /// Whether who holds a key gave up without an effect. Else this one waits for him, or is skipped.
  bool is_free(journal::Writer& writer, const journal::Once& holder) {
    if (holder.event == once.event && holder.step == once.step) return true;
    const auto effect = writer.effect(holder.event, holder.step);
    if (effect && effect->state <= EffectState::sent) {
      hold = true;
      return false;
    }
    if (effect && effect->state == EffectState::failed) return true;
    skip("skipped", "once: it was done before");
    first_answer = effect ? effect->answer : "";
    return false;
  }
};

/// Deliveries that leave together, while `sent` is committed for them.
struct Engine::Leaving {
  std::vector<LanePtr> lanes;
  std::vector<Gate> gates;  ///< of each of them
};

void Engine::deliver(const std::vector<LanePtr>& lanes, Channel& channel, Worker& worker) {
  if (stopping_) {
    for (const auto& lane : lanes) commit_now(lane);
    return;
  }
  guarded(lanes, [&] {
    const auto leaving = std::make_shared<Leaving>(Leaving{lanes, {}});
    for (const auto& lane : lanes) leaving->gates.emplace_back(*lane->run, gate_machine_);
    channel.suspend(worker);
    commit_sent(leaving, channel.shared_from_this());
  });
}

/// Prior outcomes, the guards and `sent` of all in one commit. No worker waits for it. REQUIRES: the job is suspended
void Engine::commit_sent(const std::shared_ptr<Leaving>& leaving, const ChannelPtr& channel) {
  const auto pass = [leaving](journal::Writer& writer) {
    for (auto& gate : leaving->gates) gate.pass(writer);
  };
  store_.submit(pass, [this, leaving, channel](const Status& done) {
    if (done) return channel->go_on([this, leaving](Channel& at, Worker& worker) { leave_for(*leaving, at, worker); });
    telemetry::log(stopping_ ? Level::error : Level::debug, "store.commit_failed", {{"reason", done.error().message}});
    channel->go_on([this, leaving](Channel& at, Worker& worker) {
      if (stopping_) return;  // the journal has them, as they were
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      at.suspend(worker);
      commit_sent(leaving, at.shared_from_this());
    });
  });
}

/// `sent` is on disk: those leave that were let through; the others go on in another way.
void Engine::leave_for(Leaving& leaving, Channel& channel, Worker& worker) {
  std::vector<LanePtr> through;
  Worker* const alone = leaving.lanes.size() == 1 ? &worker : nullptr;
  for (std::size_t i = 0; i < leaving.lanes.size(); ++i) {
    const auto& lane = leaving.lanes[i];
    const Gate& gate = leaving.gates[i];
    if (gate.leaves()) {
      through.push_back(lane);
      continue;
    }
    guarded(lane, [&] {
      lane->run->unsent();
      if (gate.mail.kind != loans::MailVerdict::Kind::go) {
        lane->run->gated(gate.mail);
        return drive(lane, worker.machine, alone);
      }
      if (gate.hold) {
        lane->run->plan();
        return commit(lane, [this, lane] { later(lane, clock_.now() + std::chrono::seconds(1)); });
      }
      lane->run->skipped(gate.verdict, gate.reason, gate.first_answer);
      drive(lane, worker.machine, alone);
    });
  }
  if (!through.empty()) guarded(through, [&] { send(through, channel, worker); });
}

void Engine::send(const std::vector<LanePtr>& lanes, Channel& channel, Worker& worker) {
  const auto& step = lanes.front()->run->step();
  std::vector<milepost::Event> events;
  std::vector<Delivery> deliveries;
  events.reserve(lanes.size());
  for (const auto& lane : lanes) {
    events.push_back(lane->run->sdk_event());
    deliveries.push_back({&events.back(), lane->run->with(), lane->run->effect().key});
  }

  plugins::HostCall host_call(
      channel.definition().limit.timeout, [this] { return aborted_.load(); }, lanes.front()->run->effect().attempt);
  const auto started = std::chrono::steady_clock::now();
  std::vector<Result<Answer>> results;
  if (Action* action = worker.action(step.action)) results = action->run(deliveries, host_call.call());
  if (results.size() != lanes.size())
    results.assign(lanes.size(), fail(host_call.has_write_left() ? ErrorKind::indeterminate : ErrorKind::internal,
                                      "the plugin gave " + std::to_string(results.size()) + " results for " +
                                          std::to_string(lanes.size()) + " deliveries"));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  telemetry::observe_seconds("milepost_action_seconds",
                             {{"pipeline", lanes.front()->key.pipeline}, {"step", step.definition.id}}, took.count());

  // Did the call as a whole fail, after it had left or by a defect of the plugin? Then one item may have spoiled it for
  // all, and nobody knows which.
  const auto defect = [](const auto& result) { return !result && result.error().kind == ErrorKind::internal; };
  const bool in_vain = lanes.size() > 1 && (host_call.has_write_left() || std::ranges::all_of(results, defect)) &&
                       std::ranges::none_of(results, [](const auto& result) { return bool(result); });
  std::optional<bool> well;
  for (const auto& result : results)
    if (const auto one = did_well(result)) well = well.value_or(false) || *one;
  if (well) channel.report(*well);
  for (std::size_t i = 0; i < lanes.size(); ++i)
    guarded(lanes[i], [&] { outcome(lanes[i], channel, worker, results[i], in_vain, lanes.size() == 1); });
}

void Engine::outcome(const LanePtr& lane, Channel& channel, Worker& worker, const Result<Answer>& result,
                     bool in_vain, bool alone) {
  auto& run = *lane->run;
  const std::string step = run.step().definition.id;
  telemetry::count("milepost_deliveries_total",
                   {{"pipeline", lane->key.pipeline},
                    {"step", step},
                    {"outcome", result ? "done" : std::string(name(result.error().kind))}});
  if (result) {
    lane->strikes = 0;
    lane->alone = false;
    run.answered(*result, false);
    return drive(lane, worker.machine, alone ? &worker : nullptr);
  }
  const auto& error = result.error();
  telemetry::log(Level::info, "delivery.failed",
                 {{"pipeline", lane->key.pipeline},
                  {"step", step},
                  {"event", run.event().receipt},
                  {"kind", std::string(name(error.kind))},
                  {"reason", error.message},
                  {"origin", error.origin}});
  auto decision = after_error(run.effect(), error, run.step().policy, clock_.now(), ++lane->strikes, jitter());
  if (in_vain) {
    lane->alone = true;
    if (decision.next == Decision::Next::failed)
      decision = {.next = Decision::Next::send, .at = clock_.now(), .counts = false};
  }
  apply(lane, channel, decision, error, false);
}

/// Sent before, and its outcome is not known.
void Engine::settle(const LanePtr& lane, Channel& channel, Worker& worker) {
  if (stopping_) return commit_now(lane);
  auto& run = *lane->run;
  const auto& policy = run.step().policy;
  if (!policy.lookup) {
    const Error error{ErrorKind::indeterminate, "the host stopped before the answer arrived"};
    return apply(lane, channel, after_crash(run.effect(), policy, clock_.now()), error, false);
  }
  auto* const lookup = dynamic_cast<Lookup*>(worker.action(run.step().action));
  const milepost::Event event = run.sdk_event();
  const Delivery delivery{&event, run.with(), run.effect().key};
  plugins::HostCall host_call(
      channel.definition().limit.timeout, [this] { return aborted_.load(); }, run.effect().attempt);
  const auto found =
      lookup != nullptr
          ? lookup->find(delivery, host_call.call())
          : Result<std::optional<Answer>>(fail(ErrorKind::internal, "the plugin offers no look-up for this action"));
  telemetry::count("milepost_look_ups_total", {{"pipeline", lane->key.pipeline},
                                               {"step", run.step().definition.id},
                                               {"found", found && *found ? "yes"
                                                         : found         ? "no"
                                                                         : "error"}});
  const auto decision = after_look_up(run.effect(), found, policy, clock_.now(), ++lane->strikes, jitter());
  if (decision.next != Decision::Next::done)
    return apply(lane, channel, decision, found ? Error{ErrorKind::retryable, "not found"} : found.error(), true);
  lane->strikes = 0;
  run.answered(**found, true);
  drive(lane, worker.machine, &worker);
}

void Engine::apply(const LanePtr& lane, Channel& channel, const Decision& decision, const Error& error, bool look_up) {
  auto& run = *lane->run;
  if (decision.slow_down) channel.hold_until(decision.at);
  const auto drive_next = [this, lane] {
    scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); });
  };
  switch (decision.next) {
    case Decision::Next::done:
      return drive_next();  // only a look-up gives it, with its answer applied
    case Decision::Next::send:
      run.retry(error, decision.at, decision.counts);
      break;
    case Decision::Next::look_up:
      run.look_up_later(error, decision.at);
      break;
    case Decision::Next::pause:
      if (channel.pause(decision.reason)) run.raise_paused(channel.definition(), decision.reason);
      run.paused(error, look_up);
      return commit(lane, drive_next);
    case Decision::Next::failed:
      run.failed(error, decision.reason);
      return drive_next();
    case Decision::Next::in_doubt:
      telemetry::log(Level::warn, "delivery.in_doubt",
                     {{"pipeline", lane->key.pipeline}, {"event", run.event().receipt}, {"reason", decision.reason}});
      run.in_doubt(error, decision.reason);
      return drive_next();
  }
  commit(lane, [this, lane, at = decision.at] { later(lane, at); });
}

}  // namespace milepost::engine
