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
      case Change::Kind::loan:
        keep(std::move(change));
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
    static_cast<EventProgress&>(kept->second.event) = std::move(change.event);
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

void Fresh::keep(Change&& change) {
  const auto [known, is_new] = loans_.try_emplace(change.event.subject);
  if (is_new) subjects_.push_back(change.event.subject);
  loan_bytes_ += size_of(change.loan) - size_of(known->second);
  known->second = std::move(change.loan);
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
