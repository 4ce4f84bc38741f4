// Work that falls into equal parts, on every processor of the machine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace milepost::config {

/// Calls visit(i) for each i below `count`, in any order and from several threads; returns when all are done. A few are not
/// worth a thread. `visit` must not throw.
template <class Visit>
void side_by_side(std::size_t count, const Visit& visit) {
  constexpr std::size_t kWorthThreads = 16;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) visit(i);
  };
  const std::size_t threads = count < kWorthThreads ? 1 : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
}

}  // namespace milepost::config
