// What this plugin offers.
#include "milepost/plugin.hpp"

#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/note.hpp"
#include "plugins/hubspot/reads.hpp"
#include "plugins/hubspot/sources.hpp"
#include "plugins/hubspot/upsert.hpp"

namespace milepost::hubspot {

using namespace std::chrono_literals;

static Plugin plugin() {
  return Plugin("hubspot", MILEPOST_SDK_VERSION, "HubSpot CRM: records, timelines, and what changes there.")
      .connection<Account, HubspotConnection>(account_settings(), credentials::bearer("token"))
      // 100 inputs a call (using object APIs, read 2026-11).
      .action<Upsert, HubspotConnection>(
          "upsert", "Creates or updates a record by a unique property.", upsert_settings(),
          {.max_batch = 100, .replay = Replay::always, .effect = Kind::record, .batch_key = "/key"})
      .action<Note, HubspotConnection>(
          "note", "Puts a note on the timeline of records.", note_settings(),
          {.max_batch = 1, .replay = Replay::never, .settles_after = 30s, .effect = Kind::record})
      .action<PostalMail, HubspotConnection>(
          "postal_mail", "Puts a mailed piece on the timeline of records.", postal_mail_settings(),
          {.max_batch = 1, .replay = Replay::never, .settles_after = 30s, .effect = Kind::record})
      .action<Associate, HubspotConnection>("associate", "Ties a record to others.", associate_settings(),
                                            {.replay = Replay::always, .effect = Kind::record})
      .action<Get, HubspotConnection>("get", "Reads a record by its id or by a unique property.", get_settings(),
                                      {.replay = Replay::always, .effect = Kind::other})
      .action<Search, HubspotConnection>("search", "Searches records, for people: its index lags behind.",
                                         search_settings(), {.replay = Replay::always, .effect = Kind::other})
      .webhook<EventsSource>("events", "HubSpot's webhooks, signature v3.", events_settings(),
                             {.verify = events_verifier()})
      .polling<ChangesSource, HubspotConnection>("changes", "Records modified since, for what webhooks missed.",
                                                 changes_settings());
}

}  // namespace milepost::hubspot

MILEPOST_PLUGIN(milepost::hubspot::plugin)
