#include "host/telemetry/ids.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>

namespace milepost::telemetry {

namespace {

void fetch_randomly(unsigned char* out, std::size_t count) {
  // Without randomness there are no keys and no salts: nothing sensible can go on.
  if (RAND_bytes(out, static_cast<int>(count)) != 1) throw std::runtime_error("the system gives no random bytes");
}

/// How often this process is the child of a fork: to ask for the process's id is a system call.
unsigned forks() {
  static std::atomic<unsigned> count = 0;
  [[maybe_unused]] static const int told = ::pthread_atfork(nullptr, nullptr, [] { ++count; });
  return count;
}

/// For ids and salts (keys are longer), of which an event takes several: to fetch 16 bytes costs most of what 1 KB does. Each byte is given
/// once; a forked child fetches its own.
void fill_randomly(unsigned char* out, std::size_t count) {
  struct Pool {
    std::array<unsigned char, 1024> bytes{};
    std::size_t left = 0;
    unsigned forks = 0;
  };
  thread_local Pool pool;
  if (count > 16) return fetch_randomly(out, count);
  if (pool.left < count || pool.forks != forks()) {
    fetch_randomly(pool.bytes.data(), pool.bytes.size());
    pool.left = pool.bytes.size();
    pool.forks = forks();
  }
  pool.left -= count;
  std::copy_n(pool.bytes.data() + pool.left, count, out);
  std::fill_n(pool.bytes.data() + pool.left, count, static_cast<unsigned char>(0));
}

}  // namespace

std::string new_id(Time now) {
  std::array<unsigned char, 16> bytes{};
  fill_randomly(bytes.data(), bytes.size());

  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(to_micros(now), 0));
  const std::uint64_t millis = micros / 1000;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
  // RFC 9562, 6.2, method 3: the fraction of the millisecond leads, so that ids of one millisecond keep their order.
  const std::uint64_t fraction = micros % 1000 * 4096 / 1000;
  bytes[6] = static_cast<unsigned char>(0x70 | (fraction >> 8));
  bytes[7] = static_cast<unsigned char>(fraction);
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));

  std::string text = hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  for (const std::size_t dash : {20u, 16u, 12u, 8u}) text.insert(dash, 1, '-');
  return text;
}

Sha256 sha256(std::string_view bytes) {
  // Fetched once, and one context a thread: to look up the one and to make the other costs more than the digest of a short text.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  Sha256 digest{};
  if (EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 || EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw std::runtime_error("OpenSSL offers no SHA-256");
  return digest;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t before = out.size();
  out.resize(before + bytes.size() * 2);
  char* place = out.data() + before;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *place++ = kDigits[byte >> 4];
    *place++ = kDigits[byte & 15];
  }
}

std::string hex(std::string_view bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill_randomly(reinterpret_cast<unsigned char*>(bytes.data()), count);
  return bytes;
}

}  // namespace milepost::telemetry
