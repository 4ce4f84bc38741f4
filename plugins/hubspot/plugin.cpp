// What this plugin offers.
#include "milepost/plugin.hpp"

#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/note.hpp"
#include "plugins/hubspot/upsert.hpp"

namespace milepost::hubspot {

using namespace std::chrono_literals;

static Plugin plugin() {
  return Plugin("hubspot", MILEPOST_SDK_VERSION, "HubSpot CRM: records and notes.")
      .connection<Account, HubspotConnection>(account_settings(), credentials::bearer("token"))
      // 100 inputs a call (using object APIs, read 2026-11).
      .action<Upsert, HubspotConnection>(
          "upsert", "Creates or updates a record by a unique property.", upsert_settings(),
          {.max_batch = 100, .replay = Replay::always, .effect = Kind::record, .batch_key = "/key"})
      .action<Note, HubspotConnection>(
          "note", "Puts a note on the timeline of records.", note_settings(),
          {.max_batch = 1, .replay = Replay::never, .settles_after = 30s, .effect = Kind::record});
}

}  // namespace milepost::hubspot

MILEPOST_PLUGIN(milepost::hubspot::plugin)
