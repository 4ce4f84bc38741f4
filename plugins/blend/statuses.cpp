#include "plugins/blend/statuses.hpp"

#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {

Settings<ExportStatusSettings> export_status_settings() {
  return Settings<ExportStatusSettings>("Tells Blend how an application's export went.")
      .required("application_id", &ExportStatusSettings::application_id, "The application's id at Blend.")
      .required("status", &ExportStatusSettings::status, "How it stands.",
                {{"enum", {"IN_PROGRESS", "FAILED", "SUCCESS"}}})
      .optional("reason", &ExportStatusSettings::reason, "", "Why, for the lender's people; no borrower's data.");
}

Result<Answer> SetExportStatus::act(const Delivery& delivery, const Call& call) {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  const auto settings = export_status_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto id = id_setting(settings->application_id, "application_id");
  if (!id) return fail(id.error());
  Json body{{"status", settings->status}};
  if (!settings->reason.empty()) body["reason"] = settings->reason;
  auto reply = client_.send({.operation = "set_export_status",
                             .method = "POST",
                             .target = client_.paths().application(*id) + "/export-status",
                             .body = std::move(body),
                             .intent = Intent::repeatable,
                             .may_be_empty = true},
                            call);
  if (!reply) return fail(std::move(reply.error().error));
  Answer answer;
  answer.effect = Answer::Effect::updated;
  answer.body = {{"application_id", *id}, {"status", settings->status}};
  answer.record = record_of(connection_, *id);
  return answer;
}

Settings<EventStatusSettings> event_status_settings() {
  return Settings<EventStatusSettings>("Tells Blend what became of one of its events.")
      .required("event_id", &EventStatusSettings::event_id, "The event's id at Blend: ${event.id}.")
      .required("status", &EventStatusSettings::status,
                "FAILED asks Blend to deliver it again: say it only of what that could cure.",
                {{"enum", {"PROCESSING", "SUCCEEDED", "FAILED", "NO_ACTION"}}})
      .optional("message", &EventStatusSettings::message, "", "With FAILED: what went wrong; no borrower's data.")
      .optional("reason", &EventStatusSettings::reason, "", "With FAILED: why.");
}

Result<Answer> UpdateEventStatus::act(const Delivery& delivery, const Call& call) {
  const auto settings = event_status_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto id = id_setting(settings->event_id, "event_id");
  if (!id) return fail(id.error());
  Json body{{"status", settings->status}};
  if (!settings->message.empty() || !settings->reason.empty()) {
    if (settings->status != "FAILED")
      return fail(ErrorKind::permanent, (settings->message.empty() ? std::string("reason") : std::string("message")) +
                                            ": Blend takes an error with the status FAILED only");
    body["error"] = {{"message", settings->message}, {"reason", settings->reason}};
  }
  auto reply = client_.send({.operation = "update_event_status",
                             .method = "POST",
                             .target = "/events/" + *id + "/status-updates",
                             .body = std::move(body),
                             .intent = Intent::repeatable,
                             .profiled = true,
                             .may_be_empty = true},
                            call);
  if (!reply) return fail(std::move(reply.error().error));
  Answer answer;
  answer.effect = Answer::Effect::updated;
  answer.body = {{"event_id", *id}, {"status", settings->status}};
  return answer;
}

}  // namespace milepost::blend
