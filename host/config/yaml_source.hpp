// The text of a YAML file: what is checked before the parser sees it, and positions in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/fault.hpp"

namespace milepost::config::yaml {

class Source {
 public:
  Source(std::string_view text, std::string file);

  const std::string& file() const { return file_; }
  std::string_view text() const { return text_; }
  std::string_view line(int number) const;  ///< from 1, without its end; "" past the last

  /// Of a byte. Cheap when asked in ascending order.
  Position position(std::size_t offset) const;
  std::size_t offset(int line, int byte) const;
  /// From a line and a byte within it, both from 0, as yaml-cpp counts.
  Position position(int line, int byte) const;

  /// Broken UTF-8, another encoding, or a control character: yaml-cpp replaces those, or takes them for the end of the
  /// file.
  std::optional<Fault> encoding_fault() const;

  /// Lines whose indentation holds a tab, from 1; blank lines and comments aside.
  const std::vector<int>& tabbed_lines() const { return tabbed_; }

  /// Where an unquoted `${` stands inside {…} or […] on this line, as a byte from 0; npos: nowhere.
  std::size_t expression_in_flow(int number) const;
  /// Where the last unquoted `${` stands that is still open at `byte` of this line; npos: nowhere.
  std::size_t open_expression(int number, std::size_t byte) const;

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> starts_;  ///< of the lines
  std::vector<int> tabbed_;
  bool ascii_ = true;
  mutable std::size_t last_offset_ = 0;  ///< where columns were counted to
  mutable int last_line_ = -1, last_column_ = 0;
};

}  // namespace milepost::config::yaml
