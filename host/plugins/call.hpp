// One call into a plugin, as the host makes it: its deadline, how it is stopped, and what went out meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugins/overdue.hpp"
#include "milepost/host.hpp"

namespace milepost::plugins {

/// Lives on the caller's stack for the length of one call. The deadline is real time (steady), since the vendor's
/// time-out is.
class HostCall {
 public:
  /// `stopped` is asked from any thread; may be empty.
  HostCall(std::chrono::milliseconds timeout, std::function<bool()> stopped = {}, unsigned attempt = 1);
  ~HostCall();
  HostCall(const HostCall&) = delete;
  HostCall& operator=(const HostCall&) = delete;

  Call call() const { return Call(&raw_); }
  bool stopped() const { return stopped_ && stopped_(); }
  std::chrono::milliseconds left() const;

  /// The HTTP service refuses what is sent under this call. Before it begins.
  void lend_no_http() { lends_http_ = false; }
  bool lends_http() const { return lends_http_; }

  /// The HTTP service says so when a request that is no read may have left: an error that has lost its cause (an
  /// exception, a lost child, a missing item) is then indeterminate, else internal.
  void write_left() { write_left_ = true; }
  bool has_write_left() const { return write_left_; }

  /// While it lives, the call counts as being inside that function of that plugin. Both names outlive it.
  class Inside {
   public:
    Inside(const mp_call* raw, const std::string& plugin, const std::string& connection, std::string_view function);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    HostCall* call_ = nullptr;
  };
  /// Of the calls inside a plugin that are late by more than that, those that were not taken before. [any]
  static std::vector<Overdue> take_newly_overdue(std::chrono::milliseconds by);

  /// The HostCall behind the mp_call that a service was given; nullptr when it is none of ours, or over. [any]
  static HostCall* from(const mp_call* raw);

 private:
  friend std::vector<Overdue> overdue_calls(std::chrono::milliseconds by);
  struct Raw : mp_call {
    HostCall* owner;
  };
  struct Place {
    const std::string *plugin, *connection;
    std::string_view function;
    bool told = false;
  };
  static std::vector<Overdue> overdue(std::chrono::milliseconds by, bool fresh);
  Raw raw_;
  std::chrono::steady_clock::time_point deadline_;
  std::function<bool()> stopped_;
  bool lends_http_ = true;
  std::atomic<bool> write_left_ = false;
  std::optional<Place> inside_;  ///< under the lock of all calls
};

}  // namespace milepost::plugins
