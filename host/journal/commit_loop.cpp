#include "host/journal/commit_loop.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/journal/schema.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::journal {

namespace {

constexpr std::size_t kMostInOneCommit = 1024;  // bounds a transaction's memory, and how long the first of it waits
constexpr std::chrono::seconds kProbeEvery{1};
/// How long a work that nobody waits for stays for a commit of others. By the disk's time, not the host's clock.
constexpr std::chrono::milliseconds kMoment{2};
/// A commit of so many works says that more are on their way: the next one stays open for so long, and looks for others
/// after each pause. Each commit writes the same dozen pages again, so a few large ones cost less than many small ones.
constexpr std::size_t kCrowd = 8;
constexpr std::chrono::microseconds kOpen{800};
constexpr std::chrono::microseconds kPause{100};

using Cause = StoreError::Cause;

/// Failures that no work brought on: trying each alone would only repeat them.
bool hits_all(Cause cause) { return cause == Cause::disk || cause == Cause::damaged || cause == Cause::busy; }

bool is_crowd(std::size_t works) { return works >= kCrowd; }

StoreError unexpected(std::string what) {
  return StoreError(Cause::defect, Error{ErrorKind::internal, std::move(what), "store"});
}

}  // namespace

CommitLoop::CommitLoop(std::string path, telemetry::Clock& clock, std::unique_ptr<sqlite::Connection> connection,
                       Fresh& fresh, KnownIds& known)
    : path_(std::move(path)),
      clock_(clock),
      transaction_(std::move(connection), clock, known),
      checkpointer_(std::make_unique<Checkpointer>(path_, static_cast<int>(transaction_.connection->number("PRAGMA page_size")))),
      acknowledger_(clock, fresh, [this](std::uint64_t number) { told(number); }, [this](const StoreError& failure) { failed(failure); }),
      thread_([this, here = clock_.attend()](const std::stop_token& stop) { run(stop); }) {}

CommitLoop::~CommitLoop() {
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

void CommitLoop::submit(Work work, Done done, Store::Haste haste) {
  put({.work = std::move(work), .done = std::move(done), .replies = haste == Store::Haste::reply}, haste != Store::Haste::soon);
}

void CommitLoop::drain(Done done) { put({.work = [](Writer&) {}, .done = std::move(done), .drains = true}, true); }

void CommitLoop::put(Item&& item, bool presses) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (presses) ++pressing_;
    waiting_.push_back(std::move(item));
    wake = wakes_ == Wakes::for_any || (presses && wakes_ == Wakes::for_pressing);
    if (wake) wakes_ = Wakes::never;
  }
  if (wake) changed_.notify_one();
}

Store::Health CommitLoop::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

/// Until there is something to commit, or to stop, or to look whether the store is well again: senders are turned away
/// while it is not, so nothing may come.
void CommitLoop::wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  if (crowded_ && health_.ok && pressing_ == 0) {
    wakes_ = Wakes::for_pressing;
    changed_.wait_for(lock, stop, kMoment, [this] { return pressing_ != 0; });
    crowded_ = pressing_ != 0;
    if (!crowded_ && !waiting_.empty()) pressing_ = 1;  // its moment is over
  }
  if (pressing_ == 0) {
    crowded_ = false;
    wakes_ = Wakes::for_any;
    const bool well = health_.ok;
    clock_.wait_until(lock, changed_, stop, well ? Time::max() : clock_.now() + kProbeEvery,
                      [this, well] { return !waiting_.empty() || (well && !health_.ok); });
  }
  wakes_ = Wakes::never;
}

void CommitLoop::take(Items& items) {
  pressed_ = pressing_ != 0;
  const auto count = std::min(waiting_.size(), kMostInOneCommit - std::min(items.size(), kMostInOneCommit));
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  items.insert(items.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  if (waiting_.empty()) pressing_ = 0;
}

void CommitLoop::run(const std::stop_token& stop) {
  telemetry::name_thread("commit");
  stop_ = stop;
  for (;;) {
    Items items;
    bool well = true;
    {
      std::unique_lock lock(mutex_);
      wait(lock, stop);
      take(items);
      well = health_.ok;
    }
    if (!items.empty()) {
      commit(std::move(items));
    } else if (stop.stop_requested()) {
      return finish();
    } else if (!well) {
      probe();
    }
  }
}

void CommitLoop::commit(Items&& items) {
  if (const Failure failure = attempt(items, crowded_)) {
    crowded_ = false;
    pressed_ = true;  // each goes alone from here on
    if (items.size() == 1 || hits_all(failure->cause())) return refuse(items, *failure);
    for (Item& item : items) {
      Items alone;
      alone.push_back(std::move(item));
      commit(std::move(alone));
    }
    return;
  }
  crowded_ = is_crowd(items.size());
  acknowledge(std::move(items));
}

CommitLoop::Failure CommitLoop::attempt(Items& items, bool with_others) {
  try {
    if (const Failure failure = repaired()) return failure;
    transaction_.begin();
    Writer writer(transaction_);
    const Moment until = std::chrono::steady_clock::now() + kOpen;
    std::size_t next = 0;
    const auto run_all = [&] {
      for (; next < items.size(); ++next) items[next].work(writer);
    };
    run_all();
    if (with_others) {
      while (more(items, until)) run_all();
    } else if (!pressed_) {
      await_pressing(items);
      run_all();
    }
    transaction_.commit(is_crowd(items.size()));
    return std::nullopt;
  } catch (const StoreError& error) {
    transaction_.rollback();
    if (error.cause() == Cause::disk || error.cause() == Cause::damaged) doubtful_ = true;
    return error;
  } catch (const std::exception& error) {
    transaction_.rollback();
    return unexpected(error.what());
  } catch (...) {
    transaction_.rollback();
    return unexpected("a work threw what is no std::exception");
  }
}

/// Where none is there yet it sleeps without being woken for each: that would cost more than the few works that it waits for.
bool CommitLoop::more(Items& items, Moment until) {
  if (std::chrono::steady_clock::now() >= until) return false;
  std::unique_lock lock(mutex_);
  if (waiting_.empty()) {
    lock.unlock();
    std::this_thread::sleep_for(kPause);
    lock.lock();
  }
  const auto before = items.size();
  take(items);
  return items.size() != before;
}

/// All that is left to do for whoever comes is what he brings.
void CommitLoop::await_pressing(Items& items) {
  std::unique_lock lock(mutex_);
  wakes_ = Wakes::for_pressing;
  changed_.wait_for(lock, stop_, kMoment, [this] { return pressing_ != 0; });
  wakes_ = Wakes::never;
  take(items);
}

/// A crowd is told once it is synced, which the next transaction does not wait for.
void CommitLoop::acknowledge(Items&& items) {
  const bool ahead = is_crowd(items.size());
  {
    const std::lock_guard lock(mutex_);
    ++number_;
  }
  Committed commit{.items = std::move(items),
                   .changes = std::exchange(transaction_.changes, {}),
                   .awake = std::exchange(transaction_.awake, {}),
                   .newest = transaction_.committed.event,
                   .has_loans = transaction_.has_loans,
                   .loan_timers = transaction_.loan_timers,
                   .number = number_};
  if (ahead)
    acknowledger_.made_ahead(std::move(commit), *transaction_.connection);
  else
    acknowledger_.on_disk(std::move(commit), *transaction_.connection);

  if (!checkpointer_->committed(transaction_.connection->wal_pages())) return;
  try {
    transaction_.connection->checkpoint();
  } catch (const StoreError& error) {
    doubtful_ = true;
    failed(error);
  }
}

void CommitLoop::refuse(Items& items, const StoreError& failure) {
  if (failure.cause() != Cause::defect) failed(failure);
  if (std::ranges::any_of(items, &Item::drains)) acknowledger_.abandon(failure);
  for (Item& item : items) item.done(fail(failure.error()));
}

/// Whatever a repair fails with, it is the disk's: no work brought it.
CommitLoop::Failure CommitLoop::repaired() {
  if (!doubtful_ && !acknowledger_.failing()) return std::nullopt;
  try {
    repair();
    return std::nullopt;
  } catch (const StoreError& error) {
    return StoreError(Cause::disk, error.error());
  }
}

/// After a failed write or fsync the kernel may have dropped pages that it now calls clean, and the WAL may hold the
/// frames of a commit that nobody was told of. So: what was not synced is written once more; by a fresh connection every good
/// commit is synced, copied into the file and synced there, and the WAL emptied; then the store must end where the last good commit
/// ended. Only then are those told that waited for their sync.
void CommitLoop::repair() {
  doubtful_ = true;
  if (lost_) {
    throw StoreError(Cause::disk, Error{ErrorKind::retryable,
                                        "a commit that failed is in the store after all: restart the host", "store"});
  }
  const auto held = acknowledger_.hold();
  transaction_.connection->write_again();
  auto fresh = connect(path_, sqlite::Connection::Mode::write);
  fresh->copy_again();
  fresh->checkpoint_and_truncate();
  const Ends found = Writer::Transaction::read_ends(*fresh);
  if (found.event != transaction_.committed.event || found.audit.hash != transaction_.committed.audit.hash ||
      found.audit.sequence != transaction_.committed.audit.sequence) {
    lost_ = true;
    throw StoreError(Cause::disk, Error{ErrorKind::retryable, "the store does not end where the last commit ended: restart the host", "store"});
  }
  transaction_.connection = std::move(fresh);  // the one before keeps what was not synced until all of it is found
  doubtful_ = false;
  telemetry::log(telemetry::Level::info, "store.reopened", {});
  acknowledger_.tell_all(held);
}

/// A commit of a page that changes nothing.
void CommitLoop::probe() {
  Items items;
  items.push_back({[this](Writer&) {
                     const auto version = "PRAGMA user_version = " + std::to_string(newest_schema());
                     transaction_.connection->execute(version.c_str());
                   },
                   [](const Status&) {}});
  pressed_ = true;
  commit(std::move(items));
}

/// Nothing more comes. What still waits for its sync gets one.
void CommitLoop::finish() {
  acknowledger_.flush();
  if (const Failure failure = repaired()) acknowledger_.abandon(*failure);
}

void CommitLoop::told(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (number <= failed_) return;
  }
  set_health(true, "");
}

void CommitLoop::failed(const StoreError& failure) {
  {
    const std::lock_guard lock(mutex_);
    failed_ = number_;
  }
  checkpointer_->retry();
  set_health(false, failure.error().message);
  changed_.notify_all();
}

void CommitLoop::set_health(bool ok, const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    if (health_.ok == ok && health_.message == message) return;
    health_ = {ok, message};
  }
  if (ok)
    telemetry::log(telemetry::Level::info, "store.recovered", {});
  else
    telemetry::log(telemetry::Level::error, "store.failing", {{"reason", message}});
}

}  // namespace milepost::journal
