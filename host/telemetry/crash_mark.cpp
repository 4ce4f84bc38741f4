#include "host/telemetry/crash_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace milepost::telemetry {
namespace {

constexpr std::size_t kStackSize = 64 * 1024;

struct Watched {
  int signal;
  const char* name;
  struct sigaction before;
};
// A handler may touch nothing that locks or allocates: plain memory, made ready beforehand.
std::array<Watched, 5> watched{{{SIGSEGV, "SIGSEGV", {}},
                                {SIGBUS, "SIGBUS", {}},
                                {SIGILL, "SIGILL", {}},
                                {SIGFPE, "SIGFPE", {}},
                                {SIGABRT, "SIGABRT", {}}}};
int note = -1;

struct Place {
  const char* who;
  const char* what;
};
thread_local constinit Place place{nullptr, nullptr};

void put(int to, const char* text) {
  if (to >= 0) [[maybe_unused]]
    const auto written = ::write(to, text, std::strlen(text));
}
void put_place(int to, const char* end) {
  put(to, end);
  if (place.who == nullptr) return;
  put(to, " in ");
  put(to, place.who);
  put(to, ": ");
  put(to, place.what);
}

void on_exit() {
  if (place.who == nullptr) return;
  put_place(note, "exit");
  put(STDERR_FILENO, "milepost: the process ends: exit was called");
  put_place(STDERR_FILENO, "");
  put(STDERR_FILENO, ", which must return instead\n");
  ::_exit(70);
}

void leave_note(int signal) {
  const int saved = errno;
  for (auto& one : watched) {
    if (one.signal != signal) continue;
    put_place(note, one.name);
    // Whoever handled it before does now: a fault happens again on return, and abort() raises again.
    ::sigaction(signal, &one.before, nullptr);
  }
  errno = saved;
}

}  // namespace

std::optional<std::string> watch_for_crashes(const std::string& path) {
  std::string left;
  std::getline(std::ifstream(path), left);
  note = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct sigaction action {};
  action.sa_handler = leave_note;
  action.sa_flags = SA_ONSTACK;
  for (auto& one : watched) ::sigaction(one.signal, &action, &one.before);
  return left.empty() ? std::nullopt : std::optional(left);
}

void heeded_crash() {
  if (note >= 0) [[maybe_unused]]
    const auto done = ::ftruncate(note, 0);
}

CrashPlace::CrashPlace(const char* who, const char* what) noexcept : who_(place.who), what_(place.what) {
  // Late, so that it comes before what was registered earlier.
  [[maybe_unused]] static const int registered = std::atexit(on_exit);
  place = {who, what};
}

CrashPlace::~CrashPlace() { place = {who_, what_}; }

SignalStack::SignalStack() : memory_(std::make_unique<char[]>(kStackSize)) {
  stack_t stack{};
  stack.ss_sp = memory_.get();
  stack.ss_size = kStackSize;
  ::sigaltstack(&stack, nullptr);
}

SignalStack::~SignalStack() {
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
}

}  // namespace milepost::telemetry
