#include "tests/host/http/sockets.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "milepost/http.hpp"

namespace milepost::http::testing {

namespace {
constexpr auto kPatience = std::chrono::seconds(3);
}

RawPeer RawPeer::connect(const std::string& address) {
  int descriptor = -1, result = -1;
  if (address.starts_with("unix:")) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, address.c_str() + 5, sizeof local.sun_path - 1);
    descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    result = ::connect(descriptor, reinterpret_cast<sockaddr*>(&local), sizeof local);
  } else {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    const auto colon = address.rfind(':');
    target.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &target.sin_addr);
    descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    result = ::connect(descriptor, reinterpret_cast<sockaddr*>(&target), sizeof target);
  }
  if (result != 0) {
    ::close(descriptor);
    throw std::runtime_error("cannot connect to " + address);
  }
  return RawPeer(descriptor);
}

RawPeer::~RawPeer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RawPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawPeer::end_sending() { ::shutdown(descriptor_, SHUT_WR); }

void RawPeer::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(descriptor_);
  descriptor_ = -1;
}

bool RawPeer::read_some(std::chrono::milliseconds within) {
  if (ended_) return false;
  pollfd entry{descriptor_, POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(within.count())) <= 0) return false;
  char bytes[16384];
  const ssize_t count = ::recv(descriptor_, bytes, sizeof bytes, 0);
  if (count <= 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string RawPeer::read_until(std::string_view mark) {
  while (buffer_.find(mark) == std::string::npos)
    if (!read_some(kPatience)) return std::exchange(buffer_, {});
  const auto end = buffer_.find(mark) + mark.size();
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return out;
}

std::string RawPeer::read_all(bool* ended) {
  while (read_some(kPatience)) {
  }
  if (ended != nullptr) *ended = ended_;
  return std::exchange(buffer_, {});
}

std::string RawPeer::read_response() {
  std::string out = read_until("\r\n\r\n");
  std::size_t length = 0;
  for (std::size_t line = 0; (line = out.find("\r\n", line)) != std::string::npos;) {
    line += 2;
    constexpr std::string_view kName = "Content-Length: ";
    if (same_header(std::string_view(out).substr(line, kName.size()), kName))
      length = std::stoul(out.substr(line + kName.size()));
  }
  while (buffer_.size() < length && read_some(kPatience)) {
  }
  out += buffer_.substr(0, length);
  buffer_.erase(0, std::min(length, buffer_.size()));
  return out;
}

bool RawPeer::sees_end(std::chrono::milliseconds within) {
  while (read_some(within)) {
  }
  return ended_;
}

RawServer::RawServer(std::function<void(RawPeer&, int)> script)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof local;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&local), size) != 0 || ::listen(listener_, 16) != 0)
    throw std::runtime_error("cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&local), &size);
  port_ = ntohs(local.sin_port);
  accepting_ = std::thread([this, script = std::move(script)] {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const std::lock_guard guard(mutex_);
      threads_.emplace_back([script, descriptor, number = connections_++] {
        RawPeer peer(descriptor);
        script(peer, number);
      });
    }
  });
}

RawServer::~RawServer() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

int RawServer::connections() const {
  const std::lock_guard guard(mutex_);
  return connections_;
}

std::string fresh_folder() {
  /// Gone when the process ends.
  static struct Folders : std::vector<std::string> {
    ~Folders() {
      std::error_code ignored;
      for (const auto& folder : *this) std::filesystem::remove_all(folder, ignored);
    }
  } folders;
  std::string path = ::testing::TempDir() + "milepost-http-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make a folder");
  return folders.emplace_back(std::move(path));
}

}  // namespace milepost::http::testing
