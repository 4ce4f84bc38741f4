#include "host/audit/checker.hpp"

namespace milepost::audit {

bool Checker::refuse(const std::string& why) {
  verdict_.fault = std::string(unit_) + " " + std::to_string(next()) + ": " + why;
  return false;
}

bool Checker::check(const Row& row, const std::optional<Details>& details) {
  if (row.sequence != next()) {
    return refuse("its sequence is " + std::to_string(row.sequence) + ", not " + std::to_string(next()) +
                  ": a row was removed, repeated or moved");
  }
  if (verdict_.rows == 0 && first_ > 1) follows_ = head_ = row.previous;
  if (row.previous != head_) return refuse("it does not follow from the row before");
  encode(row, bytes_);
  if (telemetry::sha256(bytes_) != row.hash) return refuse("its hash does not match its bytes");
  if (!details)
    ++verdict_.erased;
  else if (digest(*details) != row.details)
    return refuse("its details do not match their digest");
  ++verdict_.rows;
  head_ = row.hash;
  return true;
}

Verdict Checker::verdict() const {
  Verdict verdict = verdict_;
  verdict.head = telemetry::hex(head_);
  return verdict;
}

}  // namespace milepost::audit
