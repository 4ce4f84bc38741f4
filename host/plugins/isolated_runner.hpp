// Keeps an isolated plugin running: a child process after the other, each as its lives are needed, later and later
// while they end soon.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "host/plugins/child_status.hpp"
#include "host/plugins/isolated_process.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::plugins {

class IsolatedRunner final : public Runner {
 public:
  struct Names {
    std::string plugin, connection, source;  ///< of the connection that it runs for, or of a source without one
  };
  IsolatedRunner(Image image, IsolatedProcess::Plan plan, Names names);

  ChildStatus status() const;  ///< At once, also while a child is being started. [any]

  /// Starts a child where there is none. `rate_limited` with the time to wait while it rests, or cannot be started.
  Result<Life> alive() override;
  /// When the child ends: `indeterminate` for a call by which a write had left; else `internal` for the call that ended
  /// it, and `cancelled` for the others, which may run again. While that is not known, the next child gets one call at
  /// a time.
  Result<detail::Outcome> cross(Life life, const Crossing& crossing) override;

 private:
  using Process = std::shared_ptr<IsolatedProcess>;
  struct EndTurn {
    void operator()(IsolatedRunner* runner) const;
  };
  /// Held by the one call that runs while suspects do; its end lets the next in.
  using Turn = std::unique_ptr<IsolatedRunner, EndTurn>;
  Turn turn_alone(std::chrono::milliseconds patience);  ///< nullptr: others took all of that time
  telemetry::Field whose() const;
  void bury();  ///< REQUIRES: the lock
  void show();  ///< What has changed is what status() tells. REQUIRES: the lock
  Error lost(const IsolatedProcess& process, const IsolatedProcess::Lost& how, const Crossing& crossing,
             bool alone) const;

  const Image image_;
  const IsolatedProcess::Plan plan_;
  const Names names_;

  std::mutex mutex_;  // of what follows; held while a child is started
  Process process_;
  Life life_ = 0;
  unsigned strikes_ = 0;                          ///< lives in a row that ended soon
  std::chrono::steady_clock::time_point next_{};  ///< when a child may be started again
  std::string last_;                              ///< why the last one ended
  std::size_t suspects_ = 0;  ///< calls that run alone, since the child ended by one of them and nobody knows which
  bool turn_taken_ = false;
  std::condition_variable turn_over_;

  struct Shown {
    Process process;
    unsigned ended = 0;  ///< lives, all
    std::chrono::steady_clock::time_point ended_at{}, next{};
    std::string reason;
  };
  mutable std::mutex shown_mutex_;  // of what follows
  Shown shown_;
};

}  // namespace milepost::plugins
