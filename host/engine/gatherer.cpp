#include "host/engine/gatherer.hpp"

#include <set>

namespace milepost::engine {

Gatherer::Added Gatherer::add(const std::string& group, LanePtr lane, std::string key, std::size_t size) {
  const std::lock_guard lock(mutex_);
  auto& members = groups_[group];
  members.push_back({std::move(lane), std::move(key)});
  if (members.size() % size == 0) return Added::full;
  return members.size() == 1 ? Added::first : Added::waits;
}

Gatherer::Taken Gatherer::take(const std::string& group, std::size_t size) {
  Taken taken;
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return taken;
  std::set<std::string> keys;
  std::deque<Member> left;
  for (auto& member : found->second) {
    const bool fits = taken.lanes.size() < size && (member.key.empty() || keys.insert(member.key).second);
    if (fits)
      taken.lanes.push_back(std::move(member.lane));
    else
      left.push_back(std::move(member));
  }
  taken.more = !left.empty();
  if (left.empty())
    groups_.erase(found);
  else
    found->second = std::move(left);
  return taken;
}

std::size_t Gatherer::waiting(const std::string& group) const {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? 0 : found->second.size();
}

void Gatherer::clear() {
  std::map<std::string, std::deque<Member>> groups;
  const std::lock_guard lock(mutex_);
  groups.swap(groups_);
}

}  // namespace milepost::engine
