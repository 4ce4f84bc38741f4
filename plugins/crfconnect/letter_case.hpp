// A guid, a status, a lookup's value: the vendor means the same in either case.
#pragma once

#include <string>
#include <string_view>

namespace milepost::crfconnect {

/// With ASCII's letters in lower case, whatever the locale.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace milepost::crfconnect
