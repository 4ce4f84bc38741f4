// The lead's shape as the vendor writes it down, one row a field. JSON names are exact and case-sensitive.
#pragma once

#include <span>
#include <string_view>

#include "plugins/crfconnect/lookups.hpp"

namespace milepost::crfconnect {

enum class Type { guid, text, date_time, decimal, integer, boolean, texts, object };

enum class Need {
  required,  ///< never null
  nullable,  ///< null, or absent, which means the same
  marked,    ///< not marked nullable by the vendor although all its members are: null or absent with a warning
};

struct Field {
  std::string_view name;
  Type type = Type::text;
  Need need = Need::nullable;
  const Lookup* lookup = nullptr;       ///< of a text, or of each element of texts
  bool decides = false;                 ///< an unknown value of the lookup is a fault, not a warning
  std::span<const Field> members = {};  ///< of an object
};

std::span<const Field> lead_fields();

}  // namespace milepost::crfconnect
