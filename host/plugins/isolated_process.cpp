#include "host/plugins/isolated_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <thread>

#include "host/plugins/instance.hpp"
#include "host/plugins/isolation.hpp"
#include "host/plugins/spawn.hpp"

namespace milepost::plugins {

namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kToLoad = 10s;
constexpr auto kLook = 50ms;        // how often a call that waits asks whether it is stopped
constexpr auto kGrace = 2s;         // a plugin has 1 s to come back from a call that was stopped
constexpr auto kWithoutCall = 10s;  // for ops that have no deadline
constexpr std::size_t kMostWords = 4096;
constexpr Line::Limits kFromChild{.parts = 8, .bytes = 64u << 20};

/// What a plugin's process may know of the host's environment: no secret is named like these.
std::vector<std::string> environment() {
  std::vector<std::string> out;
  constexpr std::string_view kPassed[] = {
      "PATH=",         "LANG=",          "LC_",           "TZ=",          "TZDIR=", "LD_LIBRARY_PATH=",
      "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS="};
  for (char** each = environ; *each != nullptr; ++each)
    if (std::ranges::any_of(kPassed, [&](auto prefix) { return std::string_view(*each).starts_with(prefix); }))
      out.emplace_back(*each);
  return out;
}

std::unexpected<Error> no_child(const std::string& what) {
  return fail(ErrorKind::retryable, what + ": " + std::generic_category().message(errno));
}

bool pair(int type, Descriptor& ours, Descriptor& theirs) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const Descriptor low_ours(ends[0]), low_theirs(ends[1]);
  ours = above_reserved(ends[0]);
  theirs = above_reserved(ends[1]);
  return ours && theirs;
}

}  // namespace

Result<std::unique_ptr<IsolatedProcess>> IsolatedProcess::start(const Image& image, const Plan& plan) {
  Descriptor control, theirs;
  int ends[2];
  if (!pair(SOCK_SEQPACKET, control, theirs) || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return no_child("no descriptors left for a child process");
  const Descriptor low_read(ends[0]), low_write(ends[1]);
  Descriptor printed = above_reserved(ends[0]);
  const Descriptor printing = above_reserved(ends[1]), library = above_reserved(image.fd());
  if (!printed || !printing || !library) return no_child("no descriptors left for a child process");

  auto variables = environment();
  std::vector<char*> passed;
  for (auto& each : variables) passed.push_back(each.data());
  passed.push_back(nullptr);
  const std::vector<std::string> arguments{"--isolated", std::to_string(plan.bounds.memory),
                                           std::to_string(plan.bounds.files + plan.lanes + 8)};
  pid_t child = -1;
  if (const int fault = spawn(child, plan.executable, arguments,
                              {printing.get(), printing.get(), theirs.get(), library.get()}, passed.data());
      fault != 0) {
    errno = fault;
    return no_child("its child process cannot be started");
  }
  std::unique_ptr<IsolatedProcess> made(new IsolatedProcess(child, std::move(control), std::move(printed), plan));
  theirs.reset();
  if (auto greeted = made->greet(); !greeted) return fail(greeted.error());
  return made;
}

IsolatedProcess::IsolatedProcess(pid_t child, Descriptor control, Descriptor printed, Plan plan)
    : child_(child), control_(std::move(control)), printed_(std::move(printed)), plan_(std::move(plan)) {}

IsolatedProcess::~IsolatedProcess() { end({}, "is not needed any more"); }

/// The child's first words.
Status IsolatedProcess::greet() {
  const auto deadline = SteadyClock::now() + kToLoad;
  pollfd watched{control_.get(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    const int ready = left.count() <= 0 ? 0 : ::poll(&watched, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      end({}, "did not load within 10 s and was killed");
      return fail(ErrorKind::internal, "its child process " + epitaph());
    }
    break;
  }
  std::string said(64u << 10, '\0');
  const ssize_t got = ::recv(control_.get(), said.data(), said.size(), 0);
  said.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto words = read_json(said);
  if (!words || !words->is_object()) {  // gone, or last words
    end({}, "ended while it loaded");
    return fail(ErrorKind::internal, "its child process " + epitaph());
  }
  if (const auto refused = get<std::string>(*words, "/refused")) {
    end({}, *refused);
    return fail(ErrorKind::permanent, *refused);
  }
  if (const Json* missing = find(*words, "/missing"))
    for (const auto& each : *missing)
      if (each.is_string()) missing_.push_back(each.get<std::string>());
  return {};
}

// ---- lanes ----

/// A new socket pair, the other end on its way to the child. REQUIRES: the lock.
std::unique_ptr<IsolatedProcess::Lane> IsolatedProcess::make_lane() {
  Descriptor ours, theirs;
  if (!pair(SOCK_STREAM, ours, theirs)) return nullptr;
  const timeval look{0, std::chrono::microseconds(kLook).count()};
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &look, sizeof look);
  int number = lanes_++;
  iovec data{&number, sizeof number};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = theirs.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(control_.get(), &message, MSG_NOSIGNAL) < 0) return nullptr;
  return std::make_unique<Lane>(number, Line(std::move(ours), kFromChild));
}

/// nullptr: the child has ended, or no descriptor is left.
std::unique_ptr<IsolatedProcess::Lane> IsolatedProcess::borrow() {
  const std::lock_guard held(mutex_);
  if (ended_) return nullptr;
  std::unique_ptr<Lane> lane;
  if (idle_.empty()) {
    lane = make_lane();
    if (lane == nullptr) return nullptr;
  } else {
    lane = std::move(idle_.back());
    idle_.pop_back();
  }
  busy_.insert(lane->number);
  grant_time();
  return lane;
}

void IsolatedProcess::give_back(std::unique_ptr<Lane> lane) {
  const std::lock_guard held(mutex_);
  drain();
  if (ended_) return;
  busy_.erase(lane->number);
  idle_.push_back(std::move(lane));
}

/// From now on it may use as much processor time as one call may. The limit is the kernel's, in whole seconds.
void IsolatedProcess::grant_time() {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(child_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
  const auto each = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(plan_.bounds.cpu).count(), 1);
  if (used.tv_sec + each < granted_s_) return;
  granted_s_ = used.tv_sec + each + 1;
  const rlimit limit{static_cast<rlim_t>(granted_s_), RLIM_INFINITY};
  ::prlimit(child_, RLIMIT_CPU, &limit, nullptr);
}

/// Keeps the last that it printed, so that there is always room for more.
void IsolatedProcess::drain() const {
  std::array<char, kMostWords> buffer;
  for (int rounds = 0; rounds < 16; ++rounds) {
    const ssize_t got = ::read(printed_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    words_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (words_.size() > kMostWords) words_.erase(0, words_.size() - kMostWords);
}

// ---- calls ----

std::expected<detail::Outcome, IsolatedProcess::Lost> IsolatedProcess::cross(const Runner::Crossing& crossing) {
  auto lane = borrow();
  if (lane == nullptr) {
    end({}, "takes no more calls");
    return std::unexpected(Lost{});
  }
  struct Context {
    IsolatedProcess& process;
    Lane& lane;
    const Runner::Crossing& crossing;
    bool done = false;
  } context{*this, *lane, crossing};
  auto outcome = detail::cross(
      [](void* self, std::uint32_t, const mp_call*, const mp_bytes*, std::size_t,
         const mp_reply* reply) -> std::int32_t {
        auto& in = *static_cast<Context*>(self);
        std::int32_t status = MP_DONE;
        mp_reply to = *reply;
        in.done = in.process.converse(in.lane, in.crossing, to, status);
        return status;
      },
      &context, crossing.op, crossing.call, crossing.parts, Runner::kBounds);
  if (context.done) {
    give_back(std::move(lane));
    return outcome;
  }
  end({}, "broke the line to the host");
  const std::lock_guard held(mutex_);
  return std::unexpected(Lost{true, guilty_ == lane->number});
}

bool IsolatedProcess::converse(Lane& lane, const Runner::Crossing& crossing, mp_reply& reply, std::int32_t& status) {
  const auto* call = crossing.call;
  const auto left =
      call != nullptr ? std::chrono::milliseconds(call->left_ms(call)) : std::chrono::milliseconds(kWithoutCall);
  const auto deadline = SteadyClock::now() + left;
  std::optional<SteadyClock::time_point> stopped;
  const Line::Patience over = [&] {
    const auto now = SteadyClock::now();
    if (!stopped && (now >= deadline || (call != nullptr && call->stopped(call) != 0))) stopped = now;
    if (!stopped || now < *stopped + kGrace) return ended();
    end(lane.number, "did not come back from " + std::string(op_name(crossing.op)) +
                         (now >= deadline ? " in its time" : " once it was stopped") + " and was killed");
    return true;
  };
  Frame::Head head{.kind = Frame::kCall,
                   .op = crossing.op,
                   .attempt = call == nullptr ? 0 : call->attempt,
                   .with_call = call == nullptr ? 0U : 1U};
  head.self = reinterpret_cast<std::uintptr_t>(crossing.self);
  head.deadline_ns = deadline.time_since_epoch().count();
  auto parts = crossing.parts;
  if (crossing.op == MP_CREATE && parts.size() > 1) parts[1] = {};  // the child lends services of its own
  if (!lane.line.put(head, parts.data(), parts.size(), over) || !lane.line.flush(over)) return false;
  Frame frame;
  for (std::size_t count = 1; lane.line.take(frame, over); ++count) {
    if (count % 1024 == 0 && over()) return false;  // who talks without end is never silent
    switch (frame.head.kind) {
      case Frame::kEmit:
        reply.emit(reply.self, frame.head.index, frame.head.op, frame.parts.data(), frame.parts.size());
        break;
      case Frame::kDone:
        status = frame.head.status;
        return true;
      case Frame::kStopped: {
        const bool stop = call != nullptr && call->stopped(call) != 0;
        if (!lane.line.put({.kind = Frame::kDone, .status = stop ? 1 : 0}, nullptr, 0, over) || !lane.line.flush(over))
          return false;
        break;
      }
      case Frame::kCall:
        if (!serve(lane, frame, crossing, over)) return false;
        break;
      default:
        return false;
    }
  }
  return false;
}

/// What the plugin asks of the host while it is called.
bool IsolatedProcess::serve(Lane& lane, const Frame& frame, const Runner::Crossing& crossing,
                            const Line::Patience& over) {
  struct Answer {
    Lane& lane;
    const Line::Patience& over;
    bool sent = true;
  } answer{lane, over};
  mp_reply reply{};
  reply.size = sizeof reply;
  reply.self = &answer;
  reply.emit = [](void* self, std::uint32_t index, std::uint32_t kind, const mp_bytes* parts, std::size_t n) {
    auto& to = *static_cast<Answer*>(self);
    to.sent = to.sent && to.lane.line.put({.kind = Frame::kEmit, .op = kind, .index = index}, parts, n, to.over);
  };
  const mp_host* host = crossing.scope.table();
  const auto status = host->call(host->self, frame.head.op, frame.head.with_call != 0 ? crossing.call : nullptr,
                                 frame.parts.data(), frame.parts.size(), &reply);
  return answer.sent && lane.line.put({.kind = Frame::kDone, .status = status}, nullptr, 0, over) &&
         lane.line.flush(over);
}

// ---- the end ----

bool IsolatedProcess::ended() const {
  const std::lock_guard held(mutex_);
  if (ended_) return true;
  siginfo_t gone{};
  return ::waitid(P_PID, static_cast<id_t>(child_), &gone, WEXITED | WNOHANG | WNOWAIT) == 0 && gone.si_pid == child_;
}

void IsolatedProcess::end(std::optional<int> guilty, const std::string& why) {
  const std::lock_guard held(mutex_);
  if (ended_) return;
  ended_ = true;
  lost_ = busy_.size();
  const auto gone = [&](int more) {
    siginfo_t about{};
    return ::waitid(P_PID, static_cast<id_t>(child_), &about, WEXITED | WNOWAIT | more) == 0 && about.si_pid == child_;
  };
  // A line closes a moment before its process has ended.
  for (int tries = 0; !guilty && lost_ > 0 && tries < 20 && !gone(WNOHANG); ++tries) std::this_thread::sleep_for(5ms);
  const bool by_itself = gone(WNOHANG);
  ::kill(-child_, SIGKILL);
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) continue;
  drain();

  LastWords words;
  if (::recv(control_.get(), &words, sizeof words, MSG_DONTWAIT) == sizeof words && busy_.contains(words.lane))
    guilty = guilty.value_or(words.lane);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const bool from_outside = signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
  if (!guilty && by_itself && !from_outside && busy_.size() == 1) guilty = *busy_.begin();
  guilty_ = guilty;
  epitaph_ = !by_itself          ? why
             : signal == SIGXCPU ? "used more than " + std::to_string(plan_.bounds.cpu.count()) +
                                       " ms of processor time in a call and was killed"
             : from_outside ? "was ended from outside: " + signal_name(signal)
             : signal != 0  ? "crashed: " + signal_name(signal)
                            : "ended the process (exit status " + std::to_string(WEXITSTATUS(status)) +
                                 "): a plugin must not exit";
  if (!words_.empty()) epitaph_ += "; it wrote " + shown(words_);
  idle_.clear();
}

std::string IsolatedProcess::epitaph() const {
  const std::lock_guard held(mutex_);
  return epitaph_;
}

bool IsolatedProcess::explained() const {
  const std::lock_guard held(mutex_);
  return guilty_.has_value();
}

std::size_t IsolatedProcess::lost() const {
  const std::lock_guard held(mutex_);
  return lost_;
}

}  // namespace milepost::plugins
