// What an upsert writes, as a value: settings of a step -> one write -> the batch call's body, and its answer back to
// the writes. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/errors.hpp"
#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {

struct UpsertSettings {
  std::string object;
  Json key, properties, associations;
};
const Settings<UpsertSettings>& upsert_settings();

struct Write {
  std::string object;                ///< "deals"
  std::string key_property, key;     ///< "loan_id", "L-1001"
  Json properties;                   ///< every value a text, the key among them
  std::vector<Target> associations;  ///< tied after the write
  std::string trace;                 ///< names the write in the batch call's answer

  /// Contacts keyed by email are written all or nothing, and need no property of ours.
  bool by_email() const { return object == "contacts" && key_property == "email"; }
  std::vector<std::string> names() const;
};

/// `permanent` names the setting that is wrong, never its value.
Result<Write> to_write(const Json& with, const std::string& trace);

/// The body of batch/upsert.
Json to_batch(std::span<const Write* const> writes);

/// The writes' fates in the answer of a batch call: for each write its record, or its refusal, or neither.
struct Fate {
  const Json* record = nullptr;   ///< points into the answer
  const Json* refusal = nullptr;  ///< likewise
};
/// Matched by trace id, else by the key; nothing is said of the answer's order. A lone write takes whatever there is.
std::vector<Fate> read_batch(const Json& answer, std::span<const Write* const> writes);

/// The receipt; `permanent` when the record has no id.
Result<Answer> to_answer(const Write& write, const Json& record, Answer::Effect effect);

}  // namespace milepost::hubspot
