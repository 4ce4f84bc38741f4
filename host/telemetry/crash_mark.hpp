// A note that a dying process leaves for the next one: it ended by a fault of its own (SIGSEGV, SIGABRT …) or by a
// plugin that called exit(), not by a kill or a power cut.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace milepost::telemetry {

/// What the last process left at `path` ("SIGSEGV", "SIGSEGV in acme: run"), if anything; from here on this process
/// leaves its own. What was left stays there until heeded_crash(), for the next start, should this one fail. Call once.
std::optional<std::string> watch_for_crashes(const std::string& path);
void heeded_crash();

/// What this thread is about while it lives: named in the note, and on stderr. A process that ends by exit() within one
/// ends at once, status 70, before any destructor of ours runs beside working threads.
class CrashPlace {
 public:
  /// Both outlive it.
  CrashPlace(const char* who, const char* what) noexcept;
  ~CrashPlace();
  CrashPlace(const CrashPlace&) = delete;
  CrashPlace& operator=(const CrashPlace&) = delete;

 private:
  const char* who_;
  const char* what_;
};

/// A stack of its own for this thread's last words, so that an overflow of the usual one leaves them too. For as long
/// as it lives.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<char[]> memory_;
};

}  // namespace milepost::telemetry
