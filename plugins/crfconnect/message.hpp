// A queue's answer, and what a message's text holds. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/crfconnect/xml.hpp"

namespace milepost::crfconnect {

struct Message {
  std::string id, receipt, text;
  unsigned taken = 1;  ///< how often it was taken from the queue, this time included
};

/// `retryable` when a message lacks its id or receipt: the answer is none of the service's.
Result<std::vector<Message>> read_messages(const XmlElement& list);

/// What was put into the text: the service neither encodes nor decodes it. `encoding`: plain, base64, or auto, which
/// takes a text that begins with "{" or "[" as it is and any other as base64. Spaces around it and a byte order mark
/// are left out. `permanent` where it is no base64.
Result<std::string> content_of(std::string_view text, std::string_view encoding);

/// RFC 4648 with its padding; nullopt where a bit is not as an encoder writes it.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace milepost::crfconnect
