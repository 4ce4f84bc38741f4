// The rules of the chain, one row after the other: the same for a store and for an export. Private to audit/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/audit/trail.hpp"

namespace milepost::audit {

class Checker {
 public:
  /// Faults name a row by `unit`: "row 17", "line 17". From the row `first` on; when that is not the trail's first, what
  /// it says to follow from is believed, and told by follows().
  explicit Checker(std::string_view unit, std::uint64_t first = 1) : unit_(unit), first_(first) {}

  /// The next row. False when it breaks a rule; the verdict then says which.
  bool check(const Row& row, const std::optional<Details>& details);
  /// A fault that lies outside the rules, such as a line that cannot be read.
  bool refuse(const std::string& why);

  Verdict verdict() const;  ///< of the rows from the first on
  std::uint64_t next() const { return first_ + verdict_.rows; }
  const telemetry::Sha256& follows() const { return follows_; }
  const telemetry::Sha256& head() const { return head_; }

 private:
  const std::string_view unit_;
  const std::uint64_t first_;
  Verdict verdict_;
  telemetry::Sha256 follows_{}, head_{};
  std::string bytes_;  // reused from row to row
};

}  // namespace milepost::audit
