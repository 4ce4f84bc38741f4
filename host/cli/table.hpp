// Rows in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace milepost::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  /// Two spaces between columns, the head first; the last column is not padded. Widths count code points.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace milepost::cli
