// The formats of JSON Schema that are checked.
#pragma once

#include <string_view>

namespace milepost::config {

using FormatCheck = bool (*)(std::string_view);

/// uuid, date, date-time or email; nullptr for others, which say nothing.
FormatCheck format_check(std::string_view name);

}  // namespace milepost::config
