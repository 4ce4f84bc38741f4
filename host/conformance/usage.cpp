#include "host/conformance/usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/conformance/stage.hpp"

namespace milepost::conformance {
namespace {

/// What an allocator keeps for itself is below this.
constexpr std::size_t kAllocator = kSanitized ? 1u << 30 : 2u << 20, kEach = 16;
/// Kept connections of the host's own client.
constexpr std::size_t kSockets = 4;

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

}  // namespace

Usage Usage::now() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, pages = 0;
  file >> all >> pages;
  return {pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), entries("/proc/self/task"),
          entries("/proc/self/fd")};
}

std::string flat(const Usage& before, std::size_t deliveries) {
  const auto after = Usage::now();
  const auto grown = after.resident > before.resident ? after.resident - before.resident : 0;
  const auto most = kAllocator + deliveries * kEach;
  const auto kib = [](std::size_t bytes) { return std::to_string(bytes >> 10) + " KiB"; };
  expect(after.threads <= before.threads, "threads were started: there are " + std::to_string(after.threads) +
                                              ", before " + std::to_string(before.threads));
  expect(after.descriptors <= before.descriptors + kSockets, "descriptors stay open: there are " +
                                                                 std::to_string(after.descriptors) + ", before " +
                                                                 std::to_string(before.descriptors));
  expect(grown < most, "memory grew by " + kib(grown) + " in " + std::to_string(deliveries) +
                           " deliveries, expected less than " + kib(most));
  return kib(grown) + " more after " + std::to_string(deliveries);
}

}  // namespace milepost::conformance
