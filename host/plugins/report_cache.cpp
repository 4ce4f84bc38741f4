#include "host/plugins/report_cache.hpp"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "host/plugins/image.hpp"
#include "host/telemetry/log.hpp"
#include "milepost/plugin.hpp"

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostReports = 256;
constexpr std::uintmax_t kMostBytes = 32u << 20;

/// Whose findings they are.
std::string finder() {
  return "sdk " MILEPOST_SDK_VERSION ", abi " + std::to_string(MP_ABI_MAJOR) + "." + std::to_string(MP_ABI_MINOR) +
         ", glibc " + ::gnu_get_libc_version();
}

Json read(const std::string& path) {
  std::error_code fault;
  const auto size = std::filesystem::file_size(path, fault);
  if (fault || size > kMostBytes) return nullptr;
  std::ifstream file(path, std::ios::binary);
  const std::string source{std::istreambuf_iterator<char>(file), {}};
  return detail::read_head(source).value_or(Json(nullptr));
}

/// What is missing of it, for the owner alone: at the very first start the data folder itself may be.
void make_folder(const std::filesystem::path& folder) {
  std::filesystem::path at;
  for (const auto& part : folder) {
    at /= part;
    ::mkdir(at.c_str(), 0700);  // whatever is wrong shows when the file is written
  }
}

/// 0 or errno.
int write_whole(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file.get()) == 0 ? 0 : errno;
}

}  // namespace

ReportCache::ReportCache(const std::string& folder) {
  if (folder.empty()) return;
  path_ = folder + "/preflight.json";
  const Json kept = read(path_);
  if (get<std::string>(kept, "/finder").value_or("") != finder()) return;
  const Json* reports = milepost::find(kept, "/reports");
  if (reports == nullptr || !reports->is_object()) return;
  for (const auto& [digest, entry] : reports->items()) {
    Report report;
    report.abi = get<std::string>(entry, "/abi").value_or("");
    report.sdk = get<std::string>(entry, "/sdk").value_or("");
    report.manifest = get<Json>(entry, "/manifest").value_or(Json(nullptr));
    report.ok = !report.abi.empty() && check_manifest(report.manifest).empty();
    if (report.ok) reports_[digest] = std::move(report);
  }
}

std::optional<Report> ReportCache::find(const std::string& digest) const {
  const auto found = reports_.find(digest);
  return found == reports_.end() ? std::nullopt : std::optional(found->second);
}

void ReportCache::keep(const std::string& digest, const Report& report) {
  if (path_.empty() || !report.ok) return;
  if (reports_.size() >= kMostReports) reports_.clear();  // years of upgrades: begin anew
  reports_[digest] = report;
  changed_ = true;
}

void ReportCache::save() {
  if (!changed_) return;
  changed_ = false;
  Json reports = Json::object();
  for (const auto& [digest, report] : reports_)
    reports[digest] = {{"abi", report.abi}, {"sdk", report.sdk}, {"manifest", report.manifest}};
  const std::string source = text(Json{{"finder", finder()}, {"reports", reports}}) + "\n";
  make_folder(std::filesystem::path(path_).parent_path());
  const std::string fresh = path_ + "." + std::to_string(::getpid());
  int error = write_whole(fresh, source);
  if (error == 0 && std::rename(fresh.c_str(), path_.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(fresh.c_str());
  telemetry::log(telemetry::Level::warn, "plugins.cache_not_written",
                 {{"path", path_}, {"error", std::generic_category().message(error)}});
}

}  // namespace milepost::plugins
