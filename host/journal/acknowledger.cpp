#include "host/journal/acknowledger.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/store_error.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::journal {

Acknowledger::Acknowledger(telemetry::Clock& clock, Fresh& fresh, std::function<void(std::uint64_t)> told,
                           std::function<void(const StoreError&)> failed)
    : clock_(clock),
      fresh_(fresh),
      told_(std::move(told)),
      failed_(std::move(failed)),
      thread_([this, here = clock.attend()](const std::stop_token& stop) { run(stop); }) {}

Acknowledger::~Acknowledger() = default;

void Acknowledger::on_disk(Committed commit, sqlite::Connection& connection) {
  fresh_.no_loans = !commit.has_loans;  // now: the next commit can be read before this one is told
  const std::lock_guard turn(turn_);
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = ahead_.empty() && !failing_;
  }
  if (first) return tell(std::move(commit));
  made_ahead(std::move(commit), connection);
}

void Acknowledger::made_ahead(Committed commit, sqlite::Connection& connection) {
  fresh_.no_loans = !commit.has_loans;
  {
    const std::lock_guard lock(mutex_);
    ahead_.push_back(std::move(commit));
    connection_ = &connection;
  }
  changed_.notify_one();
}

void Acknowledger::run(const std::stop_token& stop) {
  telemetry::name_thread("acknowledge");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      clock_.wait_until(lock, changed_, stop, Time::max(), [this] { return !ahead_.empty() && !failing_; });
      if (stop.stop_requested()) return;
    }
    const std::lock_guard turn(turn_);
    if (!failing()) sync();
  }
}

void Acknowledger::sync() {
  sqlite::Connection* connection = nullptr;
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = ahead_.size();
    connection = connection_;
  }
  if (count == 0) return;
  try {
    connection->sync();
  } catch (const StoreError& error) {
    {
      const std::lock_guard lock(mutex_);
      failing_ = true;
    }
    return failed_(error);
  }
  tell_oldest(count);
}

std::unique_lock<std::mutex> Acknowledger::hold() {
  std::unique_lock turn(turn_);
  const std::lock_guard lock(mutex_);
  failing_ = true;
  return turn;
}

void Acknowledger::tell_all(const std::unique_lock<std::mutex>&) {
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = ahead_.size();
    failing_ = false;
  }
  tell_oldest(count);
}

void Acknowledger::flush() {
  const std::lock_guard turn(turn_);
  if (!failing()) sync();
}

void Acknowledger::abandon(const StoreError& error) {
  const std::lock_guard turn(turn_);
  std::vector<Committed> ahead;
  {
    const std::lock_guard lock(mutex_);
    ahead = std::exchange(ahead_, {});
  }
  for (Committed& commit : ahead)
    for (auto& item : commit.items) item.done(fail(error.error()));
}

bool Acknowledger::failing() const {
  const std::lock_guard lock(mutex_);
  return failing_;
}

void Acknowledger::tell_oldest(std::size_t count) {
  std::vector<Committed> oldest;
  {
    const std::lock_guard lock(mutex_);
    const auto end = ahead_.begin() + static_cast<std::ptrdiff_t>(count);
    oldest.assign(std::make_move_iterator(ahead_.begin()), std::make_move_iterator(end));
    ahead_.erase(ahead_.begin(), end);
  }
  for (Committed& commit : oldest) tell(std::move(commit));
}

void Acknowledger::tell(Committed&& commit) {
  for (auto& item : commit.items)
    if (item.replies) item.done(Status());
  fresh_.apply(std::move(commit.changes));
  told_(commit.number);
  for (auto& item : commit.items)
    if (!item.replies) item.done(Status());

  auto& lanes = commit.awake;
  if (work_ && !lanes.empty()) {
    std::ranges::sort(lanes);
    lanes.erase(std::ranges::unique(lanes).begin(), lanes.end());
    work_(lanes);
  }
  if (std::exchange(announced_, commit.newest) != commit.newest && events_) events_(commit.newest);
  if (commit.loan_timers && loan_timers_) loan_timers_();
}

void Acknowledger::on_work(std::function<void(const std::vector<Lane>&)> listener) {
  const std::lock_guard turn(turn_);
  work_ = std::move(listener);
}

void Acknowledger::on_events(std::function<void(Sequence)> listener) {
  const std::lock_guard turn(turn_);
  events_ = std::move(listener);
}

void Acknowledger::on_loan_timers(std::function<void()> listener) {
  const std::lock_guard turn(turn_);
  loan_timers_ = std::move(listener);
}

}  // namespace milepost::journal
