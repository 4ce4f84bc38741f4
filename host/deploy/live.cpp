#include "host/deploy/live.hpp"

#include <algorithm>

#include "host/config/fault_text.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::deploy {
namespace {

using telemetry::Level;

/// "a, b" of those of one kind.
std::string named(const std::vector<Change>& changes, Change::Kind kind) {
  std::string out;
  for (const auto& change : changes)
    if (change.kind == kind) out.append(out.empty() ? "" : ", ").append(change.name);
  return out;
}

void log_next_start(const Plan& plan) {
  for (const auto& key : plan.next_start) telemetry::log(Level::warn, "reload.next_start", {{"key", key.path}, {"runs_with", key.before}, {"file_says", key.after}});
}

void log_done(const Plan& plan, const Cause& cause) {
  using enum Change::Kind;
  telemetry::log(Level::info, "reload.done",
                 {{"by", cause.user}, {"deed", cause.deed}, {"added", named(plan.pipelines, added)}, {"changed", named(plan.pipelines, changed)},
                  {"removed", named(plan.pipelines, removed)}, {"connections_changed", named(plan.connections, changed)}});
  log_next_start(plan);
}

/// All of what a store says is live and is not there any more ends on what it ran on last.
void remember_removed(const Live::Parts& parts, const Deployment& deployment) {
  const auto running = deployment.pipelines();
  const auto faulty = state_of(deployment).faulty;
  for (const auto& name : parts.store.open_pipelines()) {
    if (running.contains(name) || std::ranges::find(deployment.broken, name, &engine::PipelineStatus::name) != deployment.broken.end()) continue;
    for (const auto& row : parts.store.versions("pipeline", name, 2)) {
      if (row.version.empty()) continue;
      if (faulty.contains(row.file)) break;  // its name cannot be read: it waits until it can
      if (auto program = parts.engine.versions().at(row.version)) parts.engine.versions().remember(std::move(program));
      break;
    }
  }
}

}  // namespace

Live::Live(Parts parts, std::shared_ptr<const Deployment> first)
    : parts_(std::move(parts)),
      started_with_(start_settings(first->host)),
      current_(std::move(first)),
      planner_(
          parts_.store,
          [this] {
            const auto now = current();
            return std::make_shared<const Deployment>(load(now->root, true, now.get()));
          },
          [this] {
            auto state = state_of(*current());
            state.host = started_with_;  // whatever the file has said since
            return state;
          }) {}

void Live::end() {
  const std::lock_guard turn(turn_);
  ended_ = true;
}

std::shared_ptr<const Deployment> Live::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::optional<Live::Trouble> Live::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Live::troubled(std::optional<Trouble> trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble && trouble_) trouble->since = trouble_->since;
  trouble_ = std::move(trouble);
}

Status Live::begin() {
  const std::lock_guard turn(turn_);
  try {
    Planned first;
    first.deployment = current();
    first.before = recorded(parts_.store, first.deployment->registry.get());
    first.after = state_of(*first.deployment);
    first.plan = compare(first.before, first.after);
    if (auto done = change(first, first.deployment->pipelines(), {}, {"start"}); !done) return done;
    remember_removed(parts_, *first.deployment);
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  return {};
}

/// The one place where what runs is changed.
Status Live::change(const Planned& planned, const std::set<std::string>& pipelines, const std::set<std::string>& connections, const Cause& cause) {
  const auto& next = *planned.deployment;
  auto engine = parts_.engine.ready({next.registry, next.programs, next.folder.connections, connections, next.broken}, next.secrets);
  if (!engine) return fail(engine.error());
  auto hooks = make_hooks(next, parts_.services, pipelines);
  if (!hooks) return fail(hooks.error());
  auto sources = parts_.sources.ready(next, pipelines);
  if (!sources) return fail(sources.error());
  if (!planned.plan.empty() || !sources->known.empty()) {
    auto kept = parts_.store.run([work = record(planned.plan, planned.after, next, cause), known = sources->known](journal::Writer& writer) {
      work(writer);
      for (const auto& [row, text] : known) writer.put_cursor(row, text);
    });
    if (!kept) return kept;
  }

  // Who takes events comes before who brings them.
  parts_.engine.set_loans(next.loans);
  parts_.engine.adopt(std::move(*engine));
  parts_.hooks.replace(pipelines, std::move(*hooks));
  parts_.sources.adopt(pipelines, std::move(*sources));
  runs(planned.deployment);
  if (parts_.changed) parts_.changed();
  return {};
}

void Live::runs(std::shared_ptr<const Deployment> deployment) {
  const std::lock_guard lock(mutex_);
  current_ = std::move(deployment);
}

Result<Plan> Live::take(const Planned& planned, const Cause& cause) {
  if (ended_) return fail(ErrorKind::retryable, "the host is stopping");
  const auto now = current();
  if (planned.plan.empty() && planned.deployment->registry == now->registry) {
    runs(planned.deployment);  // `reload: watch`, and where secrets lie, are taken up too
    log_next_start(planned.plan);
    troubled({});
    return planned.plan;
  }
  std::set<std::string> pipelines, connections;
  for (const auto& change : planned.plan.connections)
    if (change.kind != Change::Kind::removed && change.restarts) connections.insert(change.name);
  for (const auto& change : planned.plan.pipelines)
    if (change.restarts) pipelines.insert(change.name);
  // A polling source has an account of its own.
  for (const auto& program : planned.deployment->programs)
    for (const auto& source : program->pipeline.sources)
      if (connections.contains(source.connection)) pipelines.insert(program->pipeline.name);

  if (auto done = change(planned, pipelines, connections, cause); !done) {
    telemetry::count("milepost_reloads_total", {{"outcome", "failed"}});
    telemetry::log(Level::error, "reload.failed", {{"reason", done.error().message}});
    troubled(Trouble{parts_.clock.now(), done.error().message, {}});
    return fail(done.error());
  }
  troubled({});
  telemetry::count("milepost_reloads_total", {{"outcome", "done"}});
  log_done(planned.plan, cause);
  return planned.plan;
}

Error Live::refused(const Planned& planned) {
  config::Faults faults;
  std::ranges::copy_if(planned.deployment->faults, std::back_inserter(faults), [](const auto& fault) { return !fault.warning; });
  const std::string reason = "the folder has " + std::to_string(faults.size()) + (faults.size() == 1 ? " fault" : " faults") + ", and is not taken: " + config::to_string(faults.front());
  for (const auto& fault : faults) telemetry::log(Level::error, "config.fault", {{"fault", config::to_string(fault)}, {"remedy", fault.remedy}});
  telemetry::log(Level::error, "reload.refused", {{"faults", std::to_string(faults.size())}});
  telemetry::count("milepost_reloads_total", {{"outcome", "refused"}});
  troubled(Trouble{parts_.clock.now(), reason, std::move(faults)});
  return {ErrorKind::permanent, reason};
}

Result<Plan> Live::reload(const Cause& cause) {
  const std::lock_guard turn(turn_);
  try {
    const auto planned = planner_.look();
    if (!planned.sound()) return fail(refused(planned));
    return take(planned, cause);
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

Result<Plan> Live::apply(const std::string& hash, const std::string& user, const std::string& reason) {
  const std::lock_guard turn(turn_);
  const auto then = planner_.find(hash);
  const auto now = planner_.look();
  if (!now.sound()) return fail(refused(now));
  try {
    if (now.plan.hash == (then ? then->plan.hash : hash)) return take(now, {"apply", user, reason});
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  const auto moved = then ? what_moved(*then, now) : "";
  return fail(ErrorKind::permanent, moved.empty() ? "there is no plan " + hash + ", or what it was made from has moved since: make it again, and look"
                                                  : "the plan is out of date: " + moved + ". Make it again, and look");
}

}  // namespace milepost::deploy
