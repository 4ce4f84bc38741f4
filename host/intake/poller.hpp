// Drives one polling source of one pipeline, on a thread of its own: a long poll holds up nobody else. Asks from the
// stored place on, and journals a page's events and the next place in one commit. It has an account of its own at the
// vendor, so that neither it nor the pipelines' deliveries wait for the other.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "host/intake/feed.hpp"
#include "host/intake/source_status.hpp"
#include "host/plugins/registry.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

/// One polling source, ready to run.
struct Polling {
  std::string name;  ///< within its plugin: "orders"
  Json settings;
  std::chrono::milliseconds every{std::chrono::seconds(30)};  ///< from poll to poll, while there is nothing new
  std::unique_ptr<plugins::Account> account;                  ///< never null
  std::unique_ptr<Feed> feed;                                 ///< never null
};

class Poller {
 public:
  Poller(Polling polling, telemetry::Clock& clock);
  ~Poller();

  /// It asks for nothing while `reason` says why nothing may come in; "" when it may. Before start().
  void hold_while(std::function<std::string()> reason);
  void start();
  /// Asks the plugin to come back; does not wait for it.
  void request_stop();
  void stop();                  ///< waits, too. Idempotent.
  /// It was started, and its thread does nothing any more: stop() will not wait. [any]
  bool ended() const { return ended_; }
  bool began() const { return thread_.joinable(); }  ///< and was not stopped. Beside no start() and stop().
  SourceStatus status() const;  ///< [any]

 private:
  enum class State { starting, open, paused, failing, held };

  void run(const std::stop_token& stop);
  /// One attempt at whatever is next, and the time until which to rest.
  telemetry::Time step(const std::stop_token& stop);
  Status open(const std::stop_token& stop);
  telemetry::Time poll(const std::stop_token& stop);
  void settle(const std::stop_token& stop);
  void warn_of_expiry();  ///< once a day
  telemetry::Time failed(const Error& error);
  void set(State state, const std::string& reason);
  void raise(State state, const std::string& reason);

  Polling polling_;
  telemetry::Clock& clock_;
  std::function<std::string()> held_;
  bool opened_ = false;
  std::unique_ptr<PollingSource> source_;
  std::optional<std::string> place_;  ///< what the store keeps; "" at the very start
  unsigned strikes_ = 0;              ///< failures in a row
  std::optional<telemetry::Time> warned_;
  State raised_ = State::open;        ///< what an event of the host has told last

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::atomic<bool> ended_ = false;
  State state_ = State::starting;
  std::string reason_;
  std::optional<telemetry::Time> last_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::intake
