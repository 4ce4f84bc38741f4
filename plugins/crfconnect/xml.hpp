// XML as a store answers it: strict where readers could differ, and bounded. Elements, attributes, text, CDATA;
// comments and processing instructions are passed over; a document type is refused, and with it every entity of one's
// own. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::crfconnect {

struct XmlElement {
  std::string name;  ///< as written, prefix included
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  ///< of its own, without that of its children
  std::vector<XmlElement> children;

  /// The first of that name, or nullptr.
  const XmlElement* child(std::string_view wanted) const;
  /// The text of the first child of that name; "" when there is none.
  std::string_view value(std::string_view wanted) const;
  /// "" when there is none.
  std::string_view attribute(std::string_view wanted) const;
};

struct XmlLimits {
  std::size_t depth = 16;
  std::size_t elements = 300'000;
};

/// The root of one document in UTF-8, a byte order mark before it or not. `permanent`, with the byte, never the
/// content.
Result<XmlElement> read_xml(std::string_view source, const XmlLimits& limits = {});

/// `&`, `<`, `>`, quotes and carriage returns escaped: for an element's text or an attribute. REQUIRES: no other
/// control characters but tab and line feed, which XML cannot hold.
std::string xml_escaped(std::string_view text);

}  // namespace milepost::crfconnect
