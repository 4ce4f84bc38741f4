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
    bool replies = false;  ///< it is told before the others
    bool drains = false;   ///< it is told after all that came before, come what may
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
  /// `told`: after a commit was applied, before its works hear of it, which one. `failed`: a sync failed, and until all is told
  /// after a repair, nothing more is. Both may come on any thread.
  Acknowledger(telemetry::Clock& clock, Fresh& fresh, std::function<void(std::uint64_t number)> told,
               std::function<void(const StoreError&)> failed);
  ~Acknowledger();  ///< REQUIRES: nothing waits

  /// Synced by SQLite itself, or without a page that was changed: told now, but not before what was made ahead. [writer]
  void on_disk(Committed commit, sqlite::Connection& connection);
  /// To be synced by the connection's sync(). [writer]
  void made_ahead(Committed commit, sqlite::Connection& connection);
  /// From here to tell_all() nothing is told, and nothing is at work on the connection, which may end. [writer]
  std::unique_lock<std::mutex> hold();
  /// All that waits is on disk after all. [writer]
  void tell_all(const std::unique_lock<std::mutex>& held);
  /// Syncs and tells what waits. Afterwards nothing waits, or failing(). [writer]
  void flush();
  /// Those that wait for a sync that does not come: nobody knows of them. [writer]
  void abandon(const StoreError& error);
  bool failing() const;  ///< a sync failed, or it was held, since the last tell_all()
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // Once these return, a listener that was there before is not at work any more. Not from inside one, nor from a Done.
  void on_work(std::function<void(const std::vector<Lane>&)> listener);
  void on_events(std::function<void(Sequence)> listener);
  void on_loan_timers(std::function<void()> listener);

 private:
  void run(const std::stop_token& stop);
  // REQUIRES: turn_
  void sync();
  void tell_oldest(std::size_t count);
  void tell(Committed&& commit);

  telemetry::Clock& clock_;
  Fresh& fresh_;
  const std::function<void(std::uint64_t)> told_;
  const std::function<void(const StoreError&)> failed_;
  std::mutex turn_;  ///< whoever syncs and tells; before mutex_. Guards what follows:
  Sequence announced_ = 0;
  std::function<void(const std::vector<Lane>&)> work_;
  std::function<void(Sequence)> events_;
  std::function<void()> loan_timers_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Committed> ahead_;              ///< oldest first
  sqlite::Connection* connection_ = nullptr;  ///< of the youngest
  bool failing_ = false;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::journal
