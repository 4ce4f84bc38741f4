// One row of the audit trail as exact bytes. docs/audit.md specifies them for anyone with a copy; this is the same in
// code. Pure functions. [any]
#pragma once

#include <string>

#include "host/journal/records.hpp"

namespace milepost::audit {

using Row = journal::AuditRow;
using Details = journal::AuditDetails;

std::string encode(const Row& row);             ///< the exact bytes that are hashed
void encode(const Row& row, std::string& out);  ///< the same, in place of what `out` held
telemetry::Sha256 hash(const Row& row);         ///< of encode(row)
telemetry::Sha256 digest(const Details& details);

}  // namespace milepost::audit
