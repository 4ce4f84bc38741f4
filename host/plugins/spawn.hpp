// Starts a program that inherits nothing but what it is given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "host/plugins/image.hpp"

namespace milepost::plugins {

/// Starts `executable` with `arguments` (argv[1] and on) by posix_spawn: /dev/null as its descriptor 0, `descriptors`
/// as 1, 2, 3 …, each of them above kSpawnReserved here; every other is closed. Its own process group, no signal
/// blocked or ignored. 0, or an errno. [any]
int spawn(pid_t& child, const std::string& executable, const std::vector<std::string>& arguments,
          const std::vector<int>& descriptors, char* const* environment);

/// The numbers that a child's descriptors may take: those of ours that it inherits lie above.
inline constexpr int kSpawnReserved = 16;

/// `fd` again, above kSpawnReserved and close-on-exec.
Descriptor above_reserved(int fd);

/// "SIGSEGV"; a number where the system has no name.
std::string signal_name(int signal);

/// What a child printed, quoted, in one line that fits a report.
std::string shown(std::string_view printed);

}  // namespace milepost::plugins
