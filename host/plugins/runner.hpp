// Where a plugin's code runs: in this process (Library) or in a child of it (IsolatedRunner).
#pragma once

#include <expected>
#include <mutex>
#include <string_view>
#include <vector>

#include "milepost/host.hpp"

namespace milepost::plugins {

class Scope;

class Runner {
 public:
  /// An instance lives as long as the process that it was made in: lives are counted, and never 0.
  using Life = std::uint64_t;
  struct Crossing {
    void* self = nullptr;  ///< what CREATE gave in that life, in the address space of the plugin; nullptr for CREATE
    std::uint32_t op = 0;
    const mp_call* call = nullptr;
    const std::vector<mp_bytes>& parts;
    Scope& scope;  ///< serves the plugin meanwhile
  };

  virtual ~Runner() = default;

  /// The life that calls would fall into, begun again where the last one ended. The error says why there is none now; a
  /// `retry_after` when there will be. [any]
  virtual Result<Life> alive() = 0;

  /// One call. The error: `life` is over, or ended during the call; its kind says what may follow. [any]
  virtual Result<detail::Outcome> cross(Life life, const Crossing& crossing) = 0;

  /// MANIFEST, CREATE and DESTROY run under it: one at a time for the library.
  std::mutex& control() { return control_; }

  /// How an outcome's fault begins when the plugin let an exception through.
  static constexpr std::string_view kThrew = "threw across the boundary";

  /// What a broken plugin can at most make us hold.
  static constexpr detail::Bounds kBounds{.items = 100'000, .bytes = 16u << 20};

 private:
  std::mutex control_;
};

}  // namespace milepost::plugins
