#include "host/journal/fresh.hpp"

#include <algorithm>
#include <utility>

namespace milepost::journal {

namespace {
constexpr std::size_t kMostBytes = 16u << 20;
constexpr std::size_t kMostEvents = 20'000;
constexpr std::size_t kMostEmptied = 256;  // an ended event's lane is asked about at once, then no more
constexpr std::size_t kMostLoans = 4096;
constexpr std::size_t kMostLoanBytes = 4u << 20;

std::size_t size_of(const Fresh::Loan& loan) { return loan ? loan->state.size() : 0; }
}  // namespace

void Fresh::apply(std::vector<Change> changes) {
  if (changes.empty()) return;
  const std::lock_guard guard(mutex_);
  for (Change& change : changes)
    std::visit([this](auto& one) { put(std::move(one)); }, change);
  bound();
}

void Fresh::put(Acted acted) {
  if (const auto kept = kept_.find(acted.event); kept != kept_.end()) kept->second.effects = true;
}

void Fresh::put(std::unique_ptr<Accepted> accepted) {
  Event& event = accepted->event;
  Lane lane{event.pipeline, event.lane};
  auto known = lanes_.find(lane);
  if (accepted->alone) {
    if (known == lanes_.end()) known = lanes_.emplace(std::move(lane), Open()).first;
  } else if (known == lanes_.end()) {
    return;  // older ones are on disk alone
  }
  const Sequence sequence = event.sequence;
  known->second.push_back(sequence);
  bytes_ += accepted->payload.size();
  kept_.emplace(sequence, Kept{std::move(event), std::move(accepted->payload)});
}

void Fresh::put(std::unique_ptr<Updated> updated) {
  const auto kept = kept_.find(updated->event);
  if (kept == kept_.end()) return forget(updated->lane);  // it may have been opened again, ahead of what is here
  if (updated->progress.state == EventState::open) {
    static_cast<EventProgress&>(kept->second.event) = std::move(updated->progress);
    return;
  }
  Open& open = lanes_.at(updated->lane);
  open.erase(std::ranges::find(open, kept->first));
  drop(kept);
  if (open.empty()) emptied_.push_back(std::move(updated->lane));
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

void Fresh::put(std::unique_ptr<Tracked> tracked) {
  const auto [known, is_new] = loans_.try_emplace(tracked->subject);
  if (is_new) subjects_.push_back(tracked->subject);
  loan_bytes_ += size_of(tracked->latest) - size_of(known->second);
  known->second = std::move(tracked->latest);
  while (loan_bytes_ > kMostLoanBytes || loans_.size() > kMostLoans) {
    const auto oldest = loans_.find(subjects_.front());
    loan_bytes_ -= size_of(oldest->second);
    loans_.erase(oldest);
    subjects_.pop_front();
  }
}

std::optional<Fresh::Loan> Fresh::loan(const std::string& subject) const {
  const auto known = loans_.find(subject);
  if (known == loans_.end()) return std::nullopt;
  return known->second;
}

std::optional<Fresh::Head> Fresh::head(const Lane& lane) const {
  const std::lock_guard guard(mutex_);
  const auto known = lanes_.find(lane);
  if (known == lanes_.end()) return std::nullopt;
  if (known->second.empty()) return Head{};
  const Kept& kept = kept_.at(known->second.front());
  return Head{kept.event, kept.payload, known->second.size() > 1, loan(kept.event.subject)};
}

bool Fresh::has_no_effects(Sequence event) const {
  const std::lock_guard guard(mutex_);
  const auto kept = kept_.find(event);
  return kept != kept_.end() && !kept->second.effects;
}

}  // namespace milepost::journal
