#include "host/engine/lanes.hpp"

#include <algorithm>

namespace milepost::engine {
namespace {

/// Keys of one pipeline that wait for their turn; more stay in the journal.
constexpr std::size_t kMostReady = 4'096;
/// Lanes with a run in memory, outside connections' queues.
constexpr std::size_t kMostMoving = 1'024;
constexpr std::size_t kPage = 512;

}  // namespace

Lanes::Lanes(std::function<void(std::size_t)> turn, std::function<void(const std::string&)> walk)
    : turn_(std::move(turn)), walk_(std::move(walk)) {}

void Lanes::make_ready(const LanePtr& lane) {
  auto& pipeline = pipelines_[lane->key.pipeline];
  if (pipeline.ready.empty()) ring_.push_back(&pipeline);
  pipeline.ready.push_back(lane);
}

void Lanes::ask_for_page(const std::string& name, Pipeline& pipeline) {
  if (pipeline.paged || !(pipeline.behind || pipeline.walking) || pipeline.ready.size() > kMostReady / 2) return;
  pipeline.paged = true;
  walk_(name);
}

void Lanes::still(const LanePtr& lane) {
  if (!std::exchange(lane->moving_, false)) return;
  --moving_;
  if (owed_ == 0) return;
  --owed_;
  turn_(1);
}

bool Lanes::wakes(const journal::Lane& key) {
  if (const auto found = lanes_.find(key); found != lanes_.end()) {
    found->second->more_ = true;
    return false;
  }
  auto& pipeline = pipelines_[key.pipeline];
  if (pipeline.ready.size() >= kMostReady) {
    pipeline.behind = true;
    return false;
  }
  make_ready(lanes_.emplace(key, std::make_shared<ActiveLane>(key)).first->second);
  return true;
}

void Lanes::wake(const journal::Lane& key) {
  const std::lock_guard lock(mutex_);
  if (wakes(key)) turn_(1);
}

void Lanes::wake_all(const std::vector<journal::Lane>& keys) {
  const std::lock_guard lock(mutex_);
  const auto turns = static_cast<std::size_t>(std::ranges::count_if(keys, [this](const auto& key) { return wakes(key); }));
  if (turns > 0) turn_(turns);
}

LanePtr Lanes::take() {
  const std::lock_guard lock(mutex_);
  if (moving_ >= kMostMoving) {
    ++owed_;
    return nullptr;
  }
  if (ring_.empty()) return nullptr;
  Pipeline& pipeline = *ring_.front();
  ring_.pop_front();
  const LanePtr lane = std::move(pipeline.ready.front());
  pipeline.ready.pop_front();
  if (!pipeline.ready.empty()) ring_.push_back(&pipeline);
  lane->more_ = false;
  lane->moving_ = true;
  ++moving_;
  ask_for_page(lane->key.pipeline, pipeline);
  return lane;
}

void Lanes::rest(const LanePtr& lane) {
  const std::lock_guard lock(mutex_);
  still(lane);
}

void Lanes::again(const LanePtr& lane) {
  const std::lock_guard lock(mutex_);
  still(lane);
  make_ready(lane);
  turn_(1);
}

void Lanes::leave(const LanePtr& lane) {
  const std::lock_guard lock(mutex_);
  still(lane);
  if (lane->more_) {
    make_ready(lane);
    turn_(1);
  } else {
    lanes_.erase(lane->key);
  }
  ask_for_page(lane->key.pipeline, pipelines_[lane->key.pipeline]);
}

void Lanes::behind(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& pipeline = pipelines_[name];
  pipeline.behind = true;
  ask_for_page(name, pipeline);
}

void Lanes::page(const std::string& name, const journal::Store& store) {
  std::optional<std::string> after;
  {
    const std::lock_guard lock(mutex_);
    auto& pipeline = pipelines_[name];
    if (!pipeline.walking) {
      // Whatever is missed from now on says so again, and another walk follows.
      pipeline.behind = false;
      pipeline.walking = true;
      pipeline.walked.reset();
    }
    after = pipeline.walked;
  }
  const auto found = store.open_lanes(name, after, kPage);
  wake_all(found);
  const std::lock_guard lock(mutex_);
  auto& pipeline = pipelines_[name];
  if (found.size() < kPage)
    pipeline.walking = false;
  else
    pipeline.walked = found.back().lane;
  pipeline.paged = false;
  ask_for_page(name, pipeline);
}

std::size_t Lanes::size() const {
  const std::lock_guard lock(mutex_);
  return lanes_.size();
}

bool Lanes::idle() const {
  const std::lock_guard lock(mutex_);
  if (!lanes_.empty()) return false;
  for (const auto& [name, pipeline] : pipelines_)
    if (pipeline.behind || pipeline.walking) return false;
  return true;
}

void Lanes::clear() {
  std::map<journal::Lane, LanePtr> lanes;
  std::map<std::string, Pipeline> pipelines;
  const std::lock_guard lock(mutex_);
  ring_.clear();
  lanes.swap(lanes_);
  pipelines.swap(pipelines_);
}

}  // namespace milepost::engine
