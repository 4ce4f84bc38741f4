// A tab as a table: titles in its first row, records below. Columns are known by title, wherever they stand.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sheets/client.hpp"

namespace milepost::sheets {

class Header {
 public:
  Header() = default;
  /// The cells of row 1; titles are trimmed of blanks.
  explicit Header(const Json& cells);

  const std::vector<std::string>& titles() const { return titles_; }
  bool empty() const { return first_ == titles_.size(); }
  std::size_t first() const { return first_; }             ///< REQUIRES: !empty()
  std::size_t last() const { return titles_.size() - 1; }  ///< REQUIRES: !empty()
  /// nullopt: there is none. `permanent`: two columns have that title.
  Result<std::optional<std::size_t>> column(const std::string& title) const;

 private:
  std::vector<std::string> titles_;
  std::size_t first_ = 0;
};

struct Table {
  Header header;
  std::optional<std::size_t> key_at;                     ///< the key's column; nullopt: it has none
  std::map<std::string, std::vector<std::size_t>> rows;  ///< key -> the rows that have it, from 2
};

/// Reads the header, and the whole column of keys in the same moment. [serial]
class TableReader {
 public:
  explicit TableReader(const Client& client) : client_(client) {}
  Result<Table> read(const std::string& tab, const std::string& key_column, const Call& call);

 private:
  const Client& client_;
  std::map<std::pair<std::string, std::string>, std::size_t> guesses_;  // where the key's column was the last time
};

}  // namespace milepost::sheets
