// Writes into a case file what came, where something else was expected; all else of it stays as it is.
#pragma once

#include "host/cases/suite.hpp"

namespace milepost::cases {

struct Updated {
  std::string text;                  ///< of the whole file
  std::size_t changes = 0;
  std::vector<config::Fault> kept;   ///< what could not be written: it is to be changed by hand
};

/// `results` are those of the file. A case without `expect` gets one.
Updated update(const CaseFile& file, const std::vector<const Verdict*>& results);

/// YAML on one line, such that it reads back as the same.
std::string flow(const Json& value);

/// The expectation for a case that has none: states, steps, what was sent, alerts and loans. A mapping for `expect`.
Json first_expectation(const Json& outcome);
/// As YAML in block style, each line indented by so many spaces, ending with a line's end.
std::string block(const Json& value, std::size_t indent);

}  // namespace milepost::cases
