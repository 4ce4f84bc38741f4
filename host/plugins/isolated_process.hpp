// One life of an isolated plugin: a child process from its start to its end. See isolation.hpp for the boundary.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "host/plugins/image.hpp"
#include "host/plugins/runner.hpp"
#include "host/plugins/wire.hpp"

namespace milepost::plugins {

class IsolatedProcess {
 public:
  struct Plan {
    std::string executable = "/proc/self/exe";
    config::Isolation bounds;
    std::size_t lanes = 1;  ///< at most so many calls at once
  };
  /// Starts the child and waits until it has loaded the library. The error says what it died of.
  static Result<std::unique_ptr<IsolatedProcess>> start(const Image& image, const Plan& plan);
  ~IsolatedProcess();  ///< ends the child. REQUIRES: no call under way
  IsolatedProcess(const IsolatedProcess&) = delete;
  IsolatedProcess& operator=(const IsolatedProcess&) = delete;

  /// How a call was lost.
  struct Lost {
    bool begun = false;   ///< it may have run: the child had it when it ended
    bool guilty = false;  ///< it is the one that the child ended by
  };
  /// One call; kills the child when it does not come back in time. [any]
  std::expected<detail::Outcome, Lost> cross(const Runner::Crossing& crossing);

  /// Whether its process is still there.
  bool ended() const;
  /// Says goodbye to one that ended without a call under way. REQUIRES: ended().
  void close() { end({}, "ended"); }
  /// "crashed: SIGSEGV; it wrote …". REQUIRES: close(), or a call that was lost.
  std::string epitaph() const;
  /// Whether it is known which call ended it. REQUIRES: as above.
  bool explained() const;
  /// What this kernel did not let the child give up.
  const std::vector<std::string>& missing() const { return missing_; }
  std::chrono::steady_clock::time_point started() const { return started_; }
  /// How many calls were under way when it ended.
  std::size_t lost() const;

 private:
  struct Lane {
    int number = 0;
    Line line;
  };
  IsolatedProcess(pid_t child, Descriptor control, Descriptor printed, Plan plan);
  Status greet();
  std::unique_ptr<Lane> borrow();
  std::unique_ptr<Lane> make_lane();
  void give_back(std::unique_ptr<Lane> lane);
  bool converse(Lane& lane, const Runner::Crossing& crossing, mp_reply& reply, std::int32_t& status);
  bool serve(Lane& lane, const Frame& frame, const Runner::Crossing& crossing, const Line::Patience& over);
  void grant_time();
  void drain() const;  ///< REQUIRES: the lock
  /// Once: kills what is left of it, and finds out why. `guilty`: the lane that hung, or nothing.
  void end(std::optional<int> guilty, const std::string& why);

  const pid_t child_;
  const Descriptor control_, printed_;
  const Plan plan_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::vector<std::string> missing_;

  mutable std::mutex mutex_;  // of what follows
  std::vector<std::unique_ptr<Lane>> idle_;
  std::set<int> busy_;  ///< lanes under way
  int lanes_ = 0;
  std::int64_t granted_s_ = 0;  ///< processor time
  mutable std::string words_;   ///< the last that it printed
  bool ended_ = false;
  std::string epitaph_;
  std::optional<int> guilty_;
  std::size_t lost_ = 0;
};

}  // namespace milepost::plugins
