#include "plugins/blend/update.hpp"

#include <algorithm>

#include "plugins/blend/legacy.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

std::unexpected<Error> not_there(const Client& client) {
  return fail(ErrorKind::permanent, "Blend has no such application", "blend: GET " + client.paths().applications());
}

Json today(const Client& client, const Json& application) {
  return client.paths().legacy() ? from_legacy(application) : application;
}

}  // namespace

Settings<GetSettings> get_settings() {
  return Settings<GetSettings>("Reads an application by its id, or by the CRM's.")
      .optional("id", &GetSettings::id, Json(""), "The application's id at Blend.")
      .optional("crm_id", &GetSettings::crm_id, Json(""), "Else the CRM's own id of it.")
      .optional("keep", &GetSettings::keep, std::vector<std::string>(),
                "Which of the application's fields the answer keeps, by Blend's names; empty: all but secrets.")
      .optional("must_exist", &GetSettings::must_exist, true,
                "Fail where there is none; else the answer is skipped, with found: false.");
}

Result<Answer> GetApplication::act(const Delivery& delivery, const Call& call) {
  const auto settings = get_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  auto found = named_application(client_, settings->id, settings->crm_id, call);
  if (!found) return fail(found.error());
  Answer answer;
  if (!*found) {
    if (settings->must_exist) return not_there(client_);
    answer.effect = Answer::Effect::skipped;
    answer.body = {{"found", false}};
    return answer;
  }
  const auto application = today(client_, **found);
  answer.effect = Answer::Effect::unchanged;
  answer.body = summary(connection_, application);
  answer.body["found"] = true;
  auto told = safe(application);
  if (!settings->keep.empty()) {
    Json kept = Json::object();
    for (const auto& [name, value] : told.items())
      if (std::find(settings->keep.begin(), settings->keep.end(), name) != settings->keep.end()) kept[name] = value;
    told = std::move(kept);
  }
  answer.body["application"] = std::move(told);
  answer.record = record_of(connection_, id_at(application, "/id"));
  return answer;
}

Settings<UpdateSettings> update_settings() {
  return Settings<UpdateSettings>("Updates an application by absolute values.")
      .optional("id", &UpdateSettings::id, Json(""), "The application's id at Blend.")
      .optional("crm_id", &UpdateSettings::crm_id, Json(""), "Else the CRM's own id of it.")
      .required("fields", &UpdateSettings::fields,
                "What to set, by Blend's names: {losId: L-1001, loanAmount: 312500.00}. Null leaves a field as it is.",
                {{"type", "object"}});
}

Result<Answer> UpdateApplication::act(const Delivery& delivery, const Call& call) {
  const auto settings = update_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto fields = without_nulls(settings->fields);
  if (auto good = check_fields("application_patch", fields, "fields", connection_.unknown_too()); !good)
    return fail(good.error());
  auto body = client_.paths().legacy() ? to_legacy_patch(fields) : Result<Json>(fields);
  if (!body) return fail(body.error());

  auto found = named_application(client_, settings->id, settings->crm_id, call);
  if (!found) return fail(found.error());
  if (!*found) return not_there(client_);
  const auto application = today(client_, **found);
  const auto id = id_at(application, "/id");
  Answer answer;
  answer.effect = holds(application, fields) ? Answer::Effect::unchanged : Answer::Effect::updated;
  answer.body = {{"id", id}};
  if (auto link = connection_.deep_link(id); !link.empty()) answer.body["deep_link"] = std::move(link);
  answer.record = record_of(connection_, id);
  if (answer.effect == Answer::Effect::unchanged) return answer;
  // A 200 without a described body: what it holds, if anything, is not read.
  auto reply = client_.send({.operation = "update_application",
                             .method = "PATCH",
                             .target = client_.paths().application(id),
                             .body = std::move(*body),
                             .intent = Intent::repeatable,
                             .may_be_empty = true},
                            call);
  if (!reply) return fail(std::move(reply.error().error));
  return answer;
}

}  // namespace milepost::blend
