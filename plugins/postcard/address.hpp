// A US postal address out of whatever an event calls it.
#pragma once

#include <string>
#include <string_view>

#include "milepost/json.hpp"

namespace milepost::postcard {

struct Address {
  std::string first, last, company;
  std::string line1, line2, city;
  std::string state;  ///< two letters
  std::string zip;    ///< 55802 or 55802-1234

  std::string name() const { return first.empty() || last.empty() ? first + last : first + " " + last; }
};

/// From an object with `name`, or `first` and `last`, or `company`; `line1` (or `address`), `line2`, `city`, `state`
/// (two letters or the full name) and `zip`; the spellings firstName, first_name, address1, address2, zipCode … are
/// taken too, and members that are no part of an address are passed over. `permanent` says what is missing or not
/// mailable, never a value; `what` names the setting.
Result<Address> read_address(const Json& value, std::string_view what);

/// A US state's, territory's or military address's two letters; "" when it is none.
std::string_view state_code(std::string_view name);

}  // namespace milepost::postcard
