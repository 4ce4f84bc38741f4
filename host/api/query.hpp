// The query of a request, read against what its route declares: nothing unknown, nothing twice, nothing out of range.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::api {

/// One parameter of a route's query.
struct Parameter {
  std::string_view name, description;
  std::uint64_t least = 0, most = 0;           ///< a whole number between them, when `most` is not 0
  std::vector<std::string_view> choices = {};  ///< one of these, when there are any; else any text of 1 to 256 bytes
};

class Query {
 public:
  /// `permanent`, naming the parameter and the remedy.
  static Result<Query> read(std::string_view raw, const std::vector<Parameter>& parameters);

  std::optional<std::string> text(std::string_view name) const;
  std::uint64_t number(std::string_view name,
                       std::uint64_t otherwise) const;  ///< of a parameter that is a whole number

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace milepost::api
