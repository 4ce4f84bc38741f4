// What became of an event, as a person reads it.
#pragma once

#include <string>

#include "milepost/json.hpp"

namespace milepost::cli {

/// Of the API's answer about one event ({"event", "steps", "people"}): a head, and a line or a few for each step.
std::string story_text(const Json& told);
/// The head of what is told about a subject: its name, and the loan's state.
std::string subject_text(const Json& why);

/// "2026-11-20T14:03:11.123456Z" as "2026-11-20 14:03:11".
std::string short_time(const std::string& text);
/// The first `most` characters, with … where something is left out.
std::string shortened(const std::string& text, std::size_t most);

}  // namespace milepost::cli
