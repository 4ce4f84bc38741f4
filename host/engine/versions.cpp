#include "host/engine/versions.hpp"

#include "host/config/from_effective.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::engine {

Versions::Versions(const journal::Store& store, const plugins::Registry& registry,
                   const std::vector<std::shared_ptr<const Program>>& current)
    : store_(store), registry_(registry) {
  for (const auto& program : current) {
    current_[program->pipeline.name] = program;
    known_[program->pipeline.version] = program;
  }
}

std::shared_ptr<const Program> Versions::current(const std::string& pipeline) const {
  const auto found = current_.find(pipeline);
  return found == current_.end() ? nullptr : found->second;
}

std::shared_ptr<const Program> Versions::at(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  if (const auto known = known_.find(digest); known != known_.end()) return known->second;
  const auto body = store_.definition(digest);
  const auto effective =
      body ? read_json(*body) : Result<Json>(fail(ErrorKind::permanent, "its definition is not in the store"));
  const auto restored =
      effective ? config::from_effective(*effective) : Result<config::Restored>(fail(effective.error()));
  config::Faults faults;
  auto program = restored ? Program::compile(restored->pipeline, restored->schemas, registry_, faults) : nullptr;
  if (program == nullptr)
    telemetry::log(telemetry::Level::error, "version.unusable",
                   {{"version", digest},
                    {"reason", !restored        ? restored.error().message
                               : faults.empty() ? ""
                                                : faults.front().message}});
  return known_[digest] = program;
}

}  // namespace milepost::engine
