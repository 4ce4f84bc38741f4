// What happens once a commit is on disk: its works are told, then whoever listens. A commit that was made ahead of its sync
// waits here for it, and is told on a thread of its own while the writer makes the next one. Always in the order of the commits.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "host/journal/fresh.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/store.hpp"

namespace milepost::journal {

/// One commit, and what must be told of it.
struct Committed {
  struct Item {
    Work work;
    Done done;
  };
  std::vector<Item> items;
  std::vector<Fresh::Change> changes;
  std::vector<Lane> awake;  ///< lanes that it gave something to do
  Sequence newest = 0;      ///< event, of the journal as it left it
  bool has_loans = false;
  bool loan_timers = false;
  std::uint64_t number = 0;  ///< counts up
};

class Acknowledger {
 public:
  /// `told`: after the works of a commit were told, which commit it was. `failed`: a sync failed, and until the writer has
  /// settled it, nothing more is told. Both may come on any thread.
  Acknowledger(Fresh& fresh, std::function<void(std::uint64_t number)> told, std::function<void(const StoreError&)> failed);
  ~Acknowledger();  ///< REQUIRES: settled, or abandoned

  /// It is on disk, and so is all that was made ahead of it. [writer]
  void on_disk(Committed commit);
  /// It is to be synced by the connection's sync(). [writer]
  void made_ahead(Committed commit, sqlite::Connection& connection);
  /// Has all synced that was made ahead, after a failure once more from the first write on, and tells it. While the lock is held,
  /// nothing is at work on the connection. Throws StoreError: the disk fails still. [writer]
  std::unique_lock<std::mutex> settle();
  /// Those that wait for a sync that does not come: nobody knows of them. [writer]
  void abandon(const StoreError& error);
  bool failing() const;  ///< a sync failed since the last settle()
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  void on_work(std::function<void(const std::vector<Lane>&)> listener);
  void on_events(std::function<void(Sequence)> listener);
  void on_loan_timers(std::function<void()> listener);

 private:
  template <class Function>
  using Listener = std::shared_ptr<const std::function<Function>>;

  void run(const std::stop_token& stop);
  void sync();               // REQUIRES: turn_
  void tell_synced(std::size_t count);  // REQUIRES: turn_
  void tell(Committed&& commit);        // REQUIRES: turn_

  Fresh& fresh_;
  const std::function<void(std::uint64_t)> told_;
  const std::function<void(const StoreError&)> failed_;
  std::mutex turn_;  ///< whoever syncs and tells; before mutex_
  Sequence announced_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Committed> ahead_;  ///< oldest first
  sqlite::Connection* connection_ = nullptr;  ///< of those
  bool failing_ = false;
  Listener<void(const std::vector<Lane>&)> work_;
  Listener<void(Sequence)> events_;
  Listener<void()> loan_timers_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::journal
