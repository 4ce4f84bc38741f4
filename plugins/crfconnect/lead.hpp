// A lead, checked: strict where the vendor's schema is strict, tolerant where it is open. Pure: no I/O, no clock. What
// is said about a lead names places and kinds, never its values, which are a borrower's.
#pragma once

#include <string>
#include <vector>

#include "milepost/event.hpp"
#include "plugins/crfconnect/decimal.hpp"
#include "plugins/crfconnect/value.hpp"

namespace milepost::crfconnect {

/// Something odd that is no reason to hold the lead back.
struct Warning {
  enum class Kind {
    unknown_field,  ///< the schema has grown
    unknown_value,  ///< a lookup has grown
    near_value,     ///< a known value in another spelling
    missing,        ///< an object that the schema does not mark nullable is null or absent
    null_element,   ///< of a list
    odd_format,     ///< e-mail, zip or phone that does not look like one
  } kind;
  std::string path;  ///< JSON pointer
};
std::string_view name(Warning::Kind kind);
/// Whether it tells that the vendor's side has changed (the others happen in normal work).
bool is_drift(Warning::Kind kind);

struct Lead {
  std::string id;      ///< in lower case, since a guid means the same in either
  std::string status;  ///< as the lookup has it
  bool removed = false;
  Time created;
  std::vector<Warning> warnings;
};

struct LeadRules {
  /// A score at or above it: the vendor itself says that such a lead is not matched.
  double fraud_quarantine_at = 0.85;
  std::string limit = Json(fraud_quarantine_at).dump();  ///< the same, as it is written
  Decimal exact_limit = Decimal::parse(limit).value_or(Decimal{});
};

/// `permanent` names every fault in one line: required and missing, wrong type, an unknown status or state, an amount
/// of zero or less, a fraud score outside 0 to 1 or at the limit.
Result<Lead> read_lead(const Value& body, const LeadRules& rules = {});

}  // namespace milepost::crfconnect
