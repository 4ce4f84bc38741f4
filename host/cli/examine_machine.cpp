// The machine beneath a deployment: ports, disk, clock, certificate.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "host/deploy/data_folder.hpp"
#include "host/cli/examination.hpp"
#include "host/config/units.hpp"
#include "host/http/tls_server.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using State = Finding::State;

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

/// The first folder on the way up that exists: where the data folder is, or will be made.
std::string nearest_folder(const deploy::Deployment& deployment) {
  std::error_code ignored;
  fs::path path = deploy::data_folder(deployment.root, deployment.host.store);
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path.string();
}

/// A file without a name: nothing is left of it.
int nameless_file(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || errno != EOPNOTSUPP) return file;
  auto name = folder + "/.milepost-doctor-XXXXXX";  // a file system that knows no such files
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

/// 0, or the errno of binding to it as a listener would.
int try_to_bind(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) return EADDRNOTAVAIL;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  const Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return errno;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return errno;
  return ::listen(socket.get(), 1) == 0 ? 0 : errno;
}

void examine_port(const std::string& name, const std::string& address, bool runs, Findings& findings) {
  const std::string what = "port " + name;
  if (address.ends_with(":0")) return findings.push_back({what, State::ok, address + ": any that is free"});
  const int fault = try_to_bind(address);
  if (fault == EADDRINUSE && runs) return findings.push_back({what, State::ok, address + " is held by the running host"});
  if (fault == 0 && runs)
    return findings.push_back({what, State::warning, "the running host does not listen on " + address, "the address was changed: it takes effect when the host starts again"});
  if (fault == 0) return findings.push_back({what, State::ok, address + " is free"});
  if (fault == EADDRINUSE)
    return findings.push_back({what, State::fault, address + " is held by another program",
                               "`ss -ltnp` shows which; stop it, or write another address under listen in milepost.yaml"});
  findings.push_back({what, State::fault, address + " cannot be listened on: " + std::strerror(fault),
                      fault == EACCES ? "take a port above 1023, or give the service CAP_NET_BIND_SERVICE" : "write an address of this machine under listen in milepost.yaml"});
}

std::chrono::microseconds median_sync(int file) {
  std::vector<std::chrono::microseconds> times;
  const std::vector<char> page(4096, 'm');
  for (int i = 0; i < 15; ++i) {
    const auto began = std::chrono::steady_clock::now();
    if (::pwrite(file, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()) || ::fdatasync(file) != 0) return -1us;
    times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began));
  }
  std::ranges::nth_element(times, times.begin() + 7);
  return times[7];
}

std::chrono::nanoseconds reading(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string tls_path(const deploy::Deployment& deployment, const std::string& path) { return (fs::path(deployment.root) / path).lexically_normal().string(); }

/// Days until the first of a file's certificates ends; nullopt: none can be read.
std::optional<int> days_left(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&::BIO_free)> file(::BIO_new_file(path.c_str(), "r"), ::BIO_free);
  if (!file) return std::nullopt;
  std::optional<int> least;
  while (true) {
    const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), ::X509_free);
    if (!certificate) return least;
    int days = 0, seconds = 0;
    if (::ASN1_TIME_diff(&days, &seconds, nullptr, ::X509_get0_notAfter(certificate.get())) != 1) return least;
    if (seconds < 0 && days == 0) days = -1;
    least = std::min(least.value_or(days), days);
  }
}

}  // namespace

void examine_ports(const deploy::Deployment& deployment, bool runs, Findings& findings) {
  examine_port("hooks", deployment.host.listen_hooks, runs, findings);
  examine_port("admin", deployment.host.listen_admin, runs, findings);
}

void examine_disk(const deploy::Deployment& deployment, Findings& findings) {
  const auto folder = nearest_folder(deployment);
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) {
    findings.push_back({"disk", State::fault, folder + " cannot be looked at: " + std::strerror(errno), "name a store on a disk of this machine"});
    return;
  }
  const auto free = static_cast<std::size_t>(room.f_bavail) * room.f_frsize;
  const auto in_gib = [](std::size_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1u << 30)); };
  const auto least = deployment.host.least_free;
  const std::string detail = in_gib(free) + " free in " + folder;
  if (free < least)
    findings.push_back({"disk", State::fault, detail + ", less than limits.free (" + config::size_text(least) + "): deliveries are turned away", "make room, or move the store to a larger disk"});
  else if (free < 2 * least)
    findings.push_back({"disk", State::warning, detail + ", near limits.free (" + config::size_text(least) + ")", "make room before deliveries are turned away"});
  else
    findings.push_back({"disk", State::ok, detail});

  const Descriptor file(nameless_file(folder));
  if (file.get() < 0) {
    findings.push_back({"fsync", State::fault, "no file can be written in " + folder + ": " + std::strerror(errno), "give the user that runs milepost the right to write there"});
    return;
  }
  const auto median = median_sync(file.get());
  const auto shown = fmt::format("{:.1f} ms to make a write durable (median of 15)", static_cast<double>(median.count()) / 1000);
  if (median < 0us)
    findings.push_back({"fsync", State::fault, std::string("a write cannot be made durable: ") + std::strerror(errno), "use a disk that can"});
  else if (median > 20ms)
    findings.push_back({"fsync", State::warning, shown + ": every delivery waits at least that long for its answer", "use a local SSD, not a network disk"});
  else
    findings.push_back({"fsync", State::ok, shown});
}

void examine_clock(const deploy::Deployment& deployment, Findings& findings) {
  const auto offset = [] { return reading(CLOCK_REALTIME) - reading(CLOCK_MONOTONIC_RAW); };
  const auto before = offset();
  const auto now = std::chrono::system_clock::now();
  const auto shown = telemetry::to_text(std::chrono::time_point_cast<telemetry::Time::duration>(now));
  const auto remedy = "set it by NTP: timedatectl set-ntp true";
  struct stat program {};
  if (::stat("/proc/self/exe", &program) == 0 && std::chrono::system_clock::to_time_t(now) + 86'400 < program.st_mtime) {
    findings.push_back({"clock", State::fault, shown + ", which is before this program was installed", remedy});
    return;
  }
  const Descriptor file(nameless_file(nearest_folder(deployment)));
  struct stat written {};
  if (file.get() >= 0 && ::write(file.get(), "m", 1) == 1 && ::fstat(file.get(), &written) == 0)
    if (const auto apart = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) - written.st_mtime; apart > 2 || apart < -2) {
      findings.push_back({"clock", State::warning, fmt::format("{}, and {} s apart from the disk's own", shown, apart), "set both by NTP"});
      return;
    }
  timex state{};
  const bool known = ::adjtimex(&state) >= 0;
  const auto step = offset() - before;
  if (step > 50ms || step < -50ms)
    findings.push_back({"clock", State::warning, shown + ", and it stepped while it was looked at", remedy});
  else if (known && (state.status & STA_UNSYNC) != 0)
    findings.push_back({"clock", State::warning, shown + "; nothing keeps it right", remedy});
  else
    findings.push_back({"clock", State::ok, shown});
}

void examine_certificate(const deploy::Deployment& deployment, Findings& findings) {
  if (deployment.host.tls_certificate.empty()) {
    findings.push_back({"certificate", State::ok, "none: the hooks listener speaks plain HTTP, behind a proxy"});
    return;
  }
  const auto certificate = tls_path(deployment, deployment.host.tls_certificate), key = tls_path(deployment, deployment.host.tls_key);
  if (const auto pair = http::make_server_context(certificate, key); !pair) {
    findings.push_back({"certificate", State::fault, pair.error().message, "name a certificate and its own key under tls in milepost.yaml"});
    return;
  }
  const int days = days_left(certificate).value_or(-1);
  const auto detail = days < 0 ? certificate + " has ended" : fmt::format("{} fits its key, and ends in {} day{}", certificate, days, days == 1 ? "" : "s");
  findings.push_back({"certificate", days < 0 ? State::fault : days < 21 ? State::warning : State::ok, detail, days < 21 ? "renew it, and start the host again" : ""});
}

}  // namespace milepost::cli
