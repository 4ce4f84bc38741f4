#include "host/deploy/sources.hpp"

#include "host/config/fault_text.hpp"
#include "host/intake/mapping.hpp"

namespace milepost::deploy {
namespace {

Result<std::shared_ptr<const intake::Mapping>> mapping_of(const config::Pipeline& pipeline) {
  config::Faults faults;
  auto mapping = intake::Mapping::compile(pipeline, faults);
  if (mapping) return std::make_shared<const intake::Mapping>(std::move(*mapping));
  return fail(ErrorKind::permanent, faults.empty() ? pipeline.name + ": the event mapping does not compile"
                                                   : config::to_string(faults.front()));
}

}  // namespace

Result<std::unique_ptr<Sources>> Sources::make(const Deployment& deployment, const plugins::Services& services,
                                               journal::Store& store, telemetry::Clock& clock) {
  std::unique_ptr<Sources> out(new Sources);
  std::vector<intake::Schedule> schedules;
  std::vector<intake::Following> followings;
  for (const auto& program : deployment.programs) {
    const auto& pipeline = program->pipeline;
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
            cursor, store, clock);
      };
      if (source.use == "schedule") {
        auto schedule = intake::Schedule::make(source.with.json, feed());
        if (!schedule) return fail(schedule.error());
        schedules.push_back(std::move(*schedule));
      } else if (source.use == "events") {
        followings.push_back(intake::Following::make(source.with.json, feed()));
      } else if (info && !info->webhook) {
        auto account = deployment.registry->account(deployment.folder.connections.at(source.connection),
                                                    deployment.secrets, services);
        if (!account) return fail(account.error());
        out->pollers_.push_back(std::make_unique<intake::Poller>(
            intake::Polling{info->name, source.with.json.is_null() ? Json::object() : source.with.json, source.every,
                            std::move(*account), feed()},
            clock));
      }
    }
  }
  out->schedules_ = std::make_unique<intake::Schedules>(std::move(schedules), clock);
  out->followers_ = std::make_unique<intake::Followers>(std::move(followings), store, clock);
  return out;
}

Sources::~Sources() { stop(); }

void Sources::hold_while(const std::function<std::string()>& reason) {
  for (auto& poller : pollers_) poller->hold_while(reason);
}

Status Sources::start() {
  if (auto following = followers_->start(); !following) return following;
  schedules_->start();
  for (auto& poller : pollers_) poller->start();
  return {};
}

void Sources::stop() {
  for (auto& poller : pollers_) poller->request_stop();
  if (schedules_) schedules_->stop();
  if (followers_) followers_->stop();
  for (auto& poller : pollers_) poller->stop();
}

std::vector<intake::SourceStatus> Sources::status() const {
  std::vector<intake::SourceStatus> out;
  for (const auto& poller : pollers_) out.push_back(poller->status());
  return out;
}

}  // namespace milepost::deploy
