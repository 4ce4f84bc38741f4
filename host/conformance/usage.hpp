// What a process holds of the machine, before and after many deliveries.
#pragma once

#include <cstddef>
#include <string>

namespace milepost::conformance {

/// A sanitizer brings symbols, memory and signal handlers of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// How many times as long many deliveries may take then.
inline constexpr int kSlower = kSanitized ? 5 : 1;

struct Usage {
  std::size_t resident = 0;  ///< bytes
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  static Usage now();
};

/// Throws a Failed that names what grew in `deliveries`; else what to show.
std::string flat(const Usage& before, std::size_t deliveries);

}  // namespace milepost::conformance
