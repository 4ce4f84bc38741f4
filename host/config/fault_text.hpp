// Faults for people and for programs.
#pragma once

#include <string>

#include "host/config/fault.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

/// Each fault with its source line and a caret under the place, then a count. `root` is the config folder. "" for none.
std::string render(const Faults& faults, const std::string& root, bool color);

/// Each fault as a workflow command of GitHub Actions, which shows it beside the line: "::error file=…,line=…,col=…,title=MP1042::…".
/// `folder` is the config folder as the repository's root sees it.
std::string annotations(const Faults& faults, const std::string& folder);

/// {code, severity, file, line, column, path, message, remedy}; what is empty is left out.
Json to_json(const Fault& fault);

}  // namespace milepost::config
