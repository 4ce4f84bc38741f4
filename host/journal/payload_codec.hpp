// The one place that payloads pass on their way to and from disk: sealing them is a change here and nowhere else.
// Digests are of the plain bytes.
#pragma once

#include <string>
#include <string_view>

namespace milepost::journal {

struct PayloadCodec {
  static std::string_view to_disk(std::string_view plain) { return plain; }
  static std::string from_disk(std::string_view stored) { return std::string(stored); }
};

}  // namespace milepost::journal
