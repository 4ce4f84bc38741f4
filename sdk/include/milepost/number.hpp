// What JSON values are held in. Thread: [any], no state.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#ifdef MILEPOST_SDK_COMPILED  // our own build: sdk/json.cpp has it
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
#endif

namespace milepost {

using Json = nlohmann::ordered_json;

/// A JSON number as its source text. Held in a Json as a binary value with subtype 'N', so that it survives copies;
/// read it through number_text() or get<T>(), never through Json's own get().
struct Number {
  std::string text;  ///< a token of the JSON grammar for numbers

  static constexpr std::uint64_t kSubtype = 'N';
  Json json() const { return Json::binary(Json::binary_t::container_type(text.begin(), text.end()), kSubtype); }
};

}  // namespace milepost
