#include "host/conformance/conformance.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "host/conformance/checks.hpp"
#include "host/plugins/child.hpp"
#include "host/plugins/image.hpp"

namespace milepost::conformance {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

/// Copies of the libraries, the reports of their pre-flight, and where a check's process lives; gone afterwards.
struct Workshop {
  Workshop() {
    std::string name = (fs::temp_directory_path() / "milepost-conformance-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + name);
    root = name;
    for (const char* folder : {"plugins", "home"}) fs::create_directory(root / folder);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  fs::path root;
};

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 400));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return out;
}

/// Everything that is written in the home of a check's process is the plugin's doing.
std::vector<std::string> files_in(const fs::path& home) {
  std::vector<std::string> found;
  std::error_code fault;
  for (const auto& entry : fs::recursive_directory_iterator(home, fault))
    found.push_back(entry.path().lexically_relative(home).string());
  return found;
}

Row judge(const Check& check, std::chrono::seconds patience, const Result<plugins::ChildResult>& child) {
  Row row{check.name, false, "", {}};
  const auto because = [&](const std::string& what) {
    row.detail = what + (child->err.empty() ? "" : "; it wrote: " + one_line(child->err));
    return row;
  };
  if (!child) {
    row.detail = "cannot be run: " + child.error().message;
    return row;
  }
  if (child->timed_out)
    return because("did not return within " + std::to_string(patience.count()) + " s and was killed");
  if (child->signal != 0) return because("crashed: " + signal_name(child->signal));
  const auto told = read_json(child->report);
  const auto passed = told ? get<bool>(*told, "/passed") : Result<bool>(fail(ErrorKind::internal, ""));
  if (!passed)
    return because("ended the process (exit status " + std::to_string(child->exit_status) +
                   "): a plugin must not exit");
  row.passed = *passed;
  row.detail = get<std::string>(*told, "/detail").value_or("");
  if (row.passed && !child->out.empty()) {
    row.passed = false;
    row.detail = "prints to stdout: " + one_line(child->out) + ": stdout is the host's, use log()";
  }
  return row;
}

class Session {
 public:
  Session(const Options& options, Report& report) : options_(options), report_(report) {}

  void run() {
    const fs::path library = fs::absolute(options_.library);
    const std::string name = library.stem().string();
    const fs::path folder = library.parent_path();
    const fs::path sample =
        options_.sample.empty() ? folder / (name + ".conformance.json") : fs::absolute(options_.sample);
    const fs::path twin = options_.sandbox.empty() ? folder / (name + "-sandbox.so") : fs::absolute(options_.sandbox);
    report_.plugin = name;
    std::error_code fault;
    if (!fs::is_regular_file(library, fault))
      return add({"library", false, library.string() + " is not there: build the plugin first", {}});
    for (auto& row : library_rows(library.string(), options_)) add(std::move(row));

    fs::copy_file(library, workshop_.root / "plugins" / (name + ".so"));
    if (fs::is_regular_file(twin, fault)) fs::copy_file(twin, workshop_.root / "plugins" / (name + "-sandbox.so"));
    job_ = {"",
            name,
            (workshop_.root / "plugins").string(),
            (workshop_.root / "cache").string(),
            sample.string(),
            options_.deliveries};
    const auto registry = plugins::Registry::discover({job_.folder}, job_.cache, {}, {});
    const auto installed = registry->installed();
    if (installed.empty()) return add({"loads, and gives its manifest", false, registry->refusal(name), {}});
    const auto& about = installed[0];
    report_.version = about.version, report_.abi = about.abi, report_.sdk = about.sdk, report_.digest = about.digest;
    add({"loads, and gives its manifest",
         true,
         name + " " + about.version + ": ABI " + about.abi + ", SDK " + about.sdk,
         {}});
    if (!registry->refusal(name + "-sandbox").empty())
      return add({"its double", false, registry->refusal(name + "-sandbox"), {}});
    if (registry->sandboxes().empty() && !fs::is_regular_file(sample, fault))
      return add({"its double",
                  false,
                  "there is neither " + twin.string() + " nor " + sample.string() +
                      ": a plugin is proven against a double (docs/conformance.md)",
                  {}});
    about_sample(sample.string(), about.manifest);
    for (const auto& check : checks(about.manifest, options_.deliveries)) {
      if (check.name != kStands && check.name.find(options_.only) == check.name.npos) continue;
      add(run(check));
      if (check.name == kStands && !report_.rows.back().passed) return;
    }
    const auto files = files_in(workshop_.root / "home");
    add({"no file written",
         files.empty(),
         files.empty() ? "" : "it wrote " + files[0] + ": what it keeps goes to state()",
         {}});
  }

 private:
  void add(Row row) { report_.rows.push_back(std::move(row)); }

  /// Borrowers' data must be there to be looked for.
  void about_sample(const std::string& path, const Json& manifest) {
    const auto sample = Sample::read(path);
    if (!sample) return add({"its sample", false, sample.error().message, {}});
    std::string without;
    for (const auto& action : manifest.value("actions", Json::array())) {
      const auto name = get<std::string>(action, "/name").value_or("");
      std::string all = text(sample->at("actions/" + name));
      std::transform(all.begin(), all.end(), all.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (all.find(kCanary) == all.npos) without += (without.empty() ? "" : ", ") + name;
    }
    add({"its sample",
         without.empty(),
         without.empty() ? "" : "no \"canary\" in place of borrowers' data for " + without + " (docs/conformance.md)",
         {}});
  }

  Row run(const Check& check) {
    const auto begin = Steady::now();
    job_.check = check.name;
    const auto patience = std::min(check.patience, options_.at_most);
    const plugins::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto home = (workshop_.root / "home").string();
    // By way of env(1): the child must live where what it writes is seen.
    const auto child = plugins::run_child(
        "/usr/bin/env", {"-C", home, "HOME=" + home, "TMPDIR=" + home, self(), "--conformance", text(job_.json())},
        nothing.get(), patience);
    Row row = judge(check, patience, child);
    row.took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
    return row;
  }
  std::string self() const {
    std::error_code fault;
    return options_.executable == "/proc/self/exe" ? fs::read_symlink("/proc/self/exe", fault).string()
                                                   : options_.executable;
  }

  const Options& options_;
  Report& report_;
  Workshop workshop_;
  Job job_;
};

}  // namespace

bool Report::passed() const {
  return std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.passed; });
}

Json Report::json() const {
  Json all = Json::array();
  for (const auto& row : rows)
    all.push_back({{"check", row.check}, {"passed", row.passed}, {"detail", row.detail}, {"ms", row.took.count()}});
  return {{"plugin", plugin}, {"version", version}, {"abi", abi},   {"sdk", sdk},
          {"sha256", digest}, {"passed", passed()}, {"checks", all}};
}

Report conform(const Options& options) {
  Report report;
  try {
    Session(options, report).run();
  } catch (const std::exception& thrown) {
    report.rows.push_back({"the run itself", false, thrown.what(), {}});
  }
  return report;
}

}  // namespace milepost::conformance
