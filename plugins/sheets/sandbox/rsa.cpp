#include "plugins/sheets/sandbox/rsa.hpp"

#include <array>
#include <cstdint>

#include "milepost/sha256.hpp"

namespace milepost::sheets::sandbox {
namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kLimbs = kBytes / 4;
using Number = std::array<std::uint32_t, kLimbs>;  // least significant first

Number from_bytes(std::string_view bytes) {
  Number out{};
  for (std::size_t i = 0; i < kBytes; ++i)
    out[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[kBytes - 1 - i])) << (i % 4 * 8);
  return out;
}

std::string to_bytes(const Number& number) {
  std::string out(kBytes, '\0');
  for (std::size_t i = 0; i < kBytes; ++i) out[kBytes - 1 - i] = static_cast<char>(number[i / 4] >> (i % 4 * 8) & 0xff);
  return out;
}

bool less(const Number& a, const Number& b) {
  for (std::size_t i = kLimbs; i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}

void subtract(Number& a, const Number& b) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < kLimbs; ++i) {
    const std::uint64_t difference = static_cast<std::uint64_t>(a[i]) - b[i] - borrow;
    a[i] = static_cast<std::uint32_t>(difference);
    borrow = difference >> 63;
  }
}

/// a + b mod n. REQUIRES: both less than n.
void add(Number& a, const Number& b, const Number& n) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < kLimbs; ++i) {
    carry += static_cast<std::uint64_t>(a[i]) + b[i];
    a[i] = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0 || !less(a, n)) subtract(a, n);
}

Number multiply(const Number& a, const Number& b, const Number& n) {
  Number out{};
  for (std::size_t bit = kBytes * 8; bit-- > 0;) {
    const Number twice = out;
    add(out, twice, n);
    if ((b[bit / 32] >> (bit % 32) & 1) != 0) add(out, a, n);
  }
  return out;
}

/// Of a text of 512 hex digits.
std::string unhex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return out;
}

}  // namespace

bool rs256_verifies(std::string_view modulus, std::string_view input, std::string_view signature) {
  if (modulus.size() != kBytes * 2 || signature.size() != kBytes) return false;
  const Number n = from_bytes(unhex(modulus)), s = from_bytes(signature);
  if (!less(s, n)) return false;
  Number power = s;
  for (int i = 0; i < 16; ++i) power = multiply(power, power, n);  // to the 65536th
  power = multiply(power, s, n);
  // EMSA-PKCS1-v1_5: 00 01 FF… 00, the name of SHA-256, the digest.
  constexpr unsigned char kSha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                       0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  const std::string tail = std::string(reinterpret_cast<const char*>(kSha256), sizeof kSha256) + sha256(input);
  std::string wanted{"\0\1", 2};
  wanted.append(kBytes - 3 - tail.size(), '\xff').append(1, '\0').append(tail);
  return to_bytes(power) == wanted;
}

}  // namespace milepost::sheets::sandbox
