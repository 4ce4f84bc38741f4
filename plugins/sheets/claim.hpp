// One writer a tab. Sheets has no request id and no conditional write, so that two writers that look for a key at the
// same time both miss it, and both add the row. Hence a lease on the tab, kept in the connection's durable state, and
// beside it the keys whose append went out and was not answered: the vendor may still be at it, so nobody adds such a
// key until that cannot be any more.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "milepost/host.hpp"

namespace milepost::sheets {

/// A request that takes longer ends in an error at the vendor (limits page, read 2026-11).
inline constexpr std::chrono::seconds kMostProcessing{180};

class Claim {
 public:
  struct Key {
    std::string text;      ///< what is to be written, once
    std::string delivery;  ///< its idempotency key: its own doubt does not hold it back
  };

  /// Takes the tab for the length of the call, and notes the keys as open. `rate_limited`: another has it, or too many
  /// are open. A host that dies holds it until the call's deadline.
  static Result<Claim> take(Host host, const std::string& spreadsheet, const std::string& tab, std::vector<Key> keys,
                            const Call& call);

  /// How long a key is held back by another delivery whose append was not answered; nullopt: it is free.
  std::optional<std::chrono::milliseconds> held(const Key& key) const;
  /// The tab was seen to have this key column: from then on a header without it has been changed by somebody.
  bool had_column(const std::string& title) const;
  void has_column(const std::string& title);

  /// What becomes of `keys` is known: they may be written again. Others stay open. Never fails: what cannot be written
  /// ends by itself.
  void release(const std::set<std::string>& keys, const Call& call);

 private:
  Claim(Host host, std::string name, std::string lease)
      : host_(host), name_(std::move(name)), lease_(std::move(lease)) {}

  Host host_;
  std::string name_, lease_;
  Json before_;  // what was noted when it was taken
  std::set<std::string> columns_;
  Time now_{};
};

}  // namespace milepost::sheets
