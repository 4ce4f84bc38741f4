#include "host/http/listen_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <system_error>

namespace milepost::http {

namespace {

constexpr int kBacklog = 1024;

std::unexpected<Error> refused(const std::string& address, const std::string& why) {
  return fail(ErrorKind::permanent, "cannot listen on " + address + ": " + why);
}

std::string words(int error) {
  switch (error) {
    case EADDRINUSE:
      return "already in use: stop the other process (another milepost?), or change the address under `listen`";
    case EADDRNOTAVAIL:
      return "this machine has no such address";
    case EACCES:
      return "not permitted: a port below 1024 needs CAP_NET_BIND_SERVICE, a unix socket a folder that can be written";
    case ENOENT:
      return "the socket's folder does not exist";
    default:
      return std::generic_category().message(error);
  }
}

Result<Address> parse_tcp(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return refused(text, "write it as host:port");
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != host.npos)
    return refused(text, "put the IPv6 address in brackets: [::1]:8080");
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data() + colon + 1, end, port);
  if (fault != std::errc() || stop != end) return refused(text, "the port must be a number from 0 to 65535");
  if (host.empty() || host == "*") host = "0.0.0.0";
  if (auto literal = literal_address(host, port)) return *literal;

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return refused(text, std::string("cannot find the host: ") + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

bool somebody_answers(const Address& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return true;
  const int result = ::connect(probe, address.raw(), address.size);
  const bool dead = result != 0 && errno == ECONNREFUSED;  // EAGAIN: alive, and busy
  ::close(probe);
  return !dead;
}

/// Makes room for a socket's file, but never at the cost of a living server or of somebody's data.
Status clear_stale(const std::string& address, const Address& local, const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return refused(address, "a file of another kind is in its place");
  if (somebody_answers(local)) return refused(address, words(EADDRINUSE));
  if (::unlink(path.c_str()) != 0) return refused(address, "cannot remove the stale socket: " + words(errno));
  return {};
}

}  // namespace

ListenSocket::ListenSocket(int descriptor, Address bound, std::string path)
    : descriptor_(descriptor), bound_(bound), path_(std::move(path)) {}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), bound_(other.bound_), path_(std::exchange(other.path_, {})) {}

ListenSocket::~ListenSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<ListenSocket> ListenSocket::open(const std::string& address) {
  constexpr std::string_view kUnix = "unix:";
  const bool local = address.starts_with(kUnix);
  const std::string path = local ? address.substr(kUnix.size()) : std::string();
  Address wanted;
  if (local) {
    const auto parsed = unix_address(path);
    if (!parsed) return refused(address, "the path of a unix socket has 1 to 107 bytes");
    wanted = *parsed;
    if (auto cleared = clear_stale(address, wanted, path); !cleared) return fail(cleared.error());
  } else {
    const auto parsed = parse_tcp(address);
    if (!parsed) return fail(parsed.error());
    wanted = *parsed;
  }

  const int descriptor = ::socket(wanted.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return refused(address, words(errno));
  ListenSocket made(descriptor, wanted, {});
  const int on = 1;
  // Linux takes the mode of a unix socket's file from the descriptor, so that it is never open to others, not even at
  // first.
  if (local)
    ::fchmod(descriptor, 0600);
  else
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (wanted.family() == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(descriptor, wanted.raw(), wanted.size) != 0) return refused(address, words(errno));
  made.path_ = path;
  if (local && ::chmod(path.c_str(), 0600) != 0) return refused(address, words(errno));
  if (::listen(descriptor, kBacklog) != 0) return refused(address, words(errno));
  if (!local) {
    made.bound_.size = sizeof made.bound_.storage;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&made.bound_.storage), &made.bound_.size);
  }
  return made;
}

}  // namespace milepost::http
