#include <fcntl.h>

#include <algorithm>
#include <array>

#include "host/conformance/checks.hpp"
#include "host/conformance/usage.hpp"
#include "host/plugins/elf.hpp"
#include "host/plugins/image.hpp"

namespace milepost::conformance {
namespace {

constexpr std::array<std::string_view, 6> kRuntime{
    "libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};
constexpr std::array<std::string_view, 4> kVersions{"GLIBC_", "GLIBCXX_", "CXXABI_", "GCC_"};

/// What the host does for a plugin, or forbids it: by the runtime's own names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kForbidden{{
    {"socket", "the network is the host's: use http()"},
    {"connect", "the network is the host's: use http()"},
    {"getaddrinfo", "the network is the host's: use http()"},
    {"gethostbyname", "the network is the host's: use http()"},
    {"pthread_create", "plugins start no threads: the host makes more instances"},
    {"_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
     "plugins start no threads: the host makes more instances"},
    {"fork", "plugins start no processes"},
    {"vfork", "plugins start no processes"},
    {"execve", "plugins start no processes"},
    {"execvp", "plugins start no processes"},
    {"posix_spawn", "plugins start no processes"},
    {"system", "plugins start no processes"},
    {"popen", "plugins start no processes"},
    {"exit", "a plugin must not end the host: return an error"},
    {"_exit", "a plugin must not end the host: return an error"},
    {"quick_exit", "a plugin must not end the host: return an error"},
    {"signal", "signals are the host's"},
    {"sigaction", "signals are the host's"},
    {"sleep", "a plugin does not wait: return an error, the host repeats"},
    {"usleep", "a plugin does not wait: return an error, the host repeats"},
    {"nanosleep", "a plugin does not wait: return an error, the host repeats"},
    {"clock_nanosleep", "a plugin does not wait: return an error, the host repeats"},
}};

std::string imports_fault(const plugins::Imports& imports) {
  for (const auto& library : imports.libraries)
    if (std::find(kRuntime.begin(), kRuntime.end(), library) == kRuntime.end())
      return "needs " + library + ", which may not be where it runs: link it statically, or do without";
  for (const auto& symbol : imports.symbols) {
    if (symbol.weak) continue;
    const bool known = std::any_of(kVersions.begin(), kVersions.end(),
                                   [&](auto version) { return symbol.version.starts_with(version); });
    if (!known)
      return "needs " + symbol.name + ", which is neither the C nor the C++ runtime's: define it in the plugin";
    for (const auto& [name, why] : kForbidden)
      if (symbol.name == name)
        return "calls " + std::string(name == kForbidden[5].first ? "std::thread" : name) + ": " + std::string(why);
  }
  return "";
}

}  // namespace

std::vector<Row> library_rows(const std::string& path, const Options& options) {
  const plugins::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const plugins::Mapped mapped(file.get());
  const auto name = path.substr(path.rfind('/') + 1) + " ";
  const auto fault = plugins::check_elf(mapped.view(), "999");
  std::vector<Row> rows{{"one exported symbol", fault.empty(), fault.empty() ? "" : name + fault, {}}};
  if (!fault.empty()) return rows;
  const auto imports = plugins::read_imports(mapped.view());
  const auto foreign = kSanitized ? std::string() : imports_fault(imports);
  rows.push_back(
      {"imports",
       foreign.empty(),
       foreign.empty() ? std::to_string(imports.symbols.size()) + " of the C and C++ runtime" : name + foreign,
       {}});
  const auto old = plugins::check_elf(mapped.view(), options.glibc);
  rows.push_back({"glibc floor",
                  old.empty(),
                  old.empty()
                      ? "runs on " + options.glibc + ", needs " + (imports.glibc.empty() ? "none" : imports.glibc)
                      : name + "needs glibc " + imports.glibc + ", the floor is " + options.glibc +
                            ": build it on the oldest system that it is to run on",
                  {}});
  return rows;
}

}  // namespace milepost::conformance
