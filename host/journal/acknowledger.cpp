#include "host/journal/acknowledger.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/sqlite.hpp"
#include "host/journal/store_error.hpp"

namespace milepost::journal {

Acknowledger::Acknowledger(Fresh& fresh, std::function<void(std::uint64_t)> told, std::function<void(const StoreError&)> failed)
    : fresh_(fresh), told_(std::move(told)), failed_(std::move(failed)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Acknowledger::~Acknowledger() = default;

void Acknowledger::on_disk(Committed commit) {
  const std::lock_guard turn(turn_);
  std::size_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = ahead_.size();
  }
  tell_synced(before);
  tell(std::move(commit));
}

void Acknowledger::made_ahead(Committed commit, sqlite::Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    ahead_.push_back(std::move(commit));
    connection_ = &connection;
  }
  changed_.notify_one();
}

void Acknowledger::run(const std::stop_token& stop) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !ahead_.empty() && !failing_; })) return;
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
  tell_synced(count);
}

std::unique_lock<std::mutex> Acknowledger::settle() {
  std::unique_lock turn(turn_);
  std::size_t count = 0;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    count = ahead_.size();
    again = failing_;
  }
  if (count != 0) {
    if (again) connection_->write_again();
    connection_->sync();
  }
  {
    const std::lock_guard lock(mutex_);
    failing_ = false;
  }
  tell_synced(count);
  return turn;
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

void Acknowledger::tell_synced(std::size_t count) {
  for (; count != 0; --count) {
    Committed commit;
    {
      const std::lock_guard lock(mutex_);
      commit = std::move(ahead_.front());
      ahead_.erase(ahead_.begin());
    }
    tell(std::move(commit));
  }
}

void Acknowledger::tell(Committed&& commit) {
  fresh_.no_loans = !commit.has_loans;
  fresh_.apply(std::move(commit.changes));
  told_(commit.number);
  for (auto& item : commit.items) item.done(Status());
  Listener<void(const std::vector<Lane>&)> work;
  Listener<void(Sequence)> events;
  Listener<void()> loan_timers;
  {
    const std::lock_guard lock(mutex_);
    work = work_;
    events = events_;
    loan_timers = loan_timers_;
  }
  auto& lanes = commit.awake;
  if (work && *work && !lanes.empty()) {
    std::ranges::sort(lanes);
    lanes.erase(std::ranges::unique(lanes).begin(), lanes.end());
    (*work)(lanes);
  }
  if (std::exchange(announced_, commit.newest) != commit.newest && events && *events) (*events)(commit.newest);
  if (commit.loan_timers && loan_timers && *loan_timers) (*loan_timers)();
}

void Acknowledger::on_work(std::function<void(const std::vector<Lane>&)> listener) {
  const std::lock_guard lock(mutex_);
  work_ = std::make_shared<const std::function<void(const std::vector<Lane>&)>>(std::move(listener));
}

void Acknowledger::on_events(std::function<void(Sequence)> listener) {
  const std::lock_guard lock(mutex_);
  events_ = std::make_shared<const std::function<void(Sequence)>>(std::move(listener));
}

void Acknowledger::on_loan_timers(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  loan_timers_ = std::make_shared<const std::function<void()>>(std::move(listener));
}

}  // namespace milepost::journal
