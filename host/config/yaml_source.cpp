#include "host/config/yaml_source.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/utf8.hpp"

namespace milepost::config::yaml {

Source::Source(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  starts_.push_back(0);
  for (std::size_t i = text_.find('\n'); i != text_.npos; i = text_.find('\n', i + 1)) starts_.push_back(i + 1);
  ascii_ = std::ranges::all_of(text_, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  for (int number = 1; number <= static_cast<int>(starts_.size()); ++number) {
    const auto content = line(number);
    const auto first = content.find_first_not_of(" \t\r");
    if (first == content.npos || content[first] == '#') continue;
    if (content.substr(0, first).find('\t') != content.npos) tabbed_.push_back(number);
  }
}

std::string_view Source::line(int number) const {
  if (number < 1 || number > static_cast<int>(starts_.size())) return {};
  const auto start = starts_[static_cast<std::size_t>(number - 1)];
  auto content = text_.substr(start, text_.find('\n', start) - start);
  if (content.ends_with('\r')) content.remove_suffix(1);
  return content;
}

Position Source::position(std::size_t offset) const {
  const auto next = std::ranges::upper_bound(starts_, offset);
  const auto index = static_cast<std::size_t>(next - starts_.begin()) - 1;
  return position(static_cast<int>(index), static_cast<int>(offset - starts_[index]));
}

std::size_t Source::offset(int line, int byte) const {
  if (line < 0 || line >= static_cast<int>(starts_.size())) return text_.size();
  return std::min(starts_[static_cast<std::size_t>(line)] + static_cast<std::size_t>(byte), text_.size());
}

Position Source::position(int line, int byte) const {
  if (line < 0 || line >= static_cast<int>(starts_.size())) return {file_, static_cast<int>(starts_.size()), 1};
  if (ascii_) return {file_, line + 1, byte + 1};
  const auto start = starts_[static_cast<std::size_t>(line)];
  const auto offset = std::min(start + static_cast<std::size_t>(byte), text_.size());
  if (line != last_line_ || offset < last_offset_) {
    last_line_ = line;
    last_offset_ = start;
    last_column_ = 1;
  }
  last_column_ += static_cast<int>(utf8_length(text_.substr(last_offset_, offset - last_offset_)));
  last_offset_ = offset;
  return {file_, line + 1, last_column_};
}

std::optional<Fault> Source::encoding_fault() const {
  const auto fault = [&](std::size_t offset, std::string message) {
    return Fault{.code = std::string(code::kEncoding),
                 .at = position(offset),
                 .path = {},
                 .message = std::move(message),
                 .remedy = "save the file as UTF-8 text"};
  };
  if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF"))
    return fault(0, "the file is UTF-16; config files are UTF-8");
  for (std::size_t i = 0; i < text_.size();) {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      std::array<char, 8> name{};
      std::snprintf(name.data(), name.size(), "U+%04X", byte);
      return fault(i, "a control character (" + std::string(name.data()) + ")");
    }
    const auto size = utf8_size(text_.substr(i));
    if (size == 0) return fault(i, "this is not UTF-8");
    i += size;
  }
  return std::nullopt;
}

std::size_t Source::expression_in_flow(int number) const {
  const auto content = line(number);
  int depth = 0;
  char quote = 0;
  char before = ' ';  // the last character that is no blank
  for (std::size_t i = 0; i < content.size(); ++i) {
    const char c = content[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"')
        ++i;
      else if (c == quote)
        quote = 0;
    } else if ((c == '"' || c == '\'') && std::string_view(" :,[{-").find(before) != std::string_view::npos) {
      quote = c;
    } else if (c == '#' && (i == 0 || content[i - 1] == ' ')) {
      break;
    } else if (content.substr(i).starts_with("${")) {
      if (depth > 0) return i;
      ++i;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
    if (c != ' ') before = c;
  }
  return content.npos;
}

std::size_t Source::open_expression(int number, std::size_t byte) const {
  const auto content = line(number).substr(0, byte);
  const auto scan = scan_expressions(content);
  // A quote before it means that the text is quoted already: then YAML did not read the expression.
  if (scan.unclosed == content.npos || content.substr(0, scan.unclosed).find_first_of("\"'") != content.npos)
    return content.npos;
  return scan.unclosed;
}

}  // namespace milepost::config::yaml
