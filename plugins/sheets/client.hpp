// Google's Sheets API as actions and source use it: one spreadsheet, JSON both ways. No mapping here.
#pragma once

#include <string>
#include <vector>

#include "milepost/host.hpp"
#include "plugins/sheets/errors.hpp"

namespace milepost::sheets {

/// How cells are read: `unformatted` gives numbers and truth values as such and dates as they are shown; `formatted`
/// gives every cell as the text that a person sees.
enum class Render { unformatted, formatted };

/// A value: copy it into whatever needs it. [any]
class Client {
 public:
  Client(std::string spreadsheet, Host host) : spreadsheet_(std::move(spreadsheet)), host_(host) {}
  const std::string& spreadsheet() const { return spreadsheet_; }

  /// The tabs with their ids and sizes.
  Result<Json> tabs(const Call& call) const;
  /// The cells of each range: lists of rows (or of columns), ragged, empty where nothing is. As many as `ranges`, or an
  /// error.
  Result<std::vector<Json>> read(const std::string& tab, const std::vector<std::string>& ranges, bool columns,
                                 Render render, const Call& call) const;
  /// Puts rows under the table whose header `range` is; new rows are made for them. The answer's `updates`.
  Result<Json> append(const std::string& tab, const std::string& range, const Json& rows, const Call& call) const;
  /// `data`: [{range, values}]; all of them or none.
  Status update(const std::string& tab, const Json& data, const Call& call) const;
  /// Structural requests; all of them or none.
  Status change(const std::string& tab, const Json& requests, const Call& call) const;

 private:
  Result<Json> exchange(const std::string& operation, HttpRequest request, const std::string& tab,
                        const Call& call) const;
  Result<Json> post(const std::string& operation, const std::string& path, const Json& body, Intent intent,
                    const std::string& tab, const Call& call) const;
  std::string root() const { return "/v4/spreadsheets/" + spreadsheet_; }

  std::string spreadsheet_;
  Host host_;
};

}  // namespace milepost::sheets
