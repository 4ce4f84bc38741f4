#include "host/deploy/deployment.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

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

Deployment load(const std::string& root, bool cache) {
  Deployment out;
  std::error_code ignored;
  out.root = fs::absolute(root, ignored).lexically_normal().string();
  auto host = config::load_host(out.root);
  out.host = std::move(host.host);

  auto folders = built_in_plugin_folders();
  for (const auto& folder : out.host.plugins) folders.push_back((fs::path(out.root) / folder).lexically_normal().string());
  const std::string cache_folder = cache ? data_folder(out.root, out.host.store) + "/preflight" : "";
  out.registry = plugins::Registry::discover(folders, cache_folder, engine::built_in_sources(), engine::built_in_steps());

  auto loaded = config::load_folder(out.root, *out.registry);
  out.folder = std::move(loaded.folder);
  out.faults = std::move(loaded.faults);
  config::Faults secret_faults;  // load_folder has reported them already
  out.secrets = config::Secrets::load(out.root, out.host.secrets, secret_faults);

  for (const auto& [name, pipeline] : out.folder.pipelines) {
    config::Faults faults;
    const bool mapped = intake::Mapping::compile(pipeline, faults).has_value();
    if (auto program = engine::Program::compile(pipeline, out.folder.schemas, *out.registry, faults); program && mapped) out.programs.push_back(std::move(program));
    else out.broken.push_back({name, pipeline.version, pipeline.description, pipeline.owner, {}, {}, false, faults});
    out.faults.insert(out.faults.end(), faults.begin(), faults.end());
  }
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
  return out;
}

}  // namespace milepost::deploy
