#include "host/engine/versions.hpp"

#include "host/config/from_effective.hpp"

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
  const auto effective = body ? read_json(*body) : Result<Json>(Json());
  const auto restored = effective ? config::from_effective(*effective) : Result<config::Restored>(fail(effective.error()));
  config::Faults faults;
  return known_[digest] = restored ? Program::compile(restored->pipeline, restored->schemas, registry_, faults) : nullptr;
}

}  // namespace milepost::engine
