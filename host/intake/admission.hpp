// Whether more may come in. Looks once a second at the store's size, the disk's free space and the backlog, and says no
// before any of them is used up: senders and sources try again later, and nothing is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "host/journal/store.hpp"

namespace milepost::intake {

struct AdmissionLimits {
  std::uint64_t store = 0;              ///< bytes in use in the store, its WAL included; 0: no limit
  std::uint64_t free = 0;               ///< bytes that stay free on its disk; 0: no limit
  std::chrono::milliseconds backlog{};  ///< how long an event may wait for its turn; 0: no limit
};

class Admission {
 public:
  /// `runs`: whether a pipeline runs at all; what waits for one that does not is no backlog.
  Admission(const journal::Store& store, const telemetry::Clock& clock, AdmissionLimits limits,
            std::function<bool(const std::string& pipeline)> runs);
  ~Admission();

  void start();  ///< looks each second, on a thread of its own
  void look();   ///< Not beside start().

  struct Verdict {
    std::string cause;   ///< "" while more may come in; else one line: what is used up, and the figures
    std::string remedy;  ///< one line
  };
  Verdict verdict() const;  ///< [any]
  /// What a sender is told; "" when it may come in. Costs nothing while it may. [any]
  std::string refusal() const;

 private:
  enum class Limit { none, store_failing, store, free, backlog };
  Limit reached(const journal::Store::Usage& usage, std::chrono::microseconds waiting) const;
  void decide(Limit limit, Verdict verdict);
  void run(const std::stop_token& stop);

  const journal::Store& store_;
  const telemetry::Clock& clock_;
  const AdmissionLimits limits_;
  const std::function<bool(const std::string&)> runs_;
  journal::Sequence behind_ = 0;  ///< every event up to here has begun

  std::atomic<Limit> limit_ = Limit::none;
  mutable std::mutex mutex_;
  Verdict verdict_;
  std::condition_variable_any changed_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::intake
