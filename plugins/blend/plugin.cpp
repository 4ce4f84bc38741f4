// What this plugin offers.
#include "milepost/plugin.hpp"

#include "plugins/blend/account.hpp"
#include "plugins/blend/create.hpp"
#include "plugins/blend/follow_up.hpp"
#include "plugins/blend/milestones.hpp"
#include "plugins/blend/parties.hpp"
#include "plugins/blend/sources.hpp"
#include "plugins/blend/statuses.hpp"
#include "plugins/blend/update.hpp"

namespace milepost::blend {

using namespace std::chrono_literals;

static Plugin plugin() {
  return Plugin("blend", MILEPOST_SDK_VERSION, "Blend's lending platform: applications, and what borrowers do in them.")
      .connection<Account, BlendConnection>(account_settings(), account_credentials())
      .action<CreateApplication, BlendConnection>(
          "create_application", "Creates an application, once for each crm_id.", create_settings(),
          {.replay = Replay::never, .settles_after = 30s, .effect = Kind::record})
      .action<GetApplication, BlendConnection>("get_application", "Reads an application by its id, or by the CRM's.",
                                               get_settings(), {.replay = Replay::always, .effect = Kind::other})
      .action<UpdateApplication, BlendConnection>("update_application", "Updates an application by absolute values.",
                                                  update_settings(), {.replay = Replay::always, .effect = Kind::record})
      .action<AddParty, BlendConnection>("add_party", "Adds a party to an application.", add_party_settings(),
                                         {.replay = Replay::never, .settles_after = 30s, .effect = Kind::record})
      .action<UpdateParty, BlendConnection>("update_party", "Updates a party by absolute values.",
                                            update_party_settings(), {.replay = Replay::always, .effect = Kind::record})
      .action<Assign, BlendConnection>("assign", "Assigns people of the lender to an application.", assign_settings(),
                                       {.replay = Replay::always, .effect = Kind::record})
      // The bulk call names no limit of its own; 50 are a page of Blend's lists.
      .action<SetMilestone, BlendConnection>(
          "set_milestone", "Sets applications' milestones, in bulk.", milestone_settings(),
          {.max_batch = 50, .replay = Replay::always, .effect = Kind::record, .batch_key = "/application_id"})
      .action<SetExportStatus, BlendConnection>("set_export_status", "Tells Blend how an application's export went.",
                                                export_status_settings(),
                                                {.replay = Replay::always, .effect = Kind::record})
      // A follow-up asks a person for something: it may mail them.
      .action<CreateFollowUp, BlendConnection>("create_follow_up", "Asks the borrower or the lender for something.",
                                               follow_up_settings(),
                                               {.replay = Replay::never, .settles_after = 30s, .effect = Kind::message})
      .action<UploadDocument, BlendConnection>("upload_document", "Uploads a document, once for each name.",
                                               document_settings(),
                                               {.replay = Replay::never, .settles_after = 30s, .effect = Kind::record})
      .action<UpdateEventStatus, BlendConnection>("update_event_status", "Tells Blend what became of its event.",
                                                  event_status_settings(),
                                                  {.replay = Replay::always, .effect = Kind::record})
      // No verifier of its own: Blend signs nothing. 200 is "accepted", 204 "nothing to do", all else comes again.
      .webhook<EventsSource>("events", "Event Notifications, v2 and v3.", events_settings(), {.accepted_status = 200})
      .polling<RecoverySource, BlendConnection>("recovery", "Events that Blend sent and we never had.",
                                                recovery_settings())
      .polling<ApplicationsSource, BlendConnection>("applications", "Applications by their status, from Blend's list.",
                                                    applications_settings());
}

}  // namespace milepost::blend

MILEPOST_PLUGIN(milepost::blend::plugin)
