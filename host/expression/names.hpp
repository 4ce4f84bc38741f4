// The names that an expression may use, and the check that it uses no others.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/expression/lexer.hpp"

namespace milepost::expression {

inline constexpr std::string_view kRoots[] = {"payload", "event", "loan", "steps", "params"};
inline constexpr std::string_view kFunctions[] = {"lower",        "upper",   "trim", "contains", "starts_with",
                                                  "split",        "replace", "len",  "round",    "time",
                                                  "days_between", "now",     "has",  "link"};

struct UnknownName {
  std::size_t at;  ///< byte offset
  std::string message;
};

/// The first name in these tokens that is neither one of ours, nor a member, nor declared somewhere among them.
std::optional<UnknownName> unknown_name(std::span<const Token> tokens);

}  // namespace milepost::expression
