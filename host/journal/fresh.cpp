#include "host/journal/fresh.hpp"

#include <algorithm>
#include <utility>

namespace milepost::journal {

namespace {
constexpr std::size_t kMostBytes = 16u << 20;
constexpr std::size_t kMostEvents = 20'000;
constexpr std::size_t kMostEmptied = 1024;  // an ended event's lane is asked about at once, then no more
}  // namespace

void Fresh::apply(std::vector<Change> changes) {
  if (changes.empty()) return;
  const std::lock_guard guard(mutex_);
  for (Change& change : changes) {
    switch (change.kind) {
      case Change::Kind::accepted:
        accept(std::move(change));
        break;
      case Change::Kind::updated:
        update(std::move(change));
        break;
      case Change::Kind::effect:
        if (const auto kept = kept_.find(change.event.sequence); kept != kept_.end()) kept->second.effects = true;
        break;
    }
  }
  bound();
}

void Fresh::accept(Change&& change) {
  Lane lane{change.event.pipeline, change.event.lane};
  auto known = lanes_.find(lane);
  if (change.alone) {
    if (known == lanes_.end()) known = lanes_.emplace(std::move(lane), Open()).first;
  } else if (known == lanes_.end()) {
    return;  // older ones are on disk alone
  }
  const Sequence sequence = change.event.sequence;
  known->second.push_back(sequence);
  bytes_ += change.payload.size();
  kept_.emplace(sequence, Kept{std::move(change.event), std::move(change.payload)});
}

void Fresh::update(Change&& change) {
  Lane lane{change.event.pipeline, change.event.lane};
  const auto kept = kept_.find(change.event.sequence);
  if (kept == kept_.end()) return forget(lane);  // it may have been opened again, ahead of what is here
  if (change.event.state == EventState::open) {
    kept->second.event = std::move(change.event);
    return;
  }
  Open& open = lanes_.at(lane);
  open.erase(std::ranges::find(open, kept->first));
  drop(kept);
  if (open.empty()) emptied_.push_back(std::move(lane));
}

void Fresh::forget(const Lane& lane) {
  const auto known = lanes_.find(lane);
  if (known == lanes_.end()) return;
  for (const Sequence sequence : known->second) drop(kept_.find(sequence));
  lanes_.erase(known);
}

void Fresh::drop(std::map<Sequence, Kept>::iterator kept) {
  bytes_ -= kept->second.payload.size();
  kept_.erase(kept);
}

void Fresh::bound() {
  while (bytes_ > kMostBytes || kept_.size() > kMostEvents) {
    const Event& oldest = kept_.begin()->second.event;
    forget(Lane{oldest.pipeline, oldest.lane});
  }
  while (emptied_.size() > kMostEmptied) {
    const auto lane = lanes_.find(emptied_.front());
    if (lane != lanes_.end() && lane->second.empty()) lanes_.erase(lane);
    emptied_.pop_front();
  }
}

std::optional<Fresh::Head> Fresh::head(const Lane& lane) const {
  const std::lock_guard guard(mutex_);
  const auto known = lanes_.find(lane);
  if (known == lanes_.end()) return std::nullopt;
  if (known->second.empty()) return Head{};
  const Kept& kept = kept_.at(known->second.front());
  return Head{kept.event, kept.payload, known->second.size() > 1};
}

bool Fresh::has_no_effects(Sequence event) const {
  const std::lock_guard guard(mutex_);
  const auto kept = kept_.find(event);
  return kept != kept_.end() && !kept->second.effects;
}

}  // namespace milepost::journal
