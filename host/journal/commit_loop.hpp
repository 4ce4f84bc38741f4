// The writer's thread: takes the works that wait, runs them in one transaction, syncs once, and has each told. A lone work never
// waits for company. Where many come, a transaction stays open for a moment and runs them as they come in, and the next one is
// made while the disk still syncs it. What nobody waits for is run at once and rides with the next commit, which is made when
// somebody waits, or a moment later.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/journal/acknowledger.hpp"
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
  void drain(Done done);  ///< see Store::drain()
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id() || acknowledger_.on_this_thread(); }
  Acknowledger& acknowledger() { return acknowledger_; }  ///< for who listens
  Store::Health health() const;

 private:
  using Item = Committed::Item;
  using Items = std::vector<Item>;
  using Failure = std::optional<StoreError>;
  using Moment = std::chrono::steady_clock::time_point;

  void put(Item&& item, bool presses);
  void run(const std::stop_token& stop);
  void wait(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void take(Items& items);  ///< adds to them, as many as one commit takes. REQUIRES: mutex_
  /// Commits all together, and others that come meanwhile; when that fails for a reason that one of them may have brought, each
  /// alone.
  void commit(Items&& items);
  Failure attempt(Items& items, bool with_others);
  bool more(Items& items, Moment until);
  void await_pressing(Items& items);
  void acknowledge(Items&& items);
  void refuse(Items& items, const StoreError& failure);
  Failure repaired();  ///< where it was needed
  void repair();
  void probe();
  void finish();
  void told(std::uint64_t number);
  void failed(const StoreError& failure);
  void set_health(bool ok, const std::string& message);

  const std::string path_;
  telemetry::Clock& clock_;
  Writer::Transaction transaction_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::stop_token stop_;   ///< the thread's own
  bool crowded_ = false;   ///< the last commit was for many
  bool pressed_ = false;   ///< somebody waits for what was taken last
  bool doubtful_ = false;  ///< the disk failed: reopen and verify before the next commit
  bool lost_ = false;      ///< a commit that failed is there all the same: nothing more until a restart

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Items waiting_;
  std::size_t pressing_ = 0;  ///< of them, such as somebody waits for
  enum class Wakes { never, for_pressing, for_any } wakes_ = Wakes::never;  ///< what the writer's sleep is to be ended for
  std::uint64_t number_ = 0;  ///< of the last commit; the writer alone counts
  std::uint64_t failed_ = 0;  ///< no commit up to this one says that all is well
  Store::Health health_;
  Acknowledger acknowledger_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::journal
