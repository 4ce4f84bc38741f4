// Copies the WAL into the file while commits go on, so that none of them waits for it. The bulk is copied on a thread
// of its own, in passes of which each finds less left, and synced there; the writer copies the last few pages between two
// commits, since only a WAL that is copied to its end starts again from its beginning: that bounds it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace milepost::journal {

class Checkpointer {
 public:
  Checkpointer(std::string path, int page_size);

  /// After each commit, by the writer: the WAL's length then. True: the writer is to run a checkpoint itself, now.
  /// [writer]
  bool committed(int wal_pages);

  /// A commit failed. Once others go through there may be room again, and they take it: what is due is copied then without a rest. Any thread.
  void retry() { rests_until_ = Moment{}; }

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void run(std::stop_token stop);
  void copy();

  const std::string path_;
  const int pages_;  ///< of the WAL, from one copying to the next
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool due_ = false;
  std::atomic<bool> busy_ = false;       ///< from due until the bulk is copied
  std::atomic<bool> finishing_ = false;  ///< the writer's turn
  std::atomic<Moment> rests_until_ = Moment{};  ///< after a copying that failed
  bool lost_ = false;  ///< the thread's: what was copied may have been dropped by the disk, and is to be copied again
  int next_at_;                          ///< writer's: the length that makes it due
  std::jthread thread_;                  ///< last: it uses all of the above
};

}  // namespace milepost::journal
