#include "host/plugins/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "host/plugins/call.hpp"
#include "host/plugins/instance.hpp"
#include "host/plugins/scope.hpp"
#include "host/telemetry/crash_mark.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::plugins {

namespace {

/// dlerror's words, less the path in /proc that nobody knows.
std::string load_error(const std::string& path) {
  const char* said = ::dlerror();
  std::string reason = said == nullptr ? "the loader does not say why" : said;
  for (std::size_t at; (at = reason.find(path)) != reason.npos;) {
    const std::size_t end = at + path.size();
    reason.erase(at, path.size() + (reason.compare(end, 2, ": ") == 0 ? 2 : 0));
  }
  return reason;
}

std::string check_table(const mp_plugin& table) {
  const std::string major = std::to_string(MP_ABI_MAJOR);
  if (table.size < sizeof(mp_plugin))
    return "says that its mp_plugin has " + std::to_string(table.size) + " bytes, ABI " + major + " needs " +
           std::to_string(sizeof(mp_plugin)) + ": set its size to sizeof(mp_plugin)";
  if (table.abi_major != MP_ABI_MAJOR)
    return "speaks ABI " + std::to_string(table.abi_major) + " behind a symbol of ABI " + major +
           ": rebuild the plugin with one SDK's headers";
  if (table.call == nullptr) return "has no function in its mp_plugin: set `call`";
  return "";
}

/// ": boom". REQUIRES: called from a catch block.
std::string thrown() {
  try {
    throw;
  } catch (const std::exception& exception) {
    return std::string(": ") + exception.what();
  } catch (...) {
    return " something that is no std::exception";
  }
}

/// Nobody can stop what runs in this process; that it came late must at least be known.
void tell_overdue(const Runner::Crossing& crossing) {
  constexpr std::chrono::milliseconds kOverdue(1000);
  const auto* call = HostCall::from(crossing.call);
  if (call == nullptr || call->left() >= -kOverdue) return;
  telemetry::log(telemetry::Level::warn, "plugin.overdue",
                 {{"plugin", crossing.scope.names().plugin},
                  {"function", std::string(op_name(crossing.op))},
                  {"late_ms", std::to_string(-call->left().count())}});
}

}  // namespace

Result<const mp_plugin*> load_table(const std::string& path) {
  namespace dll = boost::dll;
  std::error_code fault;
  auto library = std::make_unique<dll::shared_library>();
  library->load(path, fault, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  if (fault) return fail(ErrorKind::permanent, "cannot be loaded: " + load_error(path));
  const std::string symbol = "milepost_plugin_v" + std::to_string(MP_ABI_MAJOR);
  const auto* table = static_cast<const mp_plugin*>(::dlsym(library->native(), symbol.c_str()));
  if (table == nullptr) return fail(ErrorKind::permanent, "exports no " + symbol);
  if (auto reason = check_table(*table); !reason.empty()) return fail(ErrorKind::permanent, std::move(reason));
  static auto& kept = *new std::vector<std::unique_ptr<dll::shared_library>>;  // until the process has gone
  kept.push_back(std::move(library));
  return table;
}

Result<Library*> Library::load(Image image) {
  // Never destroyed: its plugins' code is in use until the process has gone.
  static auto& mutex = *new std::mutex;
  static auto& loaded = *new std::map<std::string, std::unique_ptr<Library>>;
  const std::lock_guard held(mutex);
  auto& slot = loaded[image.digest()];
  if (slot != nullptr) return slot.get();
  const auto table = load_table(image.path());
  if (!table) return fail(table.error());
  slot.reset(new Library(std::move(image), *table));
  return slot.get();
}

Result<detail::Outcome> Library::cross(Life, const Crossing& crossing) {
  // The SDK's layer lets nothing through. A plugin without it may.
  try {
    const telemetry::CrashPlace here(crossing.scope.names().plugin.c_str(), op_name(crossing.op).data());
    const HostCall::Inside inside(crossing.call, crossing.scope.names().plugin, crossing.scope.names().connection,
                                  op_name(crossing.op));
    auto outcome = detail::cross(plugin_->call, crossing.self, crossing.op, crossing.call, crossing.parts, kBounds);
    tell_overdue(crossing);
    return outcome;
  } catch (...) {
    detail::Outcome outcome;
    outcome.status = MP_DONE;
    outcome.fault = std::string(kThrew) + thrown();
    return outcome;
  }
}

std::string Library::abi() const {
  return std::to_string(plugin_->abi_major) + "." + std::to_string(plugin_->abi_minor);
}

std::string Library::sdk() const {
  if (plugin_->sdk_version == nullptr) return "";
  return {plugin_->sdk_version, ::strnlen(plugin_->sdk_version, 32)};
}

}  // namespace milepost::plugins
