// A connection's queue is full: deliveries wait in the journal, as planned, and come back when there is room.
#include <algorithm>
#include <utility>

#include "host/engine/engine.hpp"

namespace milepost::engine {

/// `has_room`: of the gatherer, where it is that which is full.
void Engine::park(const LanePtr& lane, const ChannelPtr& channel, const std::function<bool()>& has_room) {
  const auto gone = [this, lane, channel, has_room] {
    leave(lane);
    if (!channel->park(has_room != nullptr)) return lanes_.wake(lane->key);
    if (!has_room || !has_room()) return;
    // It was made before anyone could be told.
    if (channel->unpark()) unpark(channel->definition().name);
    lanes_.wake(lane->key);
  };
  if (lane->run->planned()) return gone();
  lane->run->plan();
  commit(lane, gone);
}

unsigned Engine::crowd(const std::string& pipeline) const {
  const auto program = versions_.last(pipeline);
  if (program == nullptr) return 0;
  unsigned crowd = 0;
  for (const ProgramStep& step : program->steps) {
    if (step.kind != ProgramStep::Kind::action) continue;
    if (const auto connection = channel(step.definition.connection)) crowd += connection->crowd();
  }
  return crowd;
}

/// There is room on a connection: those that wait for it in the journal come back, oldest first. [any]
void Engine::unpark(const std::string& name) {
  {
    const std::lock_guard lock(parking_mutex_);
    const auto [walk, first] = walks_.try_emplace(name, false);
    if (!first) {
      walk->second = true;
      return;
    }
  }
  walk(name, 0);
}

/// A page of them, and the next one unless somebody waits again by then: these may leave as quickly as they come, and none of them
/// would ask for those behind.
void Engine::walk(const std::string& name, journal::Sequence after) {
  scheduler_.post([this, name, after](expression::Machine&) {
    read([this, name, after] {
      const auto connection = channel(name);
      if (connection == nullptr) return end_walk(name);
      const std::size_t most = 2 * connection->room();
      const auto page = store_.planned(name, clock_.now(), after, most);
      lanes_.wake_all(page.lanes);  // some are in its queue already, and only hear that there is something to do
      if (page.lanes.size() < most) return end_walk(name);
      scheduler_.post([this, name, last = page.last](expression::Machine&) {  // behind their turns
        const auto same = channel(name);
        if (same == nullptr || same->park()) return end_walk(name);
        walk(name, last);
      });
    });
  });
}

void Engine::end_walk(const std::string& name) {
  {
    const std::lock_guard lock(parking_mutex_);
    const auto found = walks_.find(name);
    if (!std::exchange(found->second, false)) {
      walks_.erase(found);
      return;
    }
  }
  walk(name, 0);  // there was room again meanwhile
}

}  // namespace milepost::engine
