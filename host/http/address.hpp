// Socket addresses, and the policy on which of them a plugin may reach.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace milepost::http {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// "10.0.0.1" or "::1" as an address; nullopt when it is a name.
std::optional<Address> literal_address(const std::string& text, std::uint16_t port);

/// A unix socket's address; nullopt when the path is empty or too long.
std::optional<Address> unix_address(const std::string& path);

/// The address without its port; "unix" for a unix socket.
std::string to_text(const Address& address);
/// "127.0.0.1:8080", "[::1]:8080" or "unix:/path".
std::string to_text_with_port(const Address& address);

/// True for what is not the public Internet: loopback, private, link-local (cloud metadata lives there), CGNAT,
/// benchmark, multicast and reserved ranges, and IPv6 forms that carry such an IPv4 address.
bool is_private(const Address& address) noexcept;

}  // namespace milepost::http
