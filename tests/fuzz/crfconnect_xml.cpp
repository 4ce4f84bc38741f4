// Any bytes as a store's answer and as a message's text: reading ends, and never crashes; what was read can be written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/crfconnect/listing.hpp"
#include "plugins/crfconnect/message.hpp"
#include "plugins/crfconnect/xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milepost::crfconnect;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (auto encoding : {"auto", "plain", "base64"}) static_cast<void>(content_of(input, encoding).has_value());
  const auto root = read_xml(input);
  if (!root) return 0;
  static_cast<void>(read_messages(*root).has_value());
  static_cast<void>(read_blobs(*root).has_value());
  const auto again = read_xml("<a>" + xml_escaped(root->text) + "</a>");
  if (!again || again->text != root->text) std::abort();
  return 0;
}
