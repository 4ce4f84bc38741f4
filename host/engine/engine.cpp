#include "host/engine/engine.hpp"

#include <random>
#include <thread>

#include "host/audit/trail.hpp"
#include "host/config/from_effective.hpp"
#include "host/journal/store_error.hpp"
#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {
namespace {

using journal::EffectState;
using journal::EventState;
using telemetry::Level;
using telemetry::Time;

constexpr std::size_t kMostActiveLanes = 20'000;
constexpr std::size_t kFeedPage = 256;

journal::Work all_of(Writes writes) {
  return [writes = std::make_shared<const Writes>(std::move(writes))](journal::Writer& writer) {
    for (const auto& write : *writes) write(writer);
  };
}

}  // namespace

Engine::Engine(journal::Store& store, plugins::Registry& registry, plugins::Services services, telemetry::Clock& clock)
    : store_(store), registry_(registry), services_(services), clock_(clock), scheduler_(clock, 2) {}

Engine::~Engine() { stop(std::chrono::seconds(0)); }

Status Engine::deploy(std::vector<std::shared_ptr<const Program>> programs, const std::map<std::string, config::Connection>& connections,
                      std::vector<PipelineStatus> broken, const config::Secrets& secrets) {
  for (const auto& [name, connection] : connections) {
    auto account = registry_.account(connection, secrets, services_);
    if (!account) return fail(account.error());
    channels_[name] = std::make_unique<Channel>(std::move(*account), clock_, [this] { return aborted_.load(); });
  }
  Writes writes;
  for (auto& program : programs) {
    const auto& pipeline = program->pipeline;
    writes.push_back([digest = pipeline.version, name = pipeline.name, body = text(pipeline.effective)](journal::Writer& writer) {
      writer.put_definition(digest, "pipeline", name, body);
    });
    versions_[pipeline.version] = program;
    programs_[pipeline.name] = std::move(program);
  }
  broken_ = std::move(broken);
  return store_.run(all_of(std::move(writes)));
}

void Engine::start() {
  store_.on_work([this](const std::vector<journal::Lane>& lanes) { wake(lanes); });
  scheduler_.start();
  scheduler_.post([this](expression::Machine&) { feed(); });
  scheduler_.post([this](expression::Machine& machine) { resume_due(machine); });
}

void Engine::stop(std::chrono::milliseconds drain) {
  if (stopping_.exchange(true)) return;
  // Calls in flight may finish for so long; then they are asked to stop.
  std::jthread abort([this, drain](std::stop_token done) {
    const auto until = std::chrono::steady_clock::now() + drain;
    while (!done.stop_requested() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    aborted_ = true;
  });
  store_.on_work({});
  for (auto& [name, channel] : channels_) channel->stop();
  abort.request_stop();
  scheduler_.stop();
  // What was submitted still answers into this object: let it, before anything here goes away.
  if (const auto flushed = store_.run([](journal::Writer&) {}); !flushed)
    telemetry::log(Level::error, "store.commit_failed", {{"reason", flushed.error().message}});
  const std::lock_guard lock(mutex_);
  active_.clear();
}

Snapshot Engine::status() const {
  Snapshot out;
  out.pipelines = broken_;
  for (const auto& [name, program] : programs_) {
    PipelineStatus status{name, program->pipeline.version, program->pipeline.description, program->pipeline.owner, {}, {}, true, {}};
    for (const auto& source : program->pipeline.sources)
      status.sources.push_back(source.use + (source.path.empty() ? "" : " " + source.path));
    for (const auto& step : program->steps) status.steps.push_back(step.definition.id + " " + step.definition.use);
    out.pipelines.push_back(std::move(status));
  }
  for (const auto& [name, channel] : channels_) out.connections.push_back(channel->status());
  const std::lock_guard lock(mutex_);
  out.lanes_active = active_.size();
  out.stopping = stopping_;
  return out;
}

bool Engine::idle() const {
  const std::lock_guard lock(mutex_);
  return active_.empty() && !behind_ && !walking_;
}

// ---- which lanes are active ----

void Engine::wake(const std::vector<journal::Lane>& lanes) {
  for (const auto& key : lanes) {
    LanePtr lane;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = active_.find(key); found != active_.end()) {
        found->second->more = true;
        continue;
      }
      if (active_.size() >= kMostActiveLanes) {
        behind_ = true;
        continue;
      }
      lane = active_.emplace(key, std::make_shared<Active>(key)).first->second;
    }
    scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); });
  }
}

void Engine::feed() {
  std::optional<journal::Lane> after;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || active_.size() >= kMostActiveLanes) return;
    if (!walking_) {
      if (!behind_) return;
      behind_ = false;  // whatever is missed from now on sets it again, and another walk follows
      walking_ = true;
      fed_.reset();
    }
    after = fed_;
  }
  const auto lanes = store_.open_lanes(after, kFeedPage);
  wake(lanes);
  {
    const std::lock_guard lock(mutex_);
    if (lanes.size() < kFeedPage) walking_ = false;
    else fed_ = lanes.back();
    if ((!walking_ && !behind_) || active_.size() >= kMostActiveLanes) return;  // retire() feeds again
  }
  scheduler_.post([this](expression::Machine&) { feed(); });
}

void Engine::retire(const LanePtr& lane, bool dormant) {
  bool hungry = false;
  {
    const std::lock_guard lock(mutex_);
    if (lane->more && !dormant) {
      lane->more = false;
      scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); });
      return;
    }
    active_.erase(lane->key);
    hungry = (behind_ || walking_) && active_.size() < kMostActiveLanes / 2;
  }
  if (hungry) scheduler_.post([this](expression::Machine&) { feed(); });
}

void Engine::resume_due(expression::Machine&) {
  const auto due = store_.due(clock_.now(), kFeedPage);
  for (const auto sequence : due) {
    store_.submit(
        [sequence](journal::Writer& writer) {
          auto fresh = writer.event(sequence);
          if (!fresh || fresh->state != EventState::waiting) return;
          fresh->state = EventState::open;
          fresh->late = true;
          fresh->resume_at.reset();
          if (const auto loan = writer.loan(fresh->subject)) fresh->loan_revision = loan->revision;
          writer.update(*fresh);
          writer.wake({fresh->pipeline, fresh->lane});
        },
        [](const Status&) {});
  }
  if (due.size() == kFeedPage) scheduler_.post([this](expression::Machine& machine) { resume_due(machine); });
  else schedule_due();
}

void Engine::schedule_due() {
  if (const auto next = store_.next_due())
    scheduler_.post_at(std::max(*next, clock_.now() + std::chrono::milliseconds(1)), [this](expression::Machine& machine) { resume_due(machine); });
}

// ---- one lane's way ----

std::shared_ptr<const Program> Engine::program_of(const journal::Event& event) {
  if (event.definition.empty()) {
    const auto current = programs_.find(event.pipeline);
    return current == programs_.end() ? nullptr : current->second;
  }
  const std::lock_guard lock(mutex_);
  if (const auto known = versions_.find(event.definition); known != versions_.end()) return known->second;
  // Bound to a version that is not deployed any more: compiled again from what the store kept.
  const auto body = store_.definition(event.definition);
  auto effective = body ? read_json(*body) : Result<Json>(fail(ErrorKind::permanent, "its definition is not in the store"));
  if (!effective) return nullptr;
  auto pipeline = config::from_effective(*effective);
  if (!pipeline) return nullptr;
  config::Faults faults;
  auto program = Program::compile(pipeline->pipeline, pipeline->schemas, registry_, faults);
  if (program == nullptr)
    telemetry::log(Level::error, "version.unusable", {{"pipeline", event.pipeline}, {"version", event.definition},
                                                      {"reason", faults.empty() ? "" : faults.front().message}});
  return versions_[event.definition] = program;
}

bool Engine::load(const LanePtr& lane) {
  auto event = store_.head(lane->key);
  if (!event) {
    retire(lane, false);
    return false;
  }
  auto program = program_of(*event);
  auto payload = store_.payload(event->sequence);
  if (program == nullptr || !payload) {
    retire(lane, true);  // it waits in the journal until its pipeline runs again
    return false;
  }
  std::optional<journal::LoanRevision> loan;
  if (event->definition.empty()) loan = store_.loan(event->subject);
  else if (event->loan_revision.value_or(0) > 0) loan = store_.loan(event->subject, event->loan_revision);
  auto effects = store_.effects(event->sequence);
  std::optional<Time> next;
  for (const auto& effect : effects)
    if (effect.step == event->step && effect.next_at && effect.state <= EffectState::sent) next = effect.next_at;
  lane->run = std::make_unique<Run>(std::move(*event), std::move(*payload), std::move(effects), std::move(program), std::move(loan), clock_);
  if (next && *next > clock_.now()) {
    later(lane, *next);
    return false;
  }
  return true;
}

/// Nothing that an event brings may end the process. A store that cannot be read is tried again; anything else is a defect, and costs the
/// event that met it.
template <class Move>
void Engine::guarded(const LanePtr& lane, Move move) {
  try {
    move();
  } catch (const journal::StoreError& error) {
    telemetry::log(Level::error, "store.read_failed", {{"reason", error.what()}});
    lane->run.reset();
    later(lane, clock_.now() + std::chrono::seconds(1));
  } catch (const std::exception& error) {
    telemetry::log(Level::error, "event.defect", {{"pipeline", lane->key.pipeline}, {"reason", error.what()}});
    if (!lane->run) return later(lane, clock_.now() + std::chrono::seconds(1));
    const std::string fault = std::string("a defect of the host: ") + error.what();
    const auto sequence = lane->run->event().sequence;
    lane->run.reset();
    store_.submit(
        [sequence, fault](journal::Writer& writer) {
          auto event = writer.event(sequence);
          if (!event || event->state != EventState::open) return;
          event->state = EventState::dead;
          event->fault = fault;
          writer.update(*event);
          audit::append(writer, {.kind = "outcome", .action = "dead_letter", .subject = event->subject, .pipeline = event->pipeline,
                                 .version = event->definition, .event = event->receipt, .step = event->step, .outcome = "dead_letter",
                                 .plugin = {}, .details = {{"reason", fault}}});
        },
        [this, lane](Status) { later(lane, clock_.now() + std::chrono::milliseconds(100)); });
  }
}

void Engine::drive(const LanePtr& lane, expression::Machine& machine) {
  guarded(lane, [&] { advance(lane, machine); });
}

void Engine::advance(const LanePtr& lane, expression::Machine& machine) {
  if (stopping_) {
    if (lane->run && lane->run->has_writes()) commit_now(*lane->run);
    return;
  }
  if (!lane->run && !load(lane)) return;
  const auto link = [this](const std::string& system, const std::string& type, const std::string& id) { return store_.linked(system, type, id); };
  const auto progress = lane->run->proceed(machine, link);
  if (progress.need == Progress::Need::deliver) return offer(lane);
  const bool waits = lane->run->event().state == EventState::waiting;
  telemetry::count("milepost_events_total", {{"pipeline", lane->key.pipeline}, {"state", std::string(name(lane->run->event().state))}});
  commit(lane, [this, lane, waits] {
    if (waits) schedule_due();
    lane->run.reset();
    scheduler_.post([this, lane](expression::Machine& next) { drive(lane, next); });
  });
}

void Engine::offer(const LanePtr& lane) {
  auto& run = *lane->run;
  const auto found = channels_.find(run.step().definition.connection);
  if (found == channels_.end()) {
    const std::string reason = "the connection \"" + run.step().definition.connection + "\" is not configured";
    run.failed({ErrorKind::permanent, reason}, reason);
    scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); });
    return;
  }
  Channel& channel = *found->second;
  const auto enqueue = [this, lane, &channel] {
    channel.submit([this, lane, &channel](Worker& worker) {
      guarded(lane, [&] { deliver(lane, channel, worker); });
    });
  };
  if (channel.free() || !run.has_writes()) return enqueue();
  // It has to wait there: what happened so far is written first, the plan with it.
  run.plan();
  commit(lane, enqueue);
}

/// Prior outcomes, the guards and `sent` in one commit. False: the host is stopping and nothing was sent. `verdict`: "" go on.
bool Engine::commit_sent(Run& run, std::string& verdict, std::string& first_answer, bool& hold) {
  struct Guarded {
    std::string verdict, answer;
    bool hold = false;
  };
  const auto guarded = std::make_shared<Guarded>();
  const auto before = std::make_shared<const Writes>(run.take_writes());
  const auto event = run.event();
  const bool guard_late = event.late && !run.step().definition.late_run;
  const journal::Once once{run.once_key(), event.sequence, run.step().definition.id};
  run.mark_sent();
  const auto sent = std::make_shared<const Writes>(run.take_writes());
  const journal::Work work = [=](journal::Writer& writer) {
    *guarded = {};
    for (const auto& write : *before) write(writer);
    if (guard_late && writer.finished_later(event.pipeline, event.lane, event.sequence, once.step)) {
      guarded->verdict = "superseded";
      return;
    }
    if (!once.key.empty()) {
      if (const auto first = writer.claim(once); first && (first->event != once.event || first->step != once.step)) {
        const auto effect = writer.effect(first->event, first->step);
        if (effect && effect->state <= EffectState::sent) {
          guarded->hold = true;
          return;
        }
        if (effect && effect->state == EffectState::failed) {
          writer.take_over(once);
        } else {
          guarded->verdict = "skipped";
          if (effect) guarded->answer = effect->answer;
          return;
        }
      }
    }
    for (const auto& write : *sent) write(writer);
  };
  while (true) {
    const auto done = store_.run(work);
    if (done) break;
    telemetry::log(Level::error, "store.commit_failed", {{"reason", done.error().message}});
    if (stopping_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  verdict = guarded->verdict;
  first_answer = guarded->answer;
  hold = guarded->hold;
  return true;
}

void Engine::deliver(const LanePtr& lane, Channel& channel, Worker& worker) {
  if (stopping_) {
    if (lane->run->has_writes()) commit_now(*lane->run);
    return;
  }
  auto& run = *lane->run;
  const bool look_up = run.settling();
  const auto& policy = run.step().policy;
  const std::string pipeline = lane->key.pipeline, step = run.step().definition.id;
  if (look_up && !policy.lookup) {
    // Sent by a process that has ended, and nobody can be asked.
    const auto decision = after_crash(run.effect(), policy, clock_.now());
    const Error error{ErrorKind::indeterminate, "the host stopped before the answer arrived"};
    return apply(lane, channel, decision, error, false);
  }
  if (!look_up) {
    std::string verdict, answer;
    bool hold = false;
    if (!commit_sent(run, verdict, answer, hold)) return;
    if (hold || !verdict.empty()) run.unsent();
    if (hold) {
      run.plan();
      return commit(lane, [this, lane] { later(lane, clock_.now() + std::chrono::seconds(1)); });
    }
    if (!verdict.empty()) {
      run.skipped(verdict, verdict == "superseded" ? "a later event of this subject has done it" : "once: it was done before", answer);
      return drive(lane, worker.machine);
    }
  }
  Action* action = worker.action(run.step().action);
  const milepost::Event event = run.sdk_event();
  const Delivery delivery{&event, run.with(), run.effect().key};
  plugins::HostCall host_call(channel.definition().limit.timeout, [this] { return aborted_.load(); }, run.effect().attempt);
  const auto started = std::chrono::steady_clock::now();
  const auto took = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); };

  if (look_up) {
    auto* lookup = dynamic_cast<Lookup*>(action);
    auto found = lookup ? lookup->find(delivery, host_call.call())
                        : Result<std::optional<Answer>>(fail(ErrorKind::internal, "the plugin offers no look-up for this action"));
    const auto decision = after_look_up(run.effect(), found, policy, clock_.now(), ++run.strikes, jitter());
    telemetry::count("milepost_look_ups_total", {{"pipeline", pipeline}, {"step", step}, {"found", found && *found ? "yes" : found ? "no" : "error"}});
    if (decision.next == Decision::Next::done) {
      run.answered(**found, true);
      return drive(lane, worker.machine);
    }
    return apply(lane, channel, decision, found ? Error{ErrorKind::retryable, "not found"} : found.error(), true);
  }

  std::vector<Result<Answer>> results;
  if (action != nullptr) results = action->run(std::span(&delivery, 1), host_call.call());
  if (results.size() != 1) {
    results.clear();
    results.push_back(fail(host_call.has_write_left() ? ErrorKind::indeterminate : ErrorKind::internal, "the plugin gave no result for its delivery"));
  }
  telemetry::observe_seconds("milepost_action_seconds", {{"pipeline", pipeline}, {"step", step}}, took());
  telemetry::count("milepost_deliveries_total",
                   {{"pipeline", pipeline}, {"step", step}, {"outcome", results[0] ? "done" : std::string(name(results[0].error().kind))}});
  if (results[0]) {
    run.answered(*results[0], false);
    return drive(lane, worker.machine);
  }
  const auto& error = results[0].error();
  telemetry::log(Level::info, "delivery.failed", {{"pipeline", pipeline}, {"step", step}, {"event", run.event().receipt},
                                                  {"kind", std::string(name(error.kind))}, {"reason", error.message}, {"origin", error.origin}});
  apply(lane, channel, after_error(run.effect(), error, policy, clock_.now(), ++run.strikes, jitter()), error, false);
}

void Engine::apply(const LanePtr& lane, Channel& channel, const Decision& decision, const Error& error, bool look_up) {
  auto& run = *lane->run;
  if (decision.slow_down) channel.hold_until(decision.at);
  const auto drive_next = [this, lane] { scheduler_.post([this, lane](expression::Machine& machine) { drive(lane, machine); }); };
  switch (decision.next) {
    case Decision::Next::done: return drive_next();  // only a look-up gives it, with its answer applied
    case Decision::Next::send:
      run.retry(error, decision.at, decision.counts);
      break;
    case Decision::Next::look_up:
      run.look_up_later(error, decision.at);
      break;
    case Decision::Next::pause:
      channel.pause(decision.reason);
      run.paused(error, look_up);
      return commit(lane, drive_next);
    case Decision::Next::failed:
      run.failed(error, decision.reason);
      return drive_next();
    case Decision::Next::in_doubt:
      telemetry::log(Level::warn, "delivery.in_doubt", {{"pipeline", lane->key.pipeline}, {"event", run.event().receipt}, {"reason", decision.reason}});
      run.in_doubt(error, decision.reason);
      return drive_next();
  }
  commit(lane, [this, lane, at = decision.at] { later(lane, at); });
}

void Engine::later(const LanePtr& lane, Time at) {
  scheduler_.post_at(at, [this, lane](expression::Machine& machine) { drive(lane, machine); });
}

void Engine::commit(const LanePtr& lane, std::function<void()> then) {
  if (stopping_) {
    commit_now(*lane->run);
    return;
  }
  const auto work = all_of(lane->run->take_writes());
  const auto attempt = std::make_shared<std::function<void()>>();
  *attempt = [this, work, then = std::move(then), weak = std::weak_ptr(attempt)] {
    store_.submit(work, [this, then, again = weak.lock()](Status done) {
      if (done) return then();
      telemetry::log(Level::error, "store.commit_failed", {{"reason", done.error().message}});
      scheduler_.post_at(clock_.now() + std::chrono::milliseconds(500), [again](expression::Machine&) { (*again)(); });
    });
  };
  (*attempt)();
}

bool Engine::commit_now(Run& run) {
  const auto done = store_.run(all_of(run.take_writes()));
  if (!done) telemetry::log(Level::error, "store.commit_failed", {{"reason", done.error().message}});
  return bool(done);
}

double Engine::jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace milepost::engine
