// Whether another system says of a loan what we say: field by field, however that system writes it. Pure. [any]
#pragma once

#include <string>
#include <vector>

#include "host/loans/model.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

struct Mismatch {
  std::string field;
  Json ours, theirs;  ///< null: nothing
};

struct Comparison {
  std::string system;
  std::vector<std::string> compared;  ///< fields that we know something of; "record" where the other system has no such record
  std::vector<Mismatch> mismatches;

  /// What later steps see: {"system", "compared", "mismatched": how many, "fields": {field: {"ours", "theirs"}}}.
  Json answer() const;
};

/// `with`, a compare step's settings with everything evaluated: {"system", "found", "fields": {field: {"ours", "theirs", "as"}}}. A field of
/// which we know nothing is not compared. `permanent` where a word is none of `as`, or `found` no boolean.
/// How two values are held against each other, by `as`:
///   auto    the same text, or the same number however it is written (25000.00 and "25000"); null and "" are both nothing
///   exact, text, phone, number, date: as loans/compare.hpp has it for fields that systems share
///   stage   the same stage of the model, by the synonyms of this pipeline, of the system, of any
Result<Comparison> compare(const Json& with, const Model& model, const std::string& pipeline);

}  // namespace milepost::loans
