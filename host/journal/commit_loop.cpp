#include "host/journal/commit_loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/journal/schema.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::journal {

namespace {

constexpr std::size_t kMostInOneCommit = 1024;  // bounds a transaction's memory, and how long the first of it waits
constexpr std::chrono::seconds kProbeEvery{1};
/// How long after a commit a work that nobody waits for stays for the next one. By the disk's time, not the host's clock.
constexpr std::chrono::milliseconds kMoment{2};
/// A commit of so many works says that more are on their way: as long as they come in, the next one waits, for a moment
/// at most. Each commit writes the same dozen pages again, so a few large ones cost less than many small ones.
constexpr std::size_t kCrowd = 8;
constexpr std::chrono::microseconds kPause{250};

using Cause = StoreError::Cause;

/// Failures that no work brought on: trying each alone would only repeat them.
bool hits_all(Cause cause) { return cause == Cause::disk || cause == Cause::damaged || cause == Cause::busy; }

StoreError unexpected(std::string what) {
  return StoreError(Cause::defect, Error{ErrorKind::internal, std::move(what), "store"});
}

}  // namespace

CommitLoop::CommitLoop(std::string path, telemetry::Clock& clock, std::unique_ptr<sqlite::Connection> connection,
                       Fresh& fresh, KnownIds& known)
    : path_(std::move(path)),
      clock_(clock),
      fresh_(fresh),
      transaction_(std::move(connection), clock, known),
      checkpointer_(std::make_unique<Checkpointer>(path_, static_cast<int>(transaction_.connection->number("PRAGMA page_size")))),
      thread_([this, here = clock_.attend()](const std::stop_token& stop) { run(stop); }) {}

CommitLoop::~CommitLoop() {
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

void CommitLoop::submit(Work work, Done done, Store::Haste haste) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const bool presses = haste == Store::Haste::now;
    wake = presses ? !std::exchange(pressing_, true) : waiting_.empty() && resting_;
    waiting_.push_back({std::move(work), std::move(done)});
  }
  if (wake) changed_.notify_one();
}

void CommitLoop::on_work(std::function<void(const std::vector<Lane>&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::make_shared<const std::function<void(const std::vector<Lane>&)>>(std::move(listener));
}

void CommitLoop::on_events(std::function<void(Sequence)> listener) {
  const std::lock_guard lock(mutex_);
  follower_ = std::make_shared<const std::function<void(Sequence)>>(std::move(listener));
}

void CommitLoop::on_loan_timers(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  watcher_ = std::make_shared<const std::function<void()>>(std::move(listener));
}

Store::Health CommitLoop::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

/// Until there is something to commit, or to stop, or to look whether the store is well again: senders are turned away
/// while it is not, so nothing may come.
void CommitLoop::wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const auto ready = [this] { return !waiting_.empty(); };
  if (health_.ok && changed_.wait_for(lock, stop, kMoment, [this] { return pressing_; })) {
    if (crowded_) gather(lock, stop);
    return;
  }
  crowded_ = false;
  resting_ = true;
  clock_.wait_until(lock, changed_, stop, health_.ok ? Time::max() : clock_.now() + kProbeEvery, ready);
  resting_ = false;
}

void CommitLoop::gather(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + kMoment;
  for (std::size_t seen = 0; seen < waiting_.size() && waiting_.size() < kMostInOneCommit;) {
    seen = waiting_.size();
    changed_.wait_for(lock, stop, kPause, [] { return false; });
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= until) return;
  }
}

void CommitLoop::run(const std::stop_token& stop) {
  std::vector<Item> batch;
  for (;;) {
    bool well = true;
    {
      std::unique_lock lock(mutex_);
      well = health_.ok;
      wait(lock, stop);
      batch.swap(waiting_);
      pressing_ = false;
    }
    crowded_ = batch.size() >= kCrowd;
    if (batch.empty()) {
      if (stop.stop_requested()) return;
      if (!well) probe();
      continue;
    }
    for (std::span<Item> rest(batch); !rest.empty(); rest = rest.subspan(std::min(rest.size(), kMostInOneCommit)))
      commit(rest.first(std::min(rest.size(), kMostInOneCommit)));
    batch.clear();
  }
}

void CommitLoop::commit(std::span<Item> items) {
  const Failure failure = attempt(items);
  if (!failure) return acknowledge(items);
  if (items.size() == 1 || hits_all(failure->cause())) return refuse(items, *failure);
  for (std::size_t i = 0; i < items.size(); ++i) commit(items.subspan(i, 1));
}

CommitLoop::Failure CommitLoop::attempt(std::span<Item> items) {
  try {
    if (doubtful_) repair();
    transaction_.begin();
    Writer writer(transaction_);
    for (Item& item : items) item.work(writer);
    transaction_.commit();
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

void CommitLoop::acknowledge(std::span<Item> items) {
  fresh_.no_loans = !transaction_.has_loans;
  fresh_.apply(std::exchange(transaction_.changes, {}));
  set_health(true, "");
  for (Item& item : items) item.done(Status());
  std::shared_ptr<const std::function<void(const std::vector<Lane>&)>> listener;
  std::shared_ptr<const std::function<void(Sequence)>> follower;
  std::shared_ptr<const std::function<void()>> watcher;
  {
    const std::lock_guard lock(mutex_);
    listener = listener_;
    follower = follower_;
    watcher = watcher_;
  }

  auto& lanes = transaction_.awake;
  if (listener && *listener && !lanes.empty()) {
    std::ranges::sort(lanes);
    lanes.erase(std::ranges::unique(lanes).begin(), lanes.end());
    (*listener)(lanes);
  }
  const auto newest = transaction_.committed.event;
  if (std::exchange(announced_, newest) != newest && follower && *follower) (*follower)(newest);
  if (transaction_.loan_timers && watcher && *watcher) (*watcher)();

  if (!checkpointer_->committed(transaction_.connection->wal_pages())) return;
  try {
    transaction_.connection->checkpoint();
  } catch (const StoreError& error) {
    doubtful_ = true;
    set_health(false, error.error().message);
  }
}

void CommitLoop::refuse(std::span<Item> items, const StoreError& failure) {
  if (failure.cause() != Cause::defect) set_health(false, failure.error().message);
  for (Item& item : items) item.done(fail(failure.error()));
}

/// After a failed write or fsync the kernel may have dropped pages that it now calls clean, and the WAL may hold the
/// frames of a commit that nobody was told of. So: a fresh connection, every good commit copied into the file and
/// synced, the WAL emptied; then the store must end where the last good commit ended.
void CommitLoop::repair() {
  if (lost_) {
    throw StoreError(Cause::disk, Error{ErrorKind::retryable,
                                        "a commit that failed is in the store after all: restart the host", "store"});
  }
  transaction_.connection.reset();
  transaction_.connection = connect(path_, sqlite::Connection::Mode::write);
  transaction_.connection->checkpoint_and_truncate();
  const Ends found = transaction_.read_ends();
  if (found.event != transaction_.committed.event || found.audit.hash != transaction_.committed.audit.hash ||
      found.audit.sequence != transaction_.committed.audit.sequence) {
    lost_ = true;
    return repair();
  }
  doubtful_ = false;
  telemetry::log(telemetry::Level::info, "store.reopened", {});
}

/// A commit of a page that changes nothing.
void CommitLoop::probe() {
  Item item{[this](Writer&) {
              const auto version = "PRAGMA user_version = " + std::to_string(newest_schema());
              transaction_.connection->execute(version.c_str());
            },
            [](const Status&) {}};
  commit(std::span(&item, 1));
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
