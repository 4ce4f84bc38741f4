// The writer's thread: takes all works that wait, runs them in one transaction, syncs once, and tells each. While it
// syncs the next works gather, so a lone work never waits for company and many share one fsync. What nobody waits for
// rides with the next commit, and makes one of its own when none comes within a moment.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "host/journal/checkpointer.hpp"
#include "host/journal/store.hpp"
#include "host/journal/transaction.hpp"

namespace milepost::journal {

class CommitLoop {
 public:
  CommitLoop(std::string path, telemetry::Clock& clock, std::unique_ptr<sqlite::Connection> connection, Fresh& fresh,
             KnownIds& known);
  ~CommitLoop();  ///< commits what was submitted

  void submit(Work work, Done done, Store::Haste haste);
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }
  void on_work(std::function<void(const std::vector<Lane>&)> listener);
  void on_events(std::function<void(Sequence)> listener);
  void on_loan_timers(std::function<void()> listener);
  Store::Health health() const;

 private:
  struct Item {
    Work work;
    Done done;
  };
  using Failure = std::optional<StoreError>;

  void run(const std::stop_token& stop);
  void wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void gather(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  /// Commits all together; when that fails for a reason that one of them may have brought, each alone.
  void commit(std::span<Item> items);
  Failure attempt(std::span<Item> items);
  void acknowledge(std::span<Item> items);
  void refuse(std::span<Item> items, const StoreError& failure);
  void repair();
  void probe();
  void set_health(bool ok, const std::string& message);

  const std::string path_;
  telemetry::Clock& clock_;
  Fresh& fresh_;
  Writer::Transaction transaction_;
  std::unique_ptr<Checkpointer> checkpointer_;
  bool crowded_ = false;   ///< the last commit was for many
  bool doubtful_ = false;  ///< the disk failed: reopen and verify before the next commit
  Sequence announced_ = 0;  ///< the newest event that the follower was told of
  bool lost_ = false;      ///< a commit that failed is there all the same: nothing more until a restart

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Item> waiting_;
  bool pressing_ = false;  ///< somebody waits for one of them
  bool resting_ = false;   ///< the writer sleeps until there is something: it is to be woken for anything
  std::shared_ptr<const std::function<void(const std::vector<Lane>&)>> listener_;
  std::shared_ptr<const std::function<void()>> watcher_;
  std::shared_ptr<const std::function<void(Sequence)>> follower_;
  Store::Health health_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::journal
