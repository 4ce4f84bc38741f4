#include "host/deploy/sources.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "host/config/fault_text.hpp"
#include "host/deploy/places.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::deploy {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 5s;  // real time, within which a plugin comes back when it is told to stop
constexpr auto kGlance = 2ms;

}  // namespace

Result<std::shared_ptr<const intake::Mapping>> mapping_of(const config::Pipeline& pipeline) {
  config::Faults faults;
  auto mapping = intake::Mapping::compile(pipeline, faults);
  if (mapping) return std::make_shared<const intake::Mapping>(std::move(*mapping));
  return fail(ErrorKind::permanent, faults.empty() ? pipeline.name + ": the event mapping does not compile"
                                                   : config::to_string(faults.front()));
}

Sources::Sources(const plugins::Services& services, journal::Store& store, telemetry::Clock& clock)
    : services_(services), store_(store), clock_(clock), schedules_({}, clock), followers_({}, store, clock) {}

Sources::~Sources() { stop(); }

Result<Sources::Readied> Sources::ready(const Deployment& deployment, const std::set<std::string>& pipelines) {
  Readied out;
  std::map<std::string, std::vector<std::string>> names;  // of places
  try {
    for (const auto& program : deployment.programs) {
      if (!pipelines.contains(program->pipeline.name)) continue;
      auto places = places_of(program->pipeline, store_);
      names[program->pipeline.name] = std::move(places.names);
      if (!places.row.empty()) out.known.emplace_back(std::move(places.row), std::move(places.text));
    }
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  for (const auto& program : deployment.programs) {
    const auto& pipeline = program->pipeline;
    if (!pipelines.contains(pipeline.name)) continue;
    const auto mapping = mapping_of(pipeline);
    if (!mapping) return fail(mapping.error());
    for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
      const auto& source = pipeline.sources[i];
      const auto info = deployment.registry->source_info(source.use);
      const auto feed = [&] {
        return std::make_unique<intake::Feed>(
            intake::Origin{pipeline.name, source.use, pipeline.version, info ? info->digest : "", 202}, *mapping,
            names[pipeline.name][i], store_, clock_);
      };
      if (source.use == "schedule") {
        auto schedule = intake::Schedule::make(source.with.json, feed());
        if (!schedule) return fail(schedule.error());
        out.schedules.push_back(std::move(*schedule));
      } else if (source.use == "loans") {
        auto schedule = intake::Schedule::make(source.with.json, feed());
        if (!schedule) return fail(schedule.error());
        schedule->sweep = std::make_shared<const intake::Sweep>(source.with.json, store_, clock_, loans_);
        out.schedules.push_back(std::move(*schedule));
      } else if (source.use == "events") {
        out.followings.push_back(intake::Following::make(source.with.json, feed()));
      } else if (info && !info->webhook) {
        auto account = deployment.registry->account(deployment.folder.connections.at(source.connection),
                                                    deployment.secrets, services_);
        if (!account) return fail(account.error());
        auto into = feed();
        into->complete({source.completes, source.missed_after});
        out.pollers.push_back(std::make_unique<intake::Poller>(
            intake::Polling{info->name, source.with.json.is_null() ? Json::object() : source.with.json, source.every,
                            std::move(*account), std::move(into)},
            clock_));
        if (held_) out.pollers.back()->hold_while([held = held_, connection = source.connection] { return held(connection); });
      }
    }
  }
  if (out.followings.empty()) return out;
  try {
    const auto newest = store_.newest();
    for (auto& following : out.followings)
      if (auto begun = following.begin(newest); !begun) return fail(begun.error());
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  return out;
}

void Sources::adopt(const std::set<std::string>& pipelines, Readied readied) {
  const std::lock_guard turn(turn_);
  const auto ends = [&](const auto& poller) { return pipelines.contains(poller->status().pipeline); };
  std::erase_if(awaiting_, ends);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& poller : pollers_)
      if (ends(poller)) ending_.push_back(poller);
    std::erase_if(pollers_, ends);
  }
  for (const auto& poller : ending_) poller->request_stop();
  schedules_.replace(pipelines, std::move(readied.schedules));
  followers_.replace(pipelines, std::move(readied.followings));
  {
    const std::lock_guard lock(mutex_);
    for (auto& poller : readied.pollers) {
      pollers_.push_back(std::move(poller));
      if (started_) awaiting_.push_back(pollers_.back());
    }
  }
  for (const auto until = std::chrono::steady_clock::now() + kPatience; !ending_.empty();) {
    let_begin();
    if (ending_.empty() || std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(kGlance);
  }
  let_begin();
  for (const auto& poller : ending_)
    telemetry::log(telemetry::Level::warn, "source.does_not_end", {{"pipeline", poller->status().pipeline}, {"source", poller->status().source}});
}

/// Two on one place would bring events twice, or take the place back: none begins beside its predecessor.
void Sources::let_begin() {
  std::erase_if(ending_, [](const auto& poller) {
    if (!poller->ended() && poller->began()) return false;
    poller->stop();
    return true;
  });
  std::erase_if(awaiting_, [&](const auto& poller) {
    const auto pipeline = poller->status().pipeline;
    if (std::ranges::any_of(ending_, [&](const auto& before) { return before->status().pipeline == pipeline; })) return false;
    poller->start();
    return true;
  });
}

bool Sources::reap() {
  const std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn) return false;  // a change is under way, and does it
  let_begin();
  return ending_.empty();
}

Status Sources::start() {
  const std::lock_guard turn(turn_);
  if (auto following = followers_.start(); !following) return following;
  schedules_.start();
  started_ = true;
  for (auto& poller : pollers_) poller->start();
  return {};
}

void Sources::stop() {
  const std::lock_guard turn(turn_);
  started_ = false;
  awaiting_.clear();
  for (auto& poller : pollers_) poller->request_stop();
  schedules_.stop();
  followers_.stop();
  for (auto& poller : pollers_) poller->stop();
  for (auto& poller : ending_) poller->stop();
  ending_.clear();
}

std::vector<intake::SourceStatus> Sources::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<intake::SourceStatus> out;
  for (const auto& poller : pollers_) out.push_back(poller->status());
  return out;
}

}  // namespace milepost::deploy
