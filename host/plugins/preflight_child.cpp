// The child's side of the pre-flight: everything here may crash or hang, and costs nobody but this process.
#define BOOST_DLL_USE_STD_FS
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "host/plugins/call.hpp"
#include "host/plugins/child.hpp"
#include "host/plugins/elf.hpp"
#include "host/plugins/image.hpp"
#include "host/plugins/library.hpp"
#include "host/plugins/preflight.hpp"

namespace milepost::plugins {

namespace {

void tell(const Json& line) {
  const std::string whole = text(line) + "\n";
  for (std::string_view left = whole; !left.empty();) {
    const ssize_t written = ::write(kReportFd, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(3);  // nobody listens
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

void enter(const char* stage) { tell({{"stage", stage}}); }

Json refusal(const std::string& reason) { return {{"ok", false}, {"reason", reason}}; }

/// A second reader of the file, which throws anything at a damaged one.
std::string check_by_library_info(const std::string& path) {
  const std::string symbol = "milepost_plugin_v" + std::to_string(MP_ABI_MAJOR);
  try {
    boost::dll::library_info info(path, true);
    const auto symbols = info.symbols();
    if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end())
      return "does not show " + symbol + " to Boost.DLL: build it with milepost_add_plugin";
    return "";
  } catch (const std::exception& thrown) {
    return std::string("is damaged: Boost.DLL cannot read it (") + thrown.what() + "): copy it again";
  } catch (...) {
    return "is damaged: Boost.DLL cannot read it: copy it again";
  }
}

Result<Json> ask_manifest(const mp_plugin& plugin) {
  const HostCall call(std::chrono::seconds(5));
  const detail::Bounds bounds{.items = 1, .bytes = 1u << 20};
  const auto outcome = detail::cross(plugin.call, nullptr, MP_MANIFEST, call.call().raw(), {}, bounds);
  const auto broken = [](const std::string& what) {
    return fail(ErrorKind::permanent, "gives no manifest: " + what + " (see docs/manifest.md)");
  };
  if (!outcome.fault.empty()) return broken("it emitted " + outcome.fault);
  if (outcome.status != MP_DONE) return broken("MANIFEST returned " + std::to_string(outcome.status) + ", expected 0");
  if (outcome.items.empty()) return broken("MANIFEST emitted nothing");
  auto manifest = detail::read_head(outcome.items[0].part(0));
  if (!manifest) return broken("it is " + manifest.error().message);
  if (outcome.items[0].kind == MP_ERROR) return broken(detail::to_error(*manifest).message);
  if (outcome.items[0].kind != MP_ITEM) return broken("MANIFEST emitted kind " + std::to_string(outcome.items[0].kind));
  if (auto reason = check_manifest(*manifest); !reason.empty()) return fail(ErrorKind::permanent, std::move(reason));
  return manifest;
}

Json examine(const std::string& path) {
  enter("reading the file");
  {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const Mapped mapped(file.get());
    if (auto reason = check_elf(mapped.view(), ::gnu_get_libc_version()); !reason.empty()) return refusal(reason);
  }
  if (auto reason = check_by_library_info(path); !reason.empty()) return refusal(reason);

  enter("loading");
  const auto table = load_table(path);
  if (!table) return refusal(table.error().message);

  enter("giving its manifest");
  auto manifest = ask_manifest(**table);
  if (!manifest) return refusal(manifest.error().message);
  const char* sdk = (*table)->sdk_version;
  return {{"ok", true},
          {"abi", std::to_string((*table)->abi_major) + "." + std::to_string((*table)->abi_minor)},
          {"sdk", sdk == nullptr ? std::string() : std::string(sdk, ::strnlen(sdk, 32))},
          {"manifest", std::move(*manifest)}};
}

}  // namespace

int preflight_child(const std::string& path) {
  if (::fcntl(kReportFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("milepost: --preflight is how the host looks at a plugin; use `milepost plugins describe`\n", stderr);
    return 2;
  }
  ::fcntl(kLibraryFd, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);

  Json report;
  try {
    report = examine(path);
  } catch (const std::exception& thrown) {
    report = refusal(std::string("threw while loading: ") + thrown.what());
  } catch (...) {
    report = refusal("threw while loading something that is no std::exception");
  }
  std::fflush(nullptr);  // what the plugin left in stdio's buffer counts as printed
  tell(report);
  ::_exit(0);  // without the plugin's destructors: they are not what is asked here
}

}  // namespace milepost::plugins
