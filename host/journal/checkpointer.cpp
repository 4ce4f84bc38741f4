#include "host/journal/checkpointer.hpp"

#include "host/journal/schema.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::journal {

namespace {
constexpr int kBytes = 32 << 20;  // of the WAL: long enough that pages written many times are copied once
constexpr int kPasses = 3;        // each finds but what came while the one before copied and synced
constexpr std::chrono::seconds kRest{1};  // after a failure
}

Checkpointer::Checkpointer(std::string path, int page_size)
    : path_(std::move(path)), pages_(kBytes / page_size), next_at_(pages_), thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

bool Checkpointer::committed(int wal_pages) {
  if (finishing_.exchange(false)) {
    next_at_ = wal_pages + pages_;
    return true;
  }
  if (wal_pages + pages_ < next_at_) next_at_ = pages_;  // the WAL began again
  if (wal_pages < next_at_ || busy_ || std::chrono::steady_clock::now() < rests_until_.load()) return false;
  {
    const std::lock_guard lock(mutex_);
    busy_ = due_ = true;
  }
  changed_.notify_one();
  return false;
}

void Checkpointer::run(std::stop_token stop) {
  telemetry::name_thread("checkpoint");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return due_; })) return;
      due_ = false;
    }
    copy();
    busy_ = false;
  }
}

void Checkpointer::copy() {
  try {
    // A connection of its own each time: it keeps no page in memory, and none of a disk that failed.
    const auto connection = connect(path_, sqlite::Connection::Mode::write);
    const auto copy_again = [&] {
      lost_ = true;
      connection->copy_again();
      lost_ = false;
    };
    if (lost_) copy_again();
    try {
      for (int pass = 0; pass < kPasses; ++pass) {
        connection->checkpoint();
        connection->sync_file();
      }
    } catch (const StoreError&) {
      copy_again();
      throw;
    }
    finishing_ = true;
  } catch (const StoreError& error) {
    // Nothing is lost: the WAL keeps what could not be copied, and a later turn tries again.
    rests_until_ = std::chrono::steady_clock::now() + kRest;
    telemetry::log(telemetry::Level::warn, "store.checkpoint_failed", {{"reason", error.error().message}});
  }
}

}  // namespace milepost::journal
