// The child's side of isolation: takes lanes from the control socket and serves each with a thread of its own.
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "host/plugins/confine.hpp"
#include "host/plugins/isolation.hpp"
#include "host/plugins/library.hpp"
#include "host/plugins/wire.hpp"
#include "host/telemetry/crash_mark.hpp"
#include "milepost/json.hpp"

namespace milepost::plugins {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Line::Limits kFromHost{.parts = 1u << 20, .bytes = std::size_t{1} << 30};
constexpr std::chrono::milliseconds kBelieved(20);  // how long "not stopped" is taken for true

bool never() { return false; }

class Lane;
// Plain memory of the thread: a signal handler reads it.
thread_local Lane* current = nullptr;
thread_local int current_number = -1;

/// An instance that one lane made serves on others, one call after the other; their order goes through the host's
/// process, and this says it to the memory of this one.
class InTurn {
 public:
  InTurn() { touch(); }
  ~InTurn() { touch(); }

 private:
  static void touch() {
    static std::atomic<unsigned> turns;
    turns.fetch_add(1, std::memory_order_acq_rel);
  }
};

/// A call under way, as the plugin sees it.
struct ChildCall : mp_call {
  Lane* lane = nullptr;
  std::int64_t deadline_ns = 0;
  SteadyClock::time_point asked{};
  bool stop = false;
};

class Lane {
 public:
  Lane(Descriptor socket, int number, const mp_plugin& plugin)
      : line_(std::move(socket), kFromHost), number_(number), plugin_(plugin) {}

  /// Until the host closes its end.
  void serve() {
    const telemetry::SignalStack signals;  // an overflow of the usual stack leaves last words too
    current = this;
    current_number = number_;
    for (Frame frame; line_.take(frame, never) && frame.head.kind == Frame::kCall;)
      if (!run(frame)) break;
    current = nullptr;
    current_number = -1;
  }

  bool stopped(ChildCall& call) {
    const auto now = SteadyClock::now();
    if (call.stop || now < call.asked + kBelieved) return call.stop;
    Frame answer;
    if (!line_.put({.kind = Frame::kStopped}, nullptr, 0, never) || !line_.flush(never) || !line_.take(answer, never))
      return call.stop = true;
    call.asked = now;
    return call.stop = answer.head.status != 0;
  }

  std::int32_t service(std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                       const mp_reply* reply) {
    const bool with_call = call == &call_ && under_way_;
    if (reply != nullptr && reply->size < sizeof(mp_reply)) return MP_UNSUPPORTED;
    for (std::size_t i = 0; parts != nullptr && i < n; ++i)
      if (parts[i].data == nullptr && parts[i].size > 0) return MP_UNSUPPORTED;
    const Frame::Head head{.kind = Frame::kCall, .op = op, .with_call = with_call ? 1U : 0U};
    if (!line_.put(head, parts, parts == nullptr ? 0 : n, never) || !line_.flush(never))
      ::_exit(0);  // the host has gone
    for (Frame frame;;) {
      if (!line_.take(frame, never)) ::_exit(0);
      if (frame.head.kind == Frame::kDone) return frame.head.status;
      if (reply != nullptr && reply->emit != nullptr)
        reply->emit(reply->self, frame.head.index, frame.head.op, frame.parts.data(), frame.parts.size());
    }
  }

 private:
  bool run(const Frame& frame) {
    // The frame's bytes are borrowed from the line, which the plugin's own questions use too.
    std::string kept;
    std::vector<mp_bytes> parts = keep(frame, kept);
    const auto head = frame.head;
    call_ = {};
    call_.size = sizeof(mp_call);
    call_.self = &call_;
    call_.stopped = [](const mp_call* raw) -> std::int32_t {
      auto& call = *const_cast<ChildCall*>(static_cast<const ChildCall*>(raw));
      return current == nullptr || current != call.lane || current->stopped(call) ? 1 : 0;
    };
    call_.left_ms = [](const mp_call* raw) -> std::int64_t {
      const auto left = static_cast<const ChildCall*>(raw)->deadline_ns - SteadyClock::now().time_since_epoch().count();
      return left / 1'000'000;
    };
    call_.attempt = head.attempt;
    call_.lane = this;
    call_.deadline_ns = head.deadline_ns;
    call_.asked = SteadyClock::now();
    // The plugin gets the services of this process in the place of the host's.
    static const mp_host services{sizeof(mp_host), &current, serve_host};
    if (head.op == MP_CREATE && parts.size() > 1) parts[1] = {&services, sizeof services};

    mp_reply reply{};
    reply.size = sizeof reply;
    reply.self = this;
    reply.emit = [](void* self, std::uint32_t index, std::uint32_t kind, const mp_bytes* out, std::size_t n) {
      static_cast<Lane*>(self)->emit(index, kind, out, n);
    };
    under_way_ = head.with_call != 0;
    void* self = reinterpret_cast<void*>(static_cast<std::uintptr_t>(head.self));  // ours: it came from CREATE
    const std::int32_t status = [&] {
      const InTurn turn;
      return plugin_.call(self, head.op, under_way_ ? &call_ : nullptr, parts.data(), parts.size(),
                          head.op == MP_DESTROY ? nullptr : &reply);
    }();
    under_way_ = false;
    return line_.put({.kind = Frame::kDone, .status = status}, nullptr, 0, never) && line_.flush(never);
  }

  static std::vector<mp_bytes> keep(const Frame& frame, std::string& kept) {
    std::size_t size = 0;
    for (const auto& part : frame.parts) size += part.size;
    kept.reserve(size);
    std::vector<mp_bytes> parts;
    parts.reserve(frame.parts.size());
    for (const auto& part : frame.parts) {
      parts.push_back({kept.data() + kept.size(), part.size});
      kept.append(static_cast<const char*>(part.data), part.size);
    }
    return parts;
  }

  /// What the host would refuse is refused here, so that it is said of the plugin and not of the line.
  void emit(std::uint32_t index, std::uint32_t kind, const mp_bytes* parts, std::size_t n) {
    constexpr std::uint32_t kNone = 0;  // no kind: the host says that the rules were broken
    bool sound = n == 0 || (parts != nullptr && n <= 8);
    for (std::size_t i = 0; sound && i < n; ++i) sound = parts[i].data != nullptr || parts[i].size == 0;
    if (!sound)
      return static_cast<void>(line_.put({.kind = Frame::kEmit, .op = kNone, .index = index}, nullptr, 0, never));
    if (!line_.put({.kind = Frame::kEmit, .op = kind, .index = index}, parts, n, never)) ::_exit(0);
  }

  static std::int32_t serve_host(void*, std::uint32_t op, const mp_call* call, const mp_bytes* parts, std::size_t n,
                                 const mp_reply* reply) {
    return current == nullptr ? MP_UNSUPPORTED : current->service(op, call, parts, n, reply);
  }

  Line line_;
  int number_;
  const mp_plugin& plugin_;
  ChildCall call_{};
  bool under_way_ = false;
};

// ---- last words ----

void say_last_words(int signal) {
  const LastWords words{current_number, signal};
  [[maybe_unused]] const auto sent = ::send(kControlFd, &words, sizeof words, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void on_fault(int signal) {
  say_last_words(signal);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void watch_faults() {
  struct sigaction action {};
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  for (const int each : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS}) ::sigaction(each, &action, nullptr);
  ::on_exit(
      [](int status, void*) {
        say_last_words(0);
        ::_exit(status);  // without destructors: other threads run
      },
      nullptr);
}

// ---- the control socket ----

void say(const Json& line) {
  const std::string whole = text(line);
  if (::send(kControlFd, whole.data(), whole.size(), MSG_NOSIGNAL) < 0) ::_exit(3);
}

/// The next lane and its number; none when the host has gone.
Descriptor next_lane(int& number) {
  for (;;) {
    iovec data{&number, sizeof number};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    const ssize_t got = ::recvmsg(kControlFd, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    const cmsghdr* header = got == sizeof number ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return Descriptor();
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return Descriptor(fd);
  }
}

std::size_t number(const char* text) {
  std::size_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace

int isolated_child(int argc, char** argv) {
  if (argc != 4 || ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("milepost: --isolated is how the host runs a connection's plugin; write `isolation: process`\n", stderr);
    return 2;
  }
  ::fcntl(kIsolatedLibraryFd, F_SETFD, FD_CLOEXEC);
  ::mallopt(M_ARENA_MAX, 2);  // an arena for each thread would use the bound up by reserving
  auto missing = confine({.memory = number(argv[2]), .files = number(argv[3])});
  watch_faults();
  const auto table = load_table("/proc/self/fd/" + std::to_string(kIsolatedLibraryFd));
  if (!table) {
    say({{"refused", table.error().message}});
    ::_exit(1);
  }
  for (auto& each : confine_reading()) missing.push_back(std::move(each));
  say({{"ready", true}, {"missing", missing}});
  for (;;) {
    int lane = -1;
    Descriptor socket = next_lane(lane);
    if (!socket) ::_exit(0);
    std::thread([socket = std::move(socket), lane, plugin = *table]() mutable {
      Lane(std::move(socket), lane, *plugin).serve();
    }).detach();
  }
}

}  // namespace milepost::plugins
