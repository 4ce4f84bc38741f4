#include "host/deploy/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "host/telemetry/log.hpp"

namespace milepost::deploy {
namespace {

using Clock = std::chrono::steady_clock;  // how long files keep still is the disk's time and not the host's
using namespace std::chrono_literals;

constexpr auto kStill = 300ms;      // since the last change: an editor, or a checkout, has finished
constexpr auto kLongest = 5s;       // files that never keep still are looked at all the same
constexpr auto kTidy = 200ms;       // while something is left
constexpr auto kLook = 5s;          // whether others changed what runs

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

/// Reads all that is there.
bool drain(int descriptor) {
  std::array<char, 4096> bytes;
  bool any = false;
  while (::read(descriptor, bytes.data(), bytes.size()) > 0) any = true;
  return any;
}

}  // namespace

/// The folders that are watched, and whether something in them changed.
class Watch::Files {
 public:
  Files() : queue_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}
  int descriptor() const { return queue_.number; }

  /// True: one of them was not watched until now. What happened in it before, nobody tells.
  bool watch(const std::set<std::string>& folders) {
    bool fresh = false;
    for (const auto& folder : folders) {
      // A folder that was replaced has another number: the kernel tells which are the same.
      const int number = ::inotify_add_watch(queue_.number, folder.c_str(), IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR);
      if (number >= 0) fresh |= watched_.insert_or_assign(number, folder).second;
    }
    std::erase_if(watched_, [&](const auto& one) {
      if (folders.contains(one.second)) return false;
      ::inotify_rm_watch(queue_.number, one.first);
      return true;
    });
    return fresh;
  }

  bool changed() {
    alignas(inotify_event) std::array<char, 16384> bytes;
    bool any = false;
    for (ssize_t got; (got = ::read(queue_.number, bytes.data(), bytes.size())) > 0;) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        const std::string name = event->len > 0 ? event->name : "";
        // What editors keep beside a file, and what nobody reads. Kubernetes swaps "..data".
        const bool noise = name.ends_with('~') || (name.starts_with('.') && !name.starts_with(".."));
        any = any || !noise;
      }
    }
    return any;
  }

 private:
  Descriptor queue_;
  std::map<int, std::string> watched_;
};

Watch::Watch(Ask ask) : ask_(std::move(ask)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Watch::~Watch() {
  stop();
  ::close(wake_);
}

void Watch::start() {
  thread_ = std::thread([this] { run(); });
}

void Watch::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
  thread_.join();
}

void Watch::run() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  const Descriptor signals(::signalfd(-1, &hangup, SFD_CLOEXEC | SFD_NONBLOCK));
  Files files;
  Clock::time_point first = Clock::now(), last = first;
  bool changing = files.watch(ask_.folders());  // changes wait for the files to keep still
  bool tidy = true;
  for (;;) {
    std::array<pollfd, 3> looked{{{wake_, POLLIN, 0}, {signals.number, POLLIN, 0}, {files.descriptor(), POLLIN, 0}}};
    std::chrono::milliseconds wait = tidy ? std::chrono::milliseconds(kLook) : kTidy;
    if (changing) wait = std::max<std::chrono::milliseconds>(1ms, std::chrono::duration_cast<std::chrono::milliseconds>(std::min(last + kStill, first + kLongest) - Clock::now()));
    ::poll(looked.data(), looked.size(), static_cast<int>(wait.count()));
    if (looked[0].revents != 0) return;
    tidy = ask_.tidy();
    const bool fresh = files.watch(ask_.folders());
    const bool signal = looked[1].revents != 0 && drain(signals.number);
    const bool told = looked[2].revents != 0 && files.changed();
    if (fresh || told) {
      const auto now = Clock::now();
      if (!changing) first = now;
      changing = true;
      last = now;
    }
    const bool still = changing && (Clock::now() >= last + kStill || Clock::now() >= first + kLongest);
    if (!signal && !still) continue;
    changing = false;
    ask_.reload(signal);
    tidy = ask_.tidy();
  }
}

}  // namespace milepost::deploy
