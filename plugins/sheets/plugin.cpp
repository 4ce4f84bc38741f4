// What this plugin offers.
#include "milepost/plugin.hpp"

#include "plugins/sheets/connection.hpp"
#include "plugins/sheets/rows.hpp"
#include "plugins/sheets/write.hpp"

namespace milepost::sheets {

static Plugin plugin() {
  // "Not there" is believed once the vendor cannot be at work any more.
  const Traits traits{
      .max_batch = 200, .replay = Replay::never, .settles_after = kMostProcessing, .effect = Kind::record};
  auto by_key = traits;
  by_key.batch_key = "/key";
  return Plugin("sheets", MILEPOST_SDK_VERSION, "Google Sheets: rows out, and a person's rows in.")
      .connection<Account, SheetsConnection>(
          account_settings(),
          credentials::jwt_bearer("key", "https://www.googleapis.com/auth/spreadsheets", "token_url"))
      .action<Append, SheetsConnection>("append", "Adds a row, once for each delivery.", append_settings(), traits)
      .action<Upsert, SheetsConnection>("upsert", "Writes the row that has a key, or adds it.", upsert_settings(),
                                        by_key)
      .polling<Rows, SheetsConnection>("rows", "New and changed rows of a tab.", rows_settings());
}

}  // namespace milepost::sheets

MILEPOST_PLUGIN(milepost::sheets::plugin)
