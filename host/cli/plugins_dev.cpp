// The loop of a plugin's author: build, play the sample in a child, show what came of it; again at each change.
#include <fmt/core.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "host/cli/command.hpp"
#include "host/cli/scaffold.hpp"
#include "host/cli/tool.hpp"
#include "host/conformance/rehearsal.hpp"
#include "host/plugins/image.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;

/// The first project() of its CMakeLists.txt: the plugin's name too.
Result<std::string> project_of(const fs::path& folder) {
  std::ifstream file(folder / "CMakeLists.txt");
  if (!file)
    return fail(
        ErrorKind::permanent,
        folder.string() + " holds no CMakeLists.txt: name a plugin's folder, or make one by `milepost plugins new`");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("project(")) continue;
    const auto end = line.find_first_of(" )", 8);
    if (end != line.npos) return line.substr(8, end - 8);
  }
  return fail(ErrorKind::permanent,
              (folder / "CMakeLists.txt").string() + " has no line that begins with project(NAME");
}

class Loop {
 public:
  Loop(fs::path folder, std::string name)
      : folder_(std::move(folder)), build_(folder_ / "build"), name_(std::move(name)) {}

  bool turn() {
    const bool passed = build() && play();
    fmt::print("{}\n", passed ? "ok" : "not yet");
    std::fflush(stdout);
    return passed;
  }

 private:
  bool build() {
    if (!fs::exists(build_ / "CMakeCache.txt")) {
      fmt::print("building {} and its double; the first time takes about a minute\n", name_);
      std::fflush(stdout);
      std::vector<std::string> words{
          "cmake", "-S", folder_.string(), "-B", build_.string(), "-DCMAKE_BUILD_TYPE=Debug"};
      if (const auto prefix = find_sdk().prefix; !prefix.empty())
        words.push_back("-DCMAKE_PREFIX_PATH=" + prefix.string());
      if (run_tool({"ninja", "--version"}).ok()) words.insert(words.end(), {"-G", "Ninja"});
      if (!made(run_tool(words), "cannot be configured")) {
        std::error_code ignored;
        fs::remove(build_ / "CMakeCache.txt", ignored);  // the next turn begins anew
        return false;
      }
    }
    return made(run_tool({"cmake", "--build", build_.string(), "--target", name_, name_ + "-sandbox"}),
                "does not build");
  }
  bool made(const ToolResult& result, const char* otherwise) const {
    if (!result.ok()) fmt::print("{}\n{} {}\n", result.output, name_, otherwise);
    return result.ok();
  }
  bool play() const {
    const auto played = conformance::rehearse((build_ / "plugins" / (name_ + ".so")).string());
    fmt::print("{}", played.shown);
    return played.passed;
  }

  fs::path folder_, build_;
  std::string name_;
};

/// A folder's files, and those of its folders, but what is built and what is hidden.
class Watch {
 public:
  explicit Watch(const fs::path& folder) : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    add(folder);
    for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
      if (!at->is_directory()) continue;
      const auto name = at->path().filename().string();
      if (name.starts_with('.') || name == "build" || name == "data")
        at.disable_recursion_pending();
      else
        add(at->path());
    }
  }
  bool works() const { return works_; }
  /// Until something has changed, and then nothing for a moment.
  void wait() {
    pollfd watched{fd_.get(), POLLIN, 0};
    bool changed = false;
    for (;;) {
      const int ready = ::poll(&watched, 1, changed ? 150 : -1);
      if (ready < 0 && errno != EINTR) return;
      if (ready == 0 && changed) return;
      if (ready > 0) changed = taken() || changed;
    }
  }

 private:
  void add(const fs::path& folder) {
    works_ = works_ && ::inotify_add_watch(fd_.get(), folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) >= 0;
  }
  /// Whether one of the changes is an author's: editors write files of their own.
  bool taken() {
    bool any = false;
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (ssize_t got; (got = ::read(fd_.get(), buffer.data(), buffer.size())) > 0;)
      for (const char* at = buffer.data(); at < buffer.data() + got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        const std::string name = event->len > 0 ? event->name : "";
        const bool passing = name.empty() || name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp") ||
                             name == "4913" || name == "build";
        any = any || !passing;
        at += sizeof *event + event->len;
      }
    return any;
  }

  plugins::Descriptor fd_;
  bool works_ = true;
};

}  // namespace

int plugins_dev(const Arguments& arguments) {
  if (arguments.positional.size() > 1) return wrong_use("name one plugin's folder: milepost plugins dev FOLDER");
  const auto folder = fs::absolute(arguments.positional.empty() ? "." : arguments.positional[0]).lexically_normal();
  const auto name = project_of(folder);
  if (!name) return failed(name.error());
  Loop loop(folder, *name);
  if (arguments.has("once")) return loop.turn() ? kDone : kFaults;
  Watch watch(folder);  // before the first turn: what is saved meanwhile counts
  if (!watch.works())
    return failed({ErrorKind::permanent,
                   folder.string() + " cannot be watched: raise fs.inotify.max_user_watches, or use --once"});
  for (;;) {
    loop.turn();
    fmt::print("\nwatching {}; Ctrl-C ends it\n", *name);
    std::fflush(stdout);
    watch.wait();
    fmt::print("\n");
  }
}

}  // namespace milepost::cli
