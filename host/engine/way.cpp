// One lane's way: the head of the lane is loaded, its steps are evaluated, what came of them is committed, the next
// event follows.
#include "host/engine/dead_letter.hpp"
#include "host/engine/engine.hpp"
#include "host/journal/store_error.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {

using journal::EffectState;
using journal::EventState;
using telemetry::Level;
using telemetry::Time;

/// Nothing that an event brings may end the process. A store that cannot be read is tried again; anything else is a
/// defect, and costs the event that met it.
void Engine::guarded(const LanePtr& lane, const std::function<void()>& move) {
  try {
    move();
  } catch (const journal::StoreError& error) {
    telemetry::log(Level::error, "store.read_failed", {{"reason", error.what()}});
    later(lane, clock_.now() + std::chrono::seconds(1));
  } catch (const std::exception& error) {
    telemetry::log(Level::error, "event.defect", {{"pipeline", lane->key.pipeline}, {"reason", error.what()}});
    if (!lane->run) return later(lane, clock_.now() + std::chrono::seconds(1));
    const std::string fault = std::string("a defect of the host: ") + error.what();
    store_.submit(
        [sequence = lane->run->event().sequence, fault](journal::Writer& writer) {
          auto event = writer.event(sequence);
          if (!event || event->state != EventState::open) return;
          make_dead(writer, *event, fault);
        },
        [this, lane](const Status&) { later(lane, clock_.now() + std::chrono::milliseconds(100)); });
  }
}

/// What they do together; afterwards each goes its own way, guarded by itself.
void Engine::guarded(const std::vector<LanePtr>& lanes, const std::function<void()>& move) {
  try {
    move();
  } catch (...) {
    const auto failure = std::current_exception();
    for (const auto& lane : lanes) guarded(lane, [&] { std::rethrow_exception(failure); });
  }
}

void Engine::turn(expression::Machine& machine) {
  if (stopping_) return;
  if (const auto lane = lanes_.take()) drive(lane, machine);
}

/// `at`: the worker that has just made its last delivery, alone, and has nothing more to do with its job.
void Engine::drive(const LanePtr& lane, expression::Machine& machine, Worker* at) {
  guarded(lane, [&] { advance(lane, machine, at); });
}

void Engine::advance(const LanePtr& lane, expression::Machine& machine, Worker* at) {
  if (stopping_) return commit_now(lane);
  if (!lane->run && !load(lane)) return;
  auto& run = *lane->run;
  const auto link = [this](const std::string& system, const std::string& type, const std::string& id) {
    return store_.linked(system, type, id);
  };
  if (run.proceed(machine, link).need == Progress::Need::deliver) return offer(lane, at);
  telemetry::count("milepost_events_total",
                   {{"pipeline", lane->key.pipeline}, {"state", std::string(name(run.event().state))}});
  commit(lane, [this, lane, waits = run.event().state == EventState::waiting] {
    if (waits) scheduler_.post([this](expression::Machine&) { read([this] { schedule_due(); }); });
    const bool more = lane->more;
    lane->run.reset();
    lane->strikes = 0;
    lane->alone = false;
    if (more) return lanes_.again(lane);
    leave(lane);
  });
}

/// False: the lane is not to go on now, and has been sent where it belongs.
bool Engine::load(const LanePtr& lane) {
  auto head = store_.head(lane->key);
  auto program = head ? program_of(head->event) : nullptr;
  if (program == nullptr) {
    leave(lane);  // nothing is there, or it waits in the journal until its pipeline runs again
    return false;
  }
  auto& event = head->event;
  lane->more = head->more;
  std::optional<journal::LoanRevision> loan;
  std::vector<journal::Effect> effects;
  if (event.definition.empty())
    loan = head->loan ? *std::move(head->loan) : store_.loan(event.subject);
  else if (event.loan_revision.value_or(0) > 0)
    loan = store_.loan(event.subject, event.loan_revision);
  // A new event has none. One that a person opened again is bound anew, and keeps what it did.
  if (!event.definition.empty() || event.late) effects = store_.effects(event.sequence);
  std::optional<Time> next;
  const Time now = clock_.now();
  for (const auto& effect : effects) {
    // An attempt that is still to come by the clock: it was set back since, and the rest is over by our own count.
    const bool clock_set_back = effect.sent_at && telemetry::set_back(*effect.sent_at, now);
    if (effect.step == event.step && effect.state <= EffectState::sent && !clock_set_back) next = effect.next_at;
  }
  if (next && *next > now) {
    later(lane, *next);
    return false;
  }
  lane->run = std::make_unique<Run>(std::move(event), std::move(head->payload), std::move(effects), std::move(program),
                                    std::move(loan), clock_, loans());
  return true;
}

/// It rests until `at`, out of memory but for its key.
void Engine::later(const LanePtr& lane, Time at) {
  lane->run.reset();
  lanes_.rest(lane);
  scheduler_.post_at(at, [this, lane](expression::Machine&) { lanes_.again(lane); });
  if (at > clock_.now()) end_turn(0);
}

void Engine::leave(const LanePtr& lane) {
  lane->run.reset();
  lanes_.leave(lane);
  end_turn(0);
}

void Engine::commit(const LanePtr& lane, std::function<void()> then) {
  if (stopping_) return commit_now(lane);
  // What built-ins alone have done waits for company, unless another event of the lane waits for it.
  const auto haste = lane->run->presses() || lane->more ? journal::Store::Haste::now : journal::Store::Haste::soon;
  const auto attempt = std::make_shared<std::function<void()>>();
  *attempt = [this, haste, work = all_of(lane->run->take_writes()), then = std::move(then), weak = std::weak_ptr(attempt)] {
    const auto told = [this, then, again = weak.lock()](const Status& done) {
      if (done) return then();
      if (stopping_) return;  // it may be there after all, and the journal knows
      telemetry::log(Level::debug, "store.commit_failed", {{"reason", done.error().message}});  // by each lane, twice a second: store.failing has told it once
      scheduler_.post_at(clock_.now() + std::chrono::milliseconds(500), [again](expression::Machine&) { (*again)(); });
    };
    store_.submit(work, told, haste);
  };
  (*attempt)();
}

/// The host stops: what came of the last step is kept, and nothing follows.
void Engine::commit_now(const LanePtr& lane) {
  if (!lane->run || !lane->run->has_writes()) return;
  lane->run->keep_place();
  if (const auto done = store_.run(all_of(lane->run->take_writes())); !done)
    telemetry::log(Level::error, "store.commit_failed", {{"reason", done.error().message}});
}

std::shared_ptr<const Program> Engine::program_of(const journal::Event& event) {
  return event.definition.empty() ? versions_.last(event.pipeline) : versions_.at(event.definition);
}

}  // namespace milepost::engine
