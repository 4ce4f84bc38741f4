#include "host/deploy/sources.hpp"

#include "host/config/fault_text.hpp"

namespace milepost::deploy {

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
  for (const auto& program : deployment.programs) {
    const auto& pipeline = program->pipeline;
    if (!pipelines.contains(pipeline.name)) continue;
    const auto mapping = mapping_of(pipeline);
    if (!mapping) return fail(mapping.error());
    std::map<std::string, int> seen;  // sources of one kind are told apart by their order
    for (const auto& source : pipeline.sources) {
      const auto kind = source.use + (source.connection.empty() ? "" : "@" + source.connection);
      const auto number = ++seen[kind];
      const auto info = deployment.registry->source_info(source.use);
      const auto feed = [&] {
        const auto cursor = pipeline.name + "/" + kind + (number > 1 ? "/" + std::to_string(number) : "");
        return std::make_unique<intake::Feed>(
            intake::Origin{pipeline.name, source.use, pipeline.version, info ? info->digest : "", 202}, *mapping,
            cursor, store_, clock_);
      };
      if (source.use == "schedule") {
        auto schedule = intake::Schedule::make(source.with.json, feed());
        if (!schedule) return fail(schedule.error());
        out.schedules.push_back(std::move(*schedule));
      } else if (source.use == "events") {
        out.followings.push_back(intake::Following::make(source.with.json, feed()));
      } else if (info && !info->webhook) {
        auto account = deployment.registry->account(deployment.folder.connections.at(source.connection),
                                                    deployment.secrets, services_);
        if (!account) return fail(account.error());
        out.pollers.push_back(std::make_unique<intake::Poller>(
            intake::Polling{info->name, source.with.json.is_null() ? Json::object() : source.with.json, source.every,
                            std::move(*account), feed()},
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
  std::vector<std::shared_ptr<intake::Poller>> ending;
  {
    const std::lock_guard lock(mutex_);
    const auto ends = [&](const auto& poller) { return pipelines.contains(poller->status().pipeline); };
    for (const auto& poller : pollers_)
      if (ends(poller)) ending.push_back(poller);
    std::erase_if(pollers_, ends);
  }
  for (const auto& poller : ending) poller->request_stop();
  schedules_.replace(pipelines, std::move(readied.schedules));
  followers_.replace(pipelines, std::move(readied.followings));
  for (const auto& poller : ending) poller->stop();
  const std::lock_guard lock(mutex_);
  for (auto& poller : readied.pollers) {
    if (started_) poller->start();
    pollers_.push_back(std::move(poller));
  }
}

Status Sources::start() {
  if (auto following = followers_.start(); !following) return following;
  schedules_.start();
  started_ = true;
  for (auto& poller : pollers_) poller->start();
  return {};
}

void Sources::stop() {
  started_ = false;
  for (auto& poller : pollers_) poller->request_stop();
  schedules_.stop();
  followers_.stop();
  for (auto& poller : pollers_) poller->stop();
}

std::vector<intake::SourceStatus> Sources::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<intake::SourceStatus> out;
  for (const auto& poller : pollers_) out.push_back(poller->status());
  return out;
}

}  // namespace milepost::deploy
