#include "host/deploy/deployment.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>
#include <tuple>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/side_by_side.hpp"
#include "host/deploy/data_folder.hpp"
#include "host/intake/mapping.hpp"

namespace milepost::deploy {
namespace fs = std::filesystem;

std::vector<std::string> built_in_plugin_folders() {
  std::error_code fault;
  const auto executable = fs::read_symlink("/proc/self/exe", fault);
  const auto bin = executable.parent_path();
  return {(bin / ".." / "plugins").lexically_normal().string(), (bin / ".." / "lib" / "milepost" / "plugins").lexically_normal().string()};
}

bool Deployment::ok() const {
  return std::all_of(faults.begin(), faults.end(), [](const config::Fault& fault) { return fault.warning; });
}

const config::Fault* Deployment::ground_fault() const {
  for (const auto& fault : faults) {
    const bool of_all = fault.at.file == "milepost.yaml" || fault.at.file == "loans.yaml" || fault.code == config::code::kFolder ||
                        (fault.code == config::code::kUnreadable && !fault.at.file.starts_with("pipelines/") && !fault.at.file.starts_with("connections/"));
    if (!fault.warning && of_all) return &fault;
  }
  return nullptr;
}

std::set<std::string> Deployment::pipelines() const {
  std::set<std::string> out;
  for (const auto& program : programs) out.insert(program->pipeline.name);
  return out;
}

std::set<std::string> watched_folders(const Deployment& deployment) {
  std::set<std::string> out;
  if (!deployment.host.watch) return out;
  const fs::path root(deployment.root);
  out.insert(root.string());
  for (const char* part : {"connections", "pipelines", "schemas", "templates"}) out.insert((root / part).string());
  for (const auto& [path, text] : deployment.folder.schemas) out.insert((root / path).parent_path().string());
  const auto& secrets = deployment.host.secrets;
  if (!secrets.file.empty()) out.insert((root / secrets.file).parent_path().string());
  if (!secrets.folder.empty()) out.insert((root / secrets.folder).string());
  return out;
}

namespace {

/// What the expressions of pipelines with other faults would be told of, but for places that have a fault already: it may
/// be the cause.
void add_expression_faults(const std::vector<config::Pipeline>& pipelines, Deployment& out) {
  const auto place = [](const config::Fault& fault) { return std::tuple(fault.at.file, fault.at.line, fault.at.column); };
  std::set<std::tuple<std::string, int, int>> told;
  for (const auto& fault : out.faults) told.insert(place(fault));
  for (const auto& pipeline : pipelines) {
    config::Faults faults;
    intake::Mapping::compile(pipeline, faults);
    engine::Program::compile(pipeline, out.folder.schemas, *out.registry, faults);
    for (auto& fault : faults)
      if (!told.contains(place(fault))) out.faults.push_back(std::move(fault));
  }
}

constexpr std::size_t kMostTextBytes = 1 << 20;  // what config reads of a YAML file
constexpr int kReadings = 5;
constexpr std::chrono::milliseconds kRest{50};

Deployment load_once(const std::string& root, bool cache, const Deployment* before, const std::optional<config::SecretsFrom>& secrets) {
  Deployment out;
  std::error_code ignored;
  out.root = fs::absolute(root, ignored).lexically_normal().string();
  auto host = config::load_host(out.root);
  out.host = std::move(host.host);
  if (secrets) out.host.secrets = *secrets;
  for (auto* path : {&out.host.tls_certificate, &out.host.tls_key})  // beside milepost.yaml, as every path in it
    if (!path->empty()) *path = (fs::path(out.root) / *path).lexically_normal().string();

  auto folders = built_in_plugin_folders();
  for (const auto& folder : out.host.plugins) folders.push_back((fs::path(out.root) / folder).lexically_normal().string());
  out.libraries = stamps_of_libraries(folders);
  const std::string cache_folder = cache ? data_folder(out.root, out.host.store) + "/preflight" : "";
  if (before != nullptr && before->libraries == out.libraries) out.registry = before->registry;
  else out.registry = plugins::Registry::discover(folders, cache_folder, engine::built_in_sources(), engine::built_in_steps());

  auto loaded = config::load_folder(out.root, *out.registry, secrets);
  out.folder = std::move(loaded.folder);
  out.faults = std::move(loaded.faults);
  config::Faults secret_faults;  // load_folder has reported them already
  out.secrets = config::Secrets::load(out.root, out.host.secrets, secret_faults);

  out.loans = loans::Model::compile(out.folder.loans, out.faults);
  if (out.loans == nullptr) out.loans = loans::Model::standard();

  struct Compiled {
    config::Faults faults;
    bool mapped = false;
    std::shared_ptr<const engine::Program> program;
  };
  std::vector<const config::Pipeline*> pipelines;
  for (const auto& [name, pipeline] : out.folder.pipelines) pipelines.push_back(&pipeline);
  std::vector<Compiled> compiled(pipelines.size());
  config::side_by_side(pipelines.size(), [&](std::size_t i) {
    auto& one = compiled[i];
    one.mapped = intake::Mapping::compile(*pipelines[i], one.faults).has_value();
    one.program = engine::Program::compile(*pipelines[i], out.folder.schemas, *out.registry, one.faults);
  });
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    const auto& pipeline = *pipelines[i];
    const auto& name = pipeline.name;
    auto& [faults, mapped, program] = compiled[i];
    bool fits = true;  // loans.yaml
    if (program)
      for (auto* asked : {&engine::mail_faults, &engine::loan_faults})
        for (auto& fault : asked(*program, *out.loans)) {
          fits &= fault.warning;
          faults.push_back(std::move(fault));
        }
    if (program && mapped && fits) out.programs.push_back(std::move(program));
    else out.broken.push_back({name, pipeline.version, pipeline.description, pipeline.owner, {}, {}, false, faults});
    out.faults.insert(out.faults.end(), faults.begin(), faults.end());
  }
  add_expression_faults(loaded.unsound, out);
  // A pipeline that config left out is broken too, under its file's name.
  std::set<std::string> told;
  for (const auto& status : out.broken) told.insert(status.name);
  for (const auto& fault : out.faults) {
    const fs::path file(fault.at.file);
    if (fault.warning || file.parent_path() != "pipelines") continue;
    const bool runs = std::any_of(out.folder.pipelines.begin(), out.folder.pipelines.end(),
                                  [&](const auto& entry) { return entry.second.at.file == fault.at.file; });
    if (runs || !told.insert(file.stem().string()).second) continue;
    engine::PipelineStatus status;
    status.name = file.stem().string();
    for (const auto& other : out.faults)
      if (other.at.file == fault.at.file) status.faults.push_back(other);
    out.broken.push_back(std::move(status));
  }
  std::stable_sort(out.faults.begin(), out.faults.end(), [](const config::Fault& a, const config::Fault& b) {
    return std::tie(a.at.file, a.at.line, a.at.column) < std::tie(b.at.file, b.at.line, b.at.column);
  });
  for (const auto& [name, pipeline] : out.folder.pipelines)
    if (auto text = config::read_file(fs::path(out.root) / pipeline.at.file, kMostTextBytes)) out.texts[pipeline.at.file] = std::move(*text);
  return out;
}

}  // namespace

Deployment load(const std::string& root, bool cache, const Deployment* before, const std::optional<config::SecretsFrom>& secrets) {
  config::Folder folder;  // as far as it is known before it is read
  std::error_code ignored;
  folder.root = fs::absolute(root, ignored).lexically_normal().string();
  folder.host = config::load_host(folder.root).host;
  if (secrets) folder.host.secrets = *secrets;
  if (before != nullptr) folder.schemas = before->folder.schemas;
  std::string path;  // of a file that moves
  for (int reading = 0; reading < kReadings; ++reading) {
    if (reading > 0) std::this_thread::sleep_for(kRest);
    const auto stamps = stamps_of(folder);
    if (path = hot(stamps, std::chrono::system_clock::now()); !path.empty()) continue;
    auto out = load_once(root, cache, before, secrets);
    folder.host = out.host;  // it may name other files than it did
    folder.schemas = out.folder.schemas;
    for (const auto& fault : out.faults)  // a schema that is half written, too: it is none yet
      if (!fault.at.file.empty()) folder.schemas.try_emplace(fault.at.file);
    if (path = moved(stamps, stamps_of(folder)); path.empty()) return out;
  }
  auto out = load_once(root, cache, before, secrets);
  const auto file = fs::path(path).lexically_relative(folder.root).string();
  out.faults.insert(out.faults.begin(), {std::string(config::code::kUnreadable), {file, 0, 0}, "", "the file is being changed while it is read", "let it keep still", false});
  return out;
}

}  // namespace milepost::deploy
