#include "host/plugins/confine.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "host/plugins/image.hpp"

namespace milepost::plugins {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "seccomp's name of this architecture is needed here"
#endif

// ---- seccomp ----

/// What is refused. No list of what is allowed: the C library's needs change with its versions.
constexpr std::uint32_t kRefused[] = {
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,         // network
    SYS_io_uring_setup,  // a way around
    SYS_execve,
    SYS_execveat,
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
    SYS_pivot_root,
    SYS_mount,  // other programs and places
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_getfd,  // other processes
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
    SYS_bpf,  //
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_setrlimit,  //
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
};
/// Their arguments cannot be looked at; who is told that they are unknown uses their forerunners.
constexpr std::uint32_t kUnknown[] = {SYS_clone3};

class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    number();
#ifdef __x86_64__
    constexpr std::uint32_t kX32 = 0x40000000;  // the same calls under other numbers
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1));
    answer(ENOSYS);
#endif
  }
  void refuse(std::uint32_t call, std::uint32_t error) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    answer(error);
  }
  /// Refused unless the argument has `bits` set.
  void refuse_without(std::uint32_t call, unsigned argument, std::uint32_t bits) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4));
    load(low(argument));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0));
    answer(EPERM);
    number();
  }
  /// Refused unless the argument, all of its 64 bits, is `value`.
  void refuse_unless(std::uint32_t call, unsigned argument, std::uint32_t value) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 6));
    load(low(argument));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 2));
    load(low(argument) + 4);
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
    answer(EPERM);
    number();
  }
  bool install() {
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  static std::uint32_t low(unsigned argument) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                      argument * sizeof(std::uint64_t));  // little endian
  }
  void load(std::size_t at) { code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(at))); }
  void number() { load(offsetof(seccomp_data, nr)); }
  void answer(std::uint32_t error) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error)); }
  std::vector<sock_filter> code_;
};

bool filter_calls() {
  Filter filter;
  for (const auto call : kRefused) filter.refuse(call, EPERM);
  for (const auto call : kUnknown) filter.refuse(call, ENOSYS);
  filter.refuse_without(SYS_clone, 0, CLONE_THREAD);                            // a thread, no process
  filter.refuse_unless(SYS_tgkill, 0, static_cast<std::uint32_t>(::getpid()));  // abort() signals itself
  filter.refuse_unless(SYS_prlimit64, 2, 0);                                    // to look, not to set
  return filter.install();
}

// ---- Landlock ----

constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
/// What the first kernel with Landlock knew of.
constexpr std::uint64_t kChanging = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/// Of `handled`, only `allowed` stays possible, and that beneath `folders` alone.
bool landlock(std::uint64_t handled, std::uint64_t allowed, std::initializer_list<const char*> folders) {
  const landlock_ruleset_attr about{.handled_access_fs = handled};
  const Descriptor rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &about, sizeof about, 0)));
  if (!rules) return false;
  for (const char* folder : folders) {
    const Descriptor beneath(::open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY));
    if (!beneath) continue;  // not on this system
    const landlock_path_beneath_attr rule{.allowed_access = allowed, .parent_fd = beneath.get()};
    if (::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return false;
  }
  return ::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0;
}

// ---- bounds ----

/// What this process takes of its address space now.
std::size_t taken() {
  std::size_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void bound(int what, std::size_t most) {
  const rlimit limit{most, most};
  ::setrlimit(static_cast<__rlimit_resource>(what), &limit);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowed = true;  // a sanitizer's shadow takes terabytes
#else
constexpr bool kShadowed = false;
#endif

}  // namespace

std::vector<std::string> confine(const Bounds& bounds) {
  bound(RLIMIT_CORE, 0);
  bound(RLIMIT_NOFILE, bounds.files);
  if (!kShadowed) bound(RLIMIT_AS, taken() + bounds.memory);
  std::vector<std::string> missing;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) missing.emplace_back("no_new_privs");
  if (!landlock(kChanging, 0, {})) missing.emplace_back("landlock");
  if (!filter_calls()) missing.emplace_back("seccomp");
  return missing;
}

std::vector<std::string> confine_reading() {
  // Libraries that are loaded late, time zones, certificates, locales.
  if (landlock(kReading, kReading, {"/usr", "/lib", "/lib64", "/etc", "/proc/self"})) return {};
  return {"landlock for reading"};
}

}  // namespace milepost::plugins
