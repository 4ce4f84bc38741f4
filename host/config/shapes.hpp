// The host's own keys: of every mapping of a config folder that the host itself reads, which keys it has, what each means,
// its type, bounds, words and default. One source for two users: the readers (through Mapping) take bounds, words and
// defaults from here and refuse every other key, and `milepost schema` prints it with what is installed filled in. A reader that asks for
// a key that is not here, or never asks for one that is, throws std::logic_error: its first test finds it.
#pragma once

#include <string_view>

#include "milepost/json.hpp"

namespace milepost::config {

/// All of them: JSON Schema (draft-07), one definition a mapping, under /definitions. Beside draft-07's own words:
///   "format": duration, size, rate, address, name, step_id: a text that the host reads further;
///   "x-least", "x-most": bounds of a duration or size, in its own units; "x-or": a word that may stand instead;
///   "x-evaluated": "expression" or "text": an expression, or a text with ${…};
///   "x-inherits": where it is absent, the key of the file's top level that counts instead;
///   "x-optional": a mapping whose absence is not the same as all its defaults.
const Json& shapes();
/// One definition: "step". std::logic_error when there is none.
const Json& shape(std::string_view name);

}  // namespace milepost::config
