#include "host/deploy/stamps.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace milepost::deploy {
namespace {

void add(const std::filesystem::path& named, Stamps& out) {
  const auto path = named.lexically_normal();  // one file, one entry
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || S_ISDIR(about.st_mode)) return;
  const auto nanoseconds = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  out[path.string()] = {about.st_ino, static_cast<std::uint64_t>(about.st_size), nanoseconds(about.st_mtim), nanoseconds(about.st_ctim)};
}

/// What lies in a folder and ends so; nothing where it cannot be listed.
void add_all(const std::filesystem::path& folder, const std::string& end, Stamps& out) {
  std::error_code fault;
  std::filesystem::directory_iterator at(folder, fault);
  for (const std::filesystem::directory_iterator last; !fault && at != last; at.increment(fault)) {
    const auto name = at->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(end)) add(at->path(), out);
  }
}

}  // namespace

Stamps stamps_of(const config::Folder& folder) {
  const std::filesystem::path root(folder.root);
  Stamps out;
  add_all(root, ".yaml", out);
  for (const char* part : {"connections", "pipelines", "templates"}) add_all(root / part, ".yaml", out);
  add_all(root / "schemas", ".json", out);
  for (const auto& [path, text] : folder.schemas) add(root / path, out);
  const auto& secrets = folder.host.secrets;
  if (!secrets.file.empty()) add(root / secrets.file, out);
  if (!secrets.folder.empty()) add_all(root / secrets.folder, "", out);
  return out;
}

Stamps stamps_of_libraries(const std::vector<std::string>& folders) {
  Stamps out;
  for (const auto& folder : folders) add_all(folder, ".so", out);
  return out;
}

std::string hot(const Stamps& stamps, std::chrono::system_clock::time_point now) {
  // The kernel's time, in its own ticks, of 10 ms at the most.
  using namespace std::chrono;
  for (const auto& [path, stamp] : stamps) {
    const auto age = now.time_since_epoch() - nanoseconds(stamp.changed);
    if (age < 20ms && age > -1s) return path;
  }
  return "";
}

std::string moved(const Stamps& before, const Stamps& after) {
  for (const auto& [path, stamp] : before)
    if (const auto found = after.find(path); found == after.end() || found->second != stamp) return path;
  for (const auto& [path, stamp] : after)
    if (!before.contains(path)) return path;
  return "";
}

}  // namespace milepost::deploy
