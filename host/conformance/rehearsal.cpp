#include "host/conformance/rehearsal.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "host/conformance/stage.hpp"
#include "host/plugins/child.hpp"
#include "host/plugins/image.hpp"
#include "host/plugins/spawn.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::conformance {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kFailed = 10;  // no status that a plugin would exit with by chance

/// At once, so that it is seen although the next step crashes.
void tell(const std::string& line) {
  const std::string whole = line + "\n";
  for (std::string_view left = whole; !left.empty();) {
    const ssize_t written = ::write(plugins::kReportFd, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(3);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string excerpt(std::string_view body) {
  constexpr std::size_t kMost = 400;
  std::string out(body.substr(0, kMost));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return body.size() > kMost ? out + " …" : out;
}

/// The double, and a word of each exchange with it.
class Told : public Sandbox {
 public:
  explicit Told(std::unique_ptr<Sandbox> twin) : twin_(std::move(twin)) {}
  HttpResponse handle(const HttpRequest& request) override {
    tell("  > " + request.method + " " + request.target + (request.body.empty() ? "" : " " + excerpt(request.body)));
    auto response = twin_->handle(request);
    tell("  < " + std::to_string(response.status) + (response.body.empty() ? "" : " " + excerpt(response.body)));
    return response;
  }
  Json state() const override { return twin_->state(); }
  void reset() override { twin_->reset(); }
  Result<std::vector<HttpRequest>> emit(const Json& event) override { return twin_->emit(event); }

 private:
  std::unique_ptr<Sandbox> twin_;
};

class Play {
 public:
  explicit Play(const Job& job)
      : stage_(job, [](std::unique_ptr<Sandbox> twin) { return std::make_unique<Told>(std::move(twin)); }) {
    stage_.vendor().watch(false);
  }

  bool run() {
    const Json& manifest = stage_.manifest();
    if (find(manifest, "/connection/settings") != nullptr) {
      tell("open the connection");
      account_ = stage_.opened();
    }
    each(manifest, "/actions", [&](const std::string& name, const Json&) { act(name); });
    each(manifest, "/sources", [&](const std::string& name, const Json& source) {
      get<std::string>(source, "/kind").value_or("") == "webhook" ? receive(name) : poll(name);
    });
    return passed_;
  }

 private:
  template <class Take>
  static void each(const Json& manifest, const char* list, Take take) {
    const Json* entries = find(manifest, list);
    for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i)
      take(get<std::string>((*entries)[i], "/name").value_or(""), (*entries)[i]);
  }
  void wrong(const Error& error) {
    passed_ = false;
    tell("  FAILED " + shown(error) +
         (error.retry_after ? ", not before " + std::to_string(error.retry_after->count()) + " ms" : ""));
  }
  void skip(const std::string& what) { tell(what + ": conformance.json has no sample of it"); }

  void act(const std::string& name) {
    const std::string use = stage_.plugin() + "." + name;
    if (!stage_.sample().has_action(name)) return skip(use);
    Parcel parcel;
    make_parcel(parcel, stage_.sample(), name, 1, stage_.now());
    tell(use + " " + excerpt(text(parcel.delivery.with)));
    const plugins::HostCall call(10s);
    const auto results = account_->action(name)->run({&parcel.delivery, 1}, call.call());
    if (!results[0]) return wrong(results[0].error());
    const auto& answer = *results[0];
    tell("  " + std::string(milepost::name(answer.effect)) + " " + excerpt(text(answer.body)) +
         (answer.record ? ", the record " + answer.record->system + ":" + answer.record->type + ":" + answer.record->id
                        : ""));
  }
  Json with(const std::string& name) const {
    const Json given = stage_.sample().at("sources/" + name + "/with");
    return given.is_null() ? Json::object() : given;
  }
  void show(const std::vector<Event>& events) {
    for (const auto& event : events)
      tell("  event " + event.id + ", type " + event.type + ", subject " +
           (event.subject.empty() ? "none" : event.subject) + ": " + excerpt(event.payload.text()));
    if (events.empty()) tell("  no event");
  }
  void receive(const std::string& name) {
    const std::string use = stage_.plugin() + "." + name;
    if (!stage_.sample().has_source(name)) return skip(use);
    HttpRequest delivery;
    if (const Json event = stage_.sample().at("sources/" + name + "/emit", 1); !event.is_null()) {
      auto emitted = stage_.vendor().emit(event);
      if (!emitted) return wrong(emitted.error());
      if (emitted->empty()) return tell(use + ": the double emits nothing for the sample");
      delivery = emitted->front();
    } else {
      delivery = to_request(stage_.sample().at("sources/" + name + "/request", 1));
    }
    tell(use + " is called: " + excerpt(delivery.body));
    auto hook = stage_.registry().webhook(use, with(name), stage_.services());
    if (!hook) return wrong(hook.error());
    const auto events = (*hook)->receive(delivery);
    if (!events) return wrong(events.error());
    show(*events);
  }
  void poll(const std::string& name) {
    const std::string use = stage_.plugin() + "." + name;
    if (!stage_.sample().has_source(name)) return skip(use);
    tell(use + " is asked for its first page");
    const plugins::HostCall call(10s);
    const Json own = stage_.sample().at("sources/" + name + "/connection");
    const auto other = own.is_object() ? stage_.opened(own) : nullptr;
    const auto page = (other ? *other : *account_).polling(name, with(name))->poll("", 10, call.call());
    if (!page) return wrong(page.error());
    show(page->events);
    tell("  the next page begins after \"" + page->next + "\"");
  }

  Stage stage_;
  std::unique_ptr<plugins::Account> account_;
  bool passed_ = true;
};

/// Copies in a folder of their own: what else lies in the build folder is none of ours.
struct RehearsalRoom {
  explicit RehearsalRoom(const fs::path& library) {
    std::string name = (fs::temp_directory_path() / "milepost-rehearsal-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + name);
    root = name;
    const auto twin = library.parent_path() / (library.stem().string() + "-sandbox.so");
    fs::copy_file(library, root / library.filename());
    if (fs::is_regular_file(twin)) fs::copy_file(twin, root / twin.filename());
  }
  ~RehearsalRoom() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  RehearsalRoom(const RehearsalRoom&) = delete;
  RehearsalRoom& operator=(const RehearsalRoom&) = delete;
  fs::path root;
};

}  // namespace

Rehearsal rehearse(const std::string& library, const std::string& executable) {
  Rehearsal out;
  try {
    const fs::path path = fs::absolute(library);
    const auto image = plugins::Image::copy(path.string());
    if (!image) return {path.string() + " " + image.error().message + "\n", false, false};
    const RehearsalRoom workshop(path);
    const Json job{{"plugin", path.stem().string()},
                   {"folder", workshop.root.string()},
                   {"sample", (path.parent_path() / (path.stem().string() + ".conformance.json")).string()}};
    const auto child = plugins::run_child(executable, {"--rehearsal", text(job)}, image->fd(), 30s);
    if (!child) return {child.error().message + "\n", false, false};
    out.shown = child->report + child->out + child->err;
    out.ended = child->exit_status == 0 || child->exit_status == kFailed;
    out.passed = child->exit_status == 0;
    if (child->timed_out)
      out.shown += "  HUNG: it did not come back within 30 s and was killed\n";
    else if (child->signal != 0)
      out.shown += "  CRASHED: " + plugins::signal_name(child->signal) + "\n";
    else if (!out.ended)
      out.shown +=
          "  ENDED the process (exit status " + std::to_string(child->exit_status) + "): a plugin must not exit\n";
  } catch (const std::exception& thrown) {
    out.shown += std::string(thrown.what()) + "\n";
  }
  return out;
}

int rehearsal_child(const std::string& job) {
  if (::fcntl(plugins::kReportFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("milepost: --rehearsal is how `milepost plugins dev` runs a sample\n", stderr);
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);
  telemetry::configure_log("human", telemetry::Level::info);
  bool passed = false;
  try {
    passed = Play(Job::read(read_json(job).value_or(Json()))).run();
  } catch (const Failed& failure) {
    tell("  FAILED " + failure.what);
  } catch (const std::exception& thrown) {
    tell(std::string("  FAILED: ") + thrown.what());
  }
  std::fflush(nullptr);
  ::_exit(passed ? 0 : kFailed);
}

}  // namespace milepost::conformance
