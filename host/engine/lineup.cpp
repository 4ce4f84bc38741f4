// What runs, and how it is changed beside all that goes on.
#include "host/engine/connection_event.hpp"
#include "host/engine/engine.hpp"
#include "host/journal/host_event.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::engine {

ChannelPtr Engine::channel(const std::string& name) const {
  const std::lock_guard lock(lineup_mutex_);
  if (const auto found = channels_.find(name); found != channels_.end()) return found->second;
  const auto found = leaving_.find(name);
  return found == leaving_.end() ? nullptr : found->second;
}

Result<ChannelPtr> Engine::make_channel(const config::Connection& connection, const Lineup& lineup, const config::Secrets& secrets) {
  const auto& name = connection.name;
  auto account = lineup.registry->account(connection, secrets, services_);
  if (!account) return fail(account.error());
  auto made = std::make_shared<Channel>(
      std::move(*account), clock_, [this] { return aborted_.load(); },
      [this, name] { unpark(name); });
  made->on_change([this, connection](std::string_view type, const std::string& reason) {
    store_.submit(
        [type = std::string(type), connection, reason](journal::Writer& writer) {
          journal::raise(writer, type, connection_subject(connection.name), connection_trouble(connection, reason));
        },
        [](const Status&) {});
  });
  try {
    if (const auto paused = store_.state(kPausedScope, name)) made->hold(paused->value);
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  return made;
}

Result<Engine::Readied> Engine::ready(Lineup lineup, const config::Secrets& secrets) {
  Readied out{std::move(lineup), {}};
  for (const auto& [name, connection] : out.lineup.connections) {
    if (channel(name) != nullptr && !out.lineup.renewed.contains(name)) continue;
    auto made = make_channel(connection, out.lineup, secrets);
    if (!made) return fail(made.error());
    out.made[name] = std::move(*made);
  }
  return out;
}

void Engine::adopt(Readied readied) {
  std::vector<std::string> renewed, back;
  {
    const std::lock_guard lock(lineup_mutex_);
    auto before = std::exchange(channels_, {});
    before.merge(leaving_);  // no name is in both
    leaving_.clear();
    for (const auto& [name, connection] : readied.lineup.connections) {
      const auto old = before.find(name);
      const auto made = readied.made.find(name);
      if (made != readied.made.end() && old != before.end()) {
        made->second->follow(*old->second);
        old->second->retire(made->second);
        retired_.push_back(std::move(old->second));
        renewed.push_back(name);
      }
      channels_[name] = made != readied.made.end() ? std::move(made->second) : std::move(old->second);
      if (old != before.end()) before.erase(old);
    }
    leaving_ = std::move(before);
    if (registries_.empty() || registries_.back() != readied.lineup.registry) registries_.push_back(readied.lineup.registry);
    for (const auto& program : readied.lineup.programs)
      if (versions_.current(program->pipeline.name) == nullptr) back.push_back(program->pipeline.name);
    versions_.deploy(readied.lineup.registry, readied.lineup.programs);
    lineup_ = std::move(readied.lineup);
  }
  if (!started_) return;
  // Deliveries that wait in the journal for the old account's room, and events of pipelines that run again.
  for (const auto& name : renewed) unpark(name);
  for (const auto& name : back) lanes_.behind(name);
}

Status Engine::deploy(Lineup lineup, const config::Secrets& secrets) {
  auto readied = ready(std::move(lineup), secrets);
  if (!readied) return fail(readied.error());
  std::vector<journal::Work> writes;
  for (const auto& program : readied->lineup.programs) {
    const auto& pipeline = program->pipeline;
    writes.push_back([digest = pipeline.version, name = pipeline.name, body = text(pipeline.effective)](
                         journal::Writer& writer) { writer.put_definition(digest, "pipeline", name, body); });
  }
  if (auto stored = store_.run(all_of(std::move(writes))); !stored) return stored;
  adopt(std::move(*readied));
  return {};
}

bool Engine::reap() {
  std::vector<ChannelPtr> gone;
  const std::lock_guard lock(lineup_mutex_);
  // Of which nobody else knows: none can come to know of it either.
  for (auto& channel : retired_)
    if (channel.use_count() == 1 && channel->drained()) gone.push_back(std::move(channel));
  std::erase(retired_, nullptr);
  return retired_.empty();
}

}  // namespace milepost::engine
