// The rules of the chain, one row after the other: the same for a store and for an export. Private to audit/.
#pragma once

#include <optional>
#include <string>

#include "host/audit/trail.hpp"

namespace milepost::audit {

class Checker {
 public:
  /// The next row. False when it breaks a rule; the verdict then says which, and `where` ("row 17", "line 17").
  bool check(const Row& row, const std::optional<Details>& details, const std::string& where);
  /// A fault that lies outside the rules, such as a line that cannot be read.
  bool refuse(const std::string& where, const std::string& why);

  Verdict verdict() const;
  std::uint64_t next() const { return verdict_.rows + 1; }

 private:
  Verdict verdict_;
  telemetry::Sha256 head_{};
  std::string bytes_;  // reused from row to row
};

}  // namespace milepost::audit
