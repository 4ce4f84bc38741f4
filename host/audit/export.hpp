// A row as one line of an export, and back. Private to audit/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/audit/row.hpp"
#include "host/journal/store.hpp"
#include "milepost/error.hpp"

namespace milepost::audit {

/// Without the newline.
std::string to_line(const journal::AuditRecord& record);
/// Strict, as docs/audit.md has it: exactly its members, each in its one form. `permanent`, with what is wrong.
Result<journal::AuditRecord> from_line(std::string_view line);

}  // namespace milepost::audit
