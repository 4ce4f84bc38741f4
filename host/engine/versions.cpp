#include "host/engine/versions.hpp"

#include "host/config/from_effective.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::engine {

/// So many are kept compiled; an older one that events are still bound to is compiled again.
constexpr std::size_t kMostKnown = 256;

Versions::Versions(const journal::Store& store, std::shared_ptr<const plugins::Registry> registry,
                   const std::vector<std::shared_ptr<const Program>>& current)
    : store_(store) {
  deploy(std::move(registry), current);
}

void Versions::deploy(std::shared_ptr<const plugins::Registry> registry, const std::vector<std::shared_ptr<const Program>>& current) {
  const std::lock_guard lock(mutex_);
  Programs next;
  for (const auto& program : current) next[program->pipeline.name] = program;
  for (auto& [name, program] : current_)
    if (!next.contains(name)) last_[name] = program;
  for (const auto& [name, program] : next) last_.erase(name);
  if (registry != registry_) known_.clear();  // compiled with other plugins
  if (known_.size() > kMostKnown) std::erase_if(known_, [](const auto& one) { return one.second.use_count() <= 1; });
  for (const auto& program : current) known_[program->pipeline.version] = program;
  current_ = std::move(next);
  registry_ = std::move(registry);
}

void Versions::remember(std::shared_ptr<const Program> program) {
  const std::lock_guard lock(mutex_);
  if (!current_.contains(program->pipeline.name)) last_[program->pipeline.name] = std::move(program);
}

std::shared_ptr<const Program> Versions::current(const std::string& pipeline) const {
  const std::lock_guard lock(mutex_);
  const auto found = current_.find(pipeline);
  return found == current_.end() ? nullptr : found->second;
}

std::shared_ptr<const Program> Versions::last(const std::string& pipeline) const {
  if (auto program = current(pipeline)) return program;
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(pipeline);
  return found == last_.end() ? nullptr : found->second;
}

void Versions::set_loans(std::shared_ptr<const loans::Model> model) {
  const std::lock_guard lock(mutex_);
  loans_ = std::move(model);
}

std::shared_ptr<const loans::Model> Versions::loans() const {
  const std::lock_guard lock(mutex_);
  return loans_;
}

std::shared_ptr<const Program> Versions::at(const std::string& digest) {
  std::unique_lock lock(mutex_);
  if (const auto known = known_.find(digest); known != known_.end()) return known->second;
  const auto registry = registry_;
  lock.unlock();  // others ask for programs that are there
  const auto body = store_.definition(digest);
  const auto effective =
      body ? read_json(*body) : Result<Json>(fail(ErrorKind::permanent, "its definition is not in the store"));
  const auto restored =
      effective ? config::from_effective(*effective) : Result<config::Restored>(fail(effective.error()));
  config::Faults faults;
  auto program = restored ? Program::compile(restored->pipeline, restored->schemas, *registry, faults) : nullptr;
  if (program == nullptr)
    telemetry::log(telemetry::Level::error, "version.unusable",
                   {{"version", digest},
                    {"reason", !restored        ? restored.error().message
                               : faults.empty() ? ""
                                                : faults.front().message}});
  lock.lock();
  if (registry != registry_) return program;  // with other plugins than those that run by now: not for others
  return known_.try_emplace(digest, program).first->second;
}

}  // namespace milepost::engine
