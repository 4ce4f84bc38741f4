#include "host/engine/engine.hpp"

#include <algorithm>
#include <thread>

#include "host/audit/trail.hpp"
#include "host/engine/connection_event.hpp"
#include "host/engine/dead_letter.hpp"
#include "host/journal/host_event.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::engine {
namespace {

using journal::EventState;
using telemetry::Level;
using telemetry::Time;

constexpr std::size_t kDuePage = 256;
/// The store's small state has the suspect whose turn it is here.
constexpr const char* kSuspectScope = "host/suspect";
/// A suspect that has not ended its turn by then does not hold up the others.
constexpr std::chrono::seconds kLongestTurn{30};

/// Sets an item of the host's own, whatever is there.
void put(journal::Writer& writer, const std::string& scope, const std::string& key,
         const std::optional<std::string>& value) {
  const auto before = writer.state(scope, key);
  writer.put_state(scope, key, value, before ? before->version : 0);
}

}  // namespace

Engine::Engine(journal::Store& store, plugins::Services services, telemetry::Clock& clock)
    : store_(store),
      services_(services),
      clock_(clock),
      scheduler_(clock, 2),
      lanes_([this](std::size_t turns) { scheduler_.post([this](expression::Machine& machine) { turn(machine); }, turns); },
             [this](const std::string& pipeline) {
               scheduler_.post([this, pipeline](expression::Machine&) {
                 read([this, pipeline] { lanes_.page(pipeline, store_); });
               });
             }),
      versions_(store) {}

Engine::~Engine() { stop(std::chrono::seconds(0)); }

void Engine::set_loans(std::shared_ptr<const loans::Model> model) {
  versions_.set_loans(std::move(model));
  if (loans_listener_) loans_listener_();
}

std::shared_ptr<const loans::Model> Engine::loans() const { return versions_.loans(); }

// ---- start and stop ----

void Engine::start(bool crashed) {
  started_ = true;
  scheduler_.start();
  scheduler_.post(
      [this, crashed](expression::Machine&) { read([this, crashed] { crashed ? blame_and_recover() : begin(); }); });
}

void Engine::begin() {
  store_.on_work([this](const std::vector<journal::Lane>& lanes) { lanes_.wake_all(lanes); });
  for (const auto& pipeline : store_.open_pipelines()) lanes_.behind(pipeline);
  resume_due();
}

/// Reads what was in flight. Who was alone there is counted, and at the second time gives up; the others have their
/// turns.
void Engine::blame_and_recover() {
  std::deque<journal::Event> suspects;
  for (const auto& effect : store_.sent_without_outcome()) {
    auto event = store_.event(effect.event);
    if (!event || event->state != EventState::open) continue;
    event->step = effect.step;
    suspects.push_back(std::move(*event));
  }
  const auto at_work = store_.state(kSuspectScope, "receipt");
  telemetry::log(Level::warn, "host.crashed_before", {{"in_flight", std::to_string(suspects.size())}});
  const auto alone = std::ranges::find_if(
      suspects, [&](const auto& event) { return at_work ? event.receipt == at_work->value : suspects.size() == 1; });
  if (alone != suspects.end()) {
    const auto counted = store_.run([sequence = alone->sequence, step = alone->step](journal::Writer& writer) {
      auto event = writer.event(sequence);
      if (!event || event->state != EventState::open) return;
      if (++event->crashes >= 2) {
        event->step = step;
        return make_dead(writer, *event,
                         step + ": the host crashed twice while it delivered this event, and no other was in flight");
      }
      writer.update(*event);
    });
    if (!counted) telemetry::log(Level::error, "store.commit_failed", {{"reason", counted.error().message}});
    // The one under suspicion comes last: it keeps no other from ending.
    std::rotate(alone, alone + 1, suspects.end());
  }
  {
    const std::lock_guard lock(mutex_);
    suspects_ = std::move(suspects);
    suspect_turn_ = 1;
  }
  next_suspect();
}

void Engine::next_suspect() {
  std::optional<journal::Event> suspect;
  std::uint64_t turn = 0;
  {
    const std::lock_guard lock(mutex_);
    if (suspect_turn_ == 0 || stopping_) return;
    if (!suspects_.empty()) {
      suspect = std::move(suspects_.front());
      suspects_.pop_front();
      turn = ++suspect_turn_;
    } else {
      suspect_turn_ = 0;
    }
  }
  const auto mark = [receipt = suspect ? std::optional(suspect->receipt) : std::nullopt](journal::Writer& writer) {
    put(writer, kSuspectScope, "receipt", receipt);
  };
  if (!suspect) {
    store_.submit(mark, [](const Status&) {});
    return read([this] { begin(); });
  }
  store_.submit(mark, [this, turn, lane = journal::Lane{suspect->pipeline, suspect->lane}](const Status&) {
    lanes_.wake(lane);
    scheduler_.post_at(clock_.now() + kLongestTurn, [this, turn](expression::Machine&) { end_turn(turn); });
  });
}

void Engine::end_turn(std::uint64_t turn) {
  {
    const std::lock_guard lock(mutex_);
    if (suspect_turn_ == 0 || (turn != 0 && turn != suspect_turn_)) return;
  }
  scheduler_.post([this](expression::Machine&) { next_suspect(); });
}

void Engine::stop(std::chrono::milliseconds drain) {
  if (stopping_.exchange(true)) return;
  // Calls in flight may finish for so long; then they are asked to stop.
  std::jthread abort([this, drain](std::stop_token done) {
    const auto until = std::chrono::steady_clock::now() + drain;
    while (!done.stop_requested() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    aborted_ = true;
  });
  store_.on_work({});
  store_.drain();  // whoever waits for a sync that fails is told so, else the channels would wait for them
  std::vector<ChannelPtr> channels;
  {
    const std::lock_guard lock(lineup_mutex_);
    channels = retired_;
    for (const auto* some : {&channels_, &leaving_})
      for (const auto& [name, channel] : *some) channels.push_back(channel);
  }
  for (const auto& channel : channels) channel->stop();
  abort.request_stop();
  scheduler_.stop();
  // What was submitted still answers into this object: let it, before anything here goes away.
  store_.drain();
  gatherer_.clear();
  lanes_.clear();
}

// ---- what a person asks ----

Status Engine::set_paused(const std::string& name, bool paused, const std::string& reason, const std::string& user) {
  const auto connection = channel(name);
  if (connection == nullptr) return fail(ErrorKind::permanent, "there is no connection \"" + name + "\"");
  const auto written = store_.run([&](journal::Writer& writer) {
    put(writer, kPausedScope, name, paused ? std::optional(reason) : std::nullopt);
    audit::append(writer, {.kind = "admin",
                           .user = user,
                           .action = paused ? "connection.pause" : "connection.resume",
                           .subject = {},
                           .pipeline = {},
                           .version = {},
                           .event = {},
                           .step = {},
                           .outcome = {},
                           .plugin = {},
                           .details = {{"connection", name}, {"reason", reason}}});
    Json payload = connection_trouble(connection->definition(), reason);
    payload["by"] = user;
    journal::raise(writer, paused ? config::host_event::kConnectionPaused : config::host_event::kConnectionResumed,
                   connection_subject(name), payload);
  });
  if (!written) return written;
  // Whatever the connection is by now: it may have been renewed meanwhile.
  const std::lock_guard lock(lineup_mutex_);
  for (const auto* some : {&channels_, &leaving_}) {
    const auto found = some->find(name);
    if (found == some->end()) continue;
    if (paused)
      found->second->hold(reason);
    else
      found->second->resume();
  }
  return {};
}

Status Engine::pause_connection(const std::string& name, const std::string& reason, const std::string& user) {
  return set_paused(name, true, reason, user);
}
Status Engine::resume_connection(const std::string& name, const std::string& reason, const std::string& user) {
  return set_paused(name, false, reason, user);
}
Status Engine::probe_connection(const std::string& name) {
  const auto connection = channel(name);
  if (connection == nullptr) return fail(ErrorKind::permanent, "there is no connection \"" + name + "\"");
  return connection->probe();
}

std::string Engine::held(const std::string& name) const {
  const auto connection = channel(name);
  return connection == nullptr ? "" : connection->held();
}

Snapshot Engine::status() const {
  Snapshot out;
  const std::lock_guard lock(lineup_mutex_);
  out.pipelines = lineup_.broken;
  for (const auto& program : lineup_.programs) {
    PipelineStatus status{program->pipeline.name,
                          program->pipeline.version,
                          program->pipeline.description,
                          program->pipeline.owner,
                          {},
                          {},
                          true,
                          {}};
    for (const auto& source : program->pipeline.sources)
      status.sources.push_back(source.use + (source.path.empty() ? "" : " " + source.path));
    for (const auto& step : program->steps) status.steps.push_back(step.definition.id + " " + step.definition.use);
    out.pipelines.push_back(std::move(status));
  }
  for (const auto& [name, channel] : channels_) out.connections.push_back(channel->status());
  out.lanes_active = lanes_.size();
  out.stopping = stopping_;
  return out;
}

bool Engine::idle() const {
  if (!lanes_.idle()) return false;
  const std::lock_guard lock(mutex_);
  return suspect_turn_ == 0;
}

// ---- what the journal holds ----

/// A store that cannot be read is asked again.
void Engine::read(std::function<void()> step) {
  if (stopping_) return;
  try {
    step();
  } catch (const journal::StoreError& error) {
    telemetry::log(Level::error, "store.read_failed", {{"reason", error.what()}});
    scheduler_.post_at(clock_.now() + std::chrono::seconds(1), [this, step](expression::Machine&) { read(step); });
  }
}

void Engine::resume_due() {
  const auto due = store_.due(clock_.now(), kDuePage);
  if (due.empty()) return schedule_due();
  store_.submit(
      [due](journal::Writer& writer) {
        for (const auto sequence : due) {
          auto event = writer.event(sequence);
          if (!event || event->state != EventState::waiting) continue;
          event->state = EventState::open;
          event->late = true;
          event->resume_at.reset();
          if (const auto loan = writer.loan(event->subject)) event->loan_revision = loan->revision;
          writer.update(*event);
          writer.wake({event->pipeline, event->lane});
        }
      },
      [this](const Status& done) {
        const auto next = clock_.now() + (done ? std::chrono::milliseconds(0) : std::chrono::milliseconds(500));
        scheduler_.post_at(next, [this](expression::Machine&) { read([this] { resume_due(); }); });
      });
}

void Engine::schedule_due() {
  const auto next = store_.next_due();
  if (!next) return;
  const Time at = std::max(*next, clock_.now() + std::chrono::milliseconds(1));
  {
    const std::lock_guard lock(mutex_);
    if (armed_ <= at && armed_ > clock_.now()) return;
    armed_ = at;
  }
  scheduler_.post_at(at, [this](expression::Machine&) { read([this] { resume_due(); }); });
}

}  // namespace milepost::engine
