#include "host/http/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstring>

namespace milepost::http {

namespace {

struct Range {
  std::uint32_t base;
  unsigned bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// IANA's special-purpose registry, as far as a packet could be delivered by it.
constexpr std::array<Range, 15> kPrivate = {{
    {ip(0, 0, 0, 0), 8},        // "this network"; Linux connects 0.0.0.0 to itself
    {ip(10, 0, 0, 0), 8},       // private
    {ip(100, 64, 0, 0), 10},    // carrier-grade NAT; one cloud's metadata
    {ip(127, 0, 0, 0), 8},      // loopback
    {ip(169, 254, 0, 0), 16},   // link-local: most clouds' metadata
    {ip(172, 16, 0, 0), 12},    // private
    {ip(192, 0, 0, 0), 24},     // protocol assignments
    {ip(192, 0, 2, 0), 24},     // documentation
    {ip(192, 88, 99, 0), 24},   // 6to4 relays
    {ip(192, 168, 0, 0), 16},   // private
    {ip(198, 18, 0, 0), 15},    // benchmarks
    {ip(198, 51, 100, 0), 24},  // documentation
    {ip(203, 0, 113, 0), 24},   // documentation
    {ip(224, 0, 0, 0), 4},      // multicast
    {ip(240, 0, 0, 0), 4},      // reserved, broadcast
}};

bool is_private_v4(std::uint32_t address) noexcept {
  for (const auto& range : kPrivate)
    if ((address ^ range.base) >> (32 - range.bits) == 0) return true;
  return false;
}

bool is_private_v6(const std::uint8_t* b) noexcept {
  const auto all_zero = [b](unsigned from, unsigned to) {
    for (unsigned i = from; i < to; ++i)
      if (b[i] != 0) return false;
    return true;
  };
  if (all_zero(0, 12)) return true;                                    // ::, ::1 and the old IPv4-compatible form
  if (all_zero(0, 10) && b[10] == 0xff && b[11] == 0xff) return true;  // ::ffff:0:0/96, IPv4-mapped
  if (b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) return true;  // 64:ff9b::/96 and /48: NAT64
  if (b[0] == 0x01 && all_zero(1, 8)) return true;                                // 100::/64, discard
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x00 && b[3] == 0x00) return true;  // 2001::/32, Teredo
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) return true;  // 2001:db8::/32, documentation
  if (b[0] == 0x20 && b[1] == 0x02)                                               // 2002::/16, 6to4
    return is_private_v4(ip(b[2], b[3], b[4], b[5]));
  if ((b[0] & 0xfe) == 0xfc) return true;                  // fc00::/7, unique local
  if (b[0] == 0xfe && (b[1] & 0x80) == 0x80) return true;  // fe80::/10, fec0::/10
  return b[0] == 0xff;                                     // multicast
}

}  // namespace

std::optional<Address> literal_address(const std::string& text, std::uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
    return address;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
    return address;
  }
  return std::nullopt;
}

std::optional<Address> unix_address(const std::string& path) {
  Address address;
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.empty() || path.size() >= sizeof local.sun_path || path.find('\0') != path.npos) return std::nullopt;
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr, text, sizeof text);
  else if (address.family() == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr, text, sizeof text);
  else
    return "unix";
  return text;
}

std::string to_text_with_port(const Address& address) {
  if (address.family() == AF_INET)
    return to_text(address) + ":" +
           std::to_string(ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port));
  if (address.family() == AF_INET6)
    return "[" + to_text(address) +
           "]:" + std::to_string(ntohs(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port));
  return std::string("unix:") + reinterpret_cast<const sockaddr_un&>(address.storage).sun_path;
}

bool is_private(const Address& address) noexcept {
  if (address.family() == AF_INET)
    return is_private_v4(ntohl(reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr.s_addr));
  if (address.family() == AF_INET6)
    return is_private_v6(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr.s6_addr);
  return true;
}

}  // namespace milepost::http
