// Google's Sheets API v4 and its token endpoint over the double's spreadsheets: who may what, quotas, errors in the
// vendor's shapes. README says what it holds at the start, and what it leaves out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/testing/sandbox.hpp"
#include "plugins/sheets/sandbox/grid.hpp"
#include "plugins/sheets/sandbox/token.hpp"

namespace milepost::sheets::sandbox {

/// The spreadsheet that is there at the start.
inline constexpr const char* kSpreadsheet = "1MilepostSandbox00000000000000000000000000001";

class SheetsSandbox : public Sandbox {
 public:
  explicit SheetsSandbox(Host host) : host_(host) { reset(); }

  HttpResponse handle(const HttpRequest& request) override;
  Json state() const override;
  void reset() override;
  Result<std::vector<HttpRequest>> emit(const Json& event) override;

 private:
  /// A request that passed authentication and quota.
  struct Ask {
    Spreadsheet& in;
    testing::Params query;
    Json body;
  };
  struct Quotas {
    std::size_t user = 60, project = 300;  ///< a minute, for reads and for writes (limits page, read 2026-11)
  };

  HttpResponse serve(const HttpRequest& request);
  HttpResponse control(const HttpRequest& request);
  std::optional<HttpResponse> limited(bool writes);
  HttpResponse create(const Json& body);
  HttpResponse route(const HttpRequest& request, std::string_view rest, const Ask& ask);

  HttpResponse get(const Ask& ask, const std::string& range);
  HttpResponse batch_get(const Ask& ask);
  HttpResponse update(const Ask& ask, const std::string& range);
  HttpResponse append(const Ask& ask, const std::string& range);
  HttpResponse clear(const Ask& ask, const std::vector<std::string>& ranges, bool batch);
  HttpResponse batch_update_values(const Ask& ask);
  HttpResponse batch_update(const Ask& ask);

  Host host_;
  Tokens tokens_;
  std::map<std::string, Spreadsheet> all_;
  Quotas quotas_;
  std::map<std::string, testing::RollingWindow> windows_;
  unsigned long long made_ = 0;
};

/// {"error": {"code", "message", "status"}}.
HttpResponse refuse(int code, const std::string& status, const std::string& message);
HttpResponse invalid(const std::string& message);

/// Over all tabs, empty cells included.
inline constexpr std::size_t kMostCells = 10'000'000;
HttpResponse full();

}  // namespace milepost::sheets::sandbox
