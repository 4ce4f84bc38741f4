#include "host/plugins/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "host/plugins/spawn.hpp"

extern "C" {  // glibc 2.36 forgot it
#include <sys/pidfd.h>
}

namespace milepost::plugins {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostReport = 4u << 20;
constexpr std::size_t kMostPrinted = 4096;

std::string why(int error) { return std::generic_category().message(error); }

/// Both ends close-on-exec, and out of the way of the numbers that the child uses.
struct Pipe {
  Descriptor read, write;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    const Descriptor low_read(ends[0]), low_write(ends[1]);
    read = above_reserved(ends[0]);
    write = above_reserved(ends[1]);
    return read && write && ::fcntl(read.get(), F_SETFL, O_NONBLOCK) == 0;
  }
};

/// Takes what is there, keeps the first `most` bytes. False when the pipe is closed.
bool drain(int fd, std::string& kept, std::size_t most, bool& more) {
  std::array<char, 16384> buffer;
  for (int rounds = 0; rounds < 64; ++rounds) {  // a flood must not keep us from the clock
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    const auto room = most - kept.size();
    kept.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    more = more || static_cast<std::size_t>(got) > room;
  }
  return true;
}

}  // namespace

Result<ChildResult> run_child(const std::string& executable, const std::vector<std::string>& arguments, int library,
                              std::chrono::milliseconds timeout, const char* mark) {
  Pipe report, out, err;
  const Descriptor inherited = above_reserved(library);
  if (!report.open() || !out.open() || !err.open() || !inherited)
    return fail(ErrorKind::retryable, "no file descriptors left for a child process: " + why(errno));
  const auto deadline = Clock::now() + timeout;
  pid_t child = -1;
  const std::vector<int> given{out.write.get(), err.write.get(), report.write.get(), inherited.get()};
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  environment.insert(environment.end(), {const_cast<char*>(mark), nullptr});  // without a mark it ends there
  if (const int fault = spawn(child, executable, arguments, given, environment.data()); fault != 0)
    return fail(ErrorKind::retryable, executable + " cannot be started: " + why(fault));
  for (auto* pipe : {&report, &out, &err}) pipe->write.reset();

  ChildResult result;
  const Descriptor ended(::pidfd_open(child, 0));  // none on an old kernel: then we look every 10 ms
  std::array<pollfd, 4> watched{pollfd{report.read.get(), POLLIN, 0}, pollfd{out.read.get(), POLLIN, 0},
                                pollfd{err.read.get(), POLLIN, 0}, pollfd{ended.get(), POLLIN, 0}};
  const auto take = [&] {
    bool more = false;
    const auto from = [&](std::size_t i, std::string& kept, std::size_t most, bool& beyond) {
      if (watched[i].fd >= 0 && !drain(watched[i].fd, kept, most, beyond)) watched[i].fd = -1;
    };
    from(0, result.report, kMostReport, result.flooded);
    from(1, result.out, kMostPrinted, more);
    from(2, result.err, kMostPrinted, more);
  };
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    result.timed_out = left.count() <= 0;
    if (result.timed_out || result.flooded) break;
    ::poll(watched.data(), watched.size(),
           static_cast<int>(ended ? left.count() : std::min<long long>(left.count(), 10)));
    take();
    siginfo_t gone{};
    if (::waitid(P_PID, static_cast<id_t>(child), &gone, WEXITED | WNOHANG | WNOWAIT) == 0 && gone.si_pid == child)
      break;
  }
  // Its whole group goes, before the child is reaped and the group's number is free: what it started may hold the pipes
  // open.
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  take();
  if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

}  // namespace milepost::plugins
