#include "host/plugins/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "milepost/json.hpp"

namespace milepost::plugins {

namespace {

struct Setup {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Setup() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~Setup() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;
};

}  // namespace

int spawn(pid_t& child, const std::string& executable, const std::vector<std::string>& arguments,
          const std::vector<int>& descriptors, char* const* environment) {
  Setup setup;
  ::posix_spawn_file_actions_addopen(&setup.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  int number = STDIN_FILENO;
  for (const int fd : descriptors) ::posix_spawn_file_actions_adddup2(&setup.files, fd, ++number);
  ::posix_spawn_file_actions_addclosefrom_np(&setup.files, number + 1);

  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&setup.attributes, &none);
  ::posix_spawnattr_setsigdefault(&setup.attributes, &all);
  ::posix_spawnattr_setpgroup(&setup.attributes, 0);
  ::posix_spawnattr_setflags(&setup.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<char*> argv{const_cast<char*>(executable.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return ::posix_spawn(&child, executable.c_str(), &setup.files, &setup.attributes, argv.data(), environment);
}

Descriptor above_reserved(int fd) { return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, kSpawnReserved)); }

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

std::string shown(std::string_view printed) {
  constexpr std::size_t kMost = 300;
  std::string line(printed.substr(0, kMost));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  while (line.ends_with(' ')) line.pop_back();
  return text(Json(printed.size() > kMost ? line + " …" : line));
}

}  // namespace milepost::plugins
