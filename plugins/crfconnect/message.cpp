#include "plugins/crfconnect/message.hpp"

#include <charconv>
#include <cstdint>

namespace milepost::crfconnect {
namespace {

std::string_view without_blanks(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

}  // namespace

Result<std::vector<Message>> read_messages(const XmlElement& list) {
  std::vector<Message> out;
  for (const auto& entry : list.children) {
    if (entry.name != "QueueMessage") continue;  // the service may add others
    Message message{std::string(entry.value("MessageId")), std::string(entry.value("PopReceipt")),
                    std::string(entry.value("MessageText")), 1};
    const auto count = entry.value("DequeueCount");
    std::from_chars(count.data(), count.data() + count.size(), message.taken);
    if (message.id.empty() || message.receipt.empty())
      return fail(ErrorKind::retryable, "the queue's answer has a message without its id or receipt");
    out.push_back(std::move(message));
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  const auto value = [](char c) {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
  };
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) text.remove_suffix(1), ++padding;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int digit = value(c);
    if (digit < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFF);
    }
  }
  if ((group & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

Result<std::string> content_of(std::string_view text, std::string_view encoding) {
  const auto bare = without_blanks(without_mark(without_blanks(text)));
  const bool plain = encoding == "plain" || (encoding == "auto" && (bare.starts_with('{') || bare.starts_with('[')));
  if (plain) return std::string(bare);
  auto decoded = from_base64(bare);
  if (!decoded)
    return fail(ErrorKind::permanent, encoding == "auto" ? "it is neither JSON nor base64" : "it is no base64");
  return std::string(without_blanks(without_mark(*decoded)));
}

}  // namespace milepost::crfconnect
