#include "plugins/blend/parties.hpp"

#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

/// Consent is a person's own act, recorded where it is given: no pipeline sets it.
constexpr const char* kConsents[] = {"econsent", "creditConsentGiven", "creditConsentGivenSoft", "creditConsentType",
                                     "creditConsentTypeSoft"};

Status no_consent(const Json& fields) {
  for (const char* name : kConsents)
    if (fields.is_object() && fields.contains(name))
      return fail(ErrorKind::permanent,
                  std::string("fields.") + name + ": consent is given by the person, and never set by a pipeline");
  return {};
}

/// The same person or firm? By the LOS's id where we give one, else by mail address, else by name.
bool same_party(const Json& there, const Json& wanted) {
  if (word_at(there, "/type") != text_at(wanted, "/type")) return false;
  if (const auto los = text_at(wanted, "/losPartyId"); !los.empty()) return text_at(there, "/losPartyId") == los;
  if (const auto email = text_at(wanted, "/email"); !email.empty())
    return lower(text_at(there, "/email")) == lower(email);
  return text_at(there, "/name/firstName") == text_at(wanted, "/name/firstName") &&
         text_at(there, "/name/lastName") == text_at(wanted, "/name/lastName");
}

Answer receipt(const Json& party, Answer::Effect effect, const std::string& application_id) {
  const auto id = id_at(party, "/id");
  Answer answer;
  answer.effect = effect;
  answer.body = {{"id", id}, {"type", word_at(party, "/type")}, {"new", effect == Answer::Effect::created}};
  if (!application_id.empty()) answer.body["application_id"] = application_id;
  answer.record = Record{"blend", "party", id, "", ""};
  return answer;
}

}  // namespace

Settings<AddPartySettings> add_party_settings() {
  return Settings<AddPartySettings>("Adds a party to an application; the borrower is made with the application.")
      .required("application_id", &AddPartySettings::application_id, "The application's id at Blend.")
      .required("type", &AddPartySettings::type, "COBORROWER, REAL_ESTATE_AGENT, ATTORNEY_IN_FACT … as Blend has them.")
      .required("name", &AddPartySettings::name, "{firstName, lastName}, and middleName, suffixName.",
                {{"type", "object"}})
      .optional("email", &AddPartySettings::email, "", "Mail address; empty: Blend is told that there is none yet.")
      .optional("fields", &AddPartySettings::fields, Json::object(),
                "Further fields by Blend's names: {losPartyId: P-7, homePhone: \"2185550143\", currentAddress: {…}}.",
                {{"type", "object"}});
}

Result<Json> AddParty::body_of(const Json& with) const {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  auto settings = add_party_settings().parse(with);
  if (!settings) return fail(settings.error());
  auto application = id_setting(settings->application_id, "application_id");
  if (!application) return fail(application.error());
  if (!settings->fields.is_object()) return fail(ErrorKind::permanent, "fields: expected names and values");
  for (const char* own : {"applicationId", "name", "type", "email"})
    if (settings->fields.contains(own))
      return fail(ErrorKind::permanent, std::string("fields.") + own + ": has a setting of its own");
  if (auto good = no_consent(settings->fields); !good) return fail(good.error());
  Json body{{"applicationId", *application}, {"name", without_nulls(settings->name)}, {"type", settings->type}};
  if (!settings->email.empty())
    body["email"] = settings->email;
  else
    body["noEmailYet"] = true;
  body.update(without_nulls(settings->fields));
  if (auto good = check_fields("new_party", body, "", connection_.unknown_too()); !good) return fail(good.error());
  return body;
}

Result<Answer> AddParty::act(const Delivery& delivery, const Call& call) {
  auto body = body_of(delivery.with);
  if (!body) return fail(body.error());
  auto there = existing(*body, Answer::Effect::unchanged, call);
  if (!there) return fail(there.error());
  if (*there) return std::move(**there);
  const auto application = text_at(*body, "/applicationId");
  const auto target = client_.paths().parties();
  auto reply = client_.send({"add_party", "POST", target, std::move(*body), Intent::once}, call);
  if (!reply) return fail(std::move(reply.error().error));
  if (id_at(*reply, "/id").empty())
    return fail(ErrorKind::indeterminate, "the answer has no party's id", "blend: POST " + target);
  return receipt(*reply, Answer::Effect::created, application);
}

Result<std::optional<Answer>> AddParty::find(const Delivery& delivery, const Call& call) {
  const auto body = body_of(delivery.with);
  if (!body) return fail(body.error());
  return existing(*body, Answer::Effect::created, call);
}

Result<std::optional<Answer>> AddParty::existing(const Json& body, Answer::Effect effect, const Call& call) const {
  const auto application = text_at(body, "/applicationId");
  std::optional<Answer> found;
  auto walked = walk(client_, "list_parties", client_.paths().application(application) + "/parties", "", "parties",
                     call, [&](const Json& party) {
                       if (same_party(party, body) && !id_at(party, "/id").empty())
                         found = receipt(party, effect, application);
                       return !found;
                     });
  if (!walked) return fail(walked.error());
  return found;
}

Settings<UpdatePartySettings> update_party_settings() {
  return Settings<UpdatePartySettings>("Updates a party by absolute values.")
      .required("id", &UpdatePartySettings::id, "The party's id at Blend.")
      .required("fields", &UpdatePartySettings::fields,
                "What to set, by Blend's names: {email: …, phoneNumbers: […], losPartyId: P-7}. Null leaves a field.",
                {{"type", "object"}});
}

Result<Answer> UpdateParty::act(const Delivery& delivery, const Call& call) {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  const auto settings = update_party_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto id = id_setting(settings->id, "id");
  if (!id) return fail(id.error());
  if (auto good = no_consent(settings->fields); !good) return fail(good.error());
  const auto fields = without_nulls(settings->fields);
  if (auto good = check_fields("party_patch", fields, "fields", connection_.unknown_too()); !good)
    return fail(good.error());
  auto reply = client_.send({.operation = "update_party",
                             .method = "PATCH",
                             .target = client_.paths().parties() + '/' + *id,
                             .body = fields,
                             .intent = Intent::repeatable,
                             .may_be_empty = true},
                            call);
  if (!reply) return fail(std::move(reply.error().error));
  const auto told = id_at(*reply, "/id");
  if (!told.empty() && lower(told) != lower(*id))
    return fail(ErrorKind::permanent, "the answer is about another party", "blend: PATCH " + client_.paths().parties());
  Json party{{"id", *id}, {"type", reply->is_object() ? word_at(*reply, "/type") : ""}};
  return receipt(party, Answer::Effect::updated, reply->is_object() ? id_at(*reply, "/applicationId") : "");
}

Settings<AssignSettings> assign_settings() {
  return Settings<AssignSettings>("Assigns people of the lender to an application.")
      .required("application_id", &AssignSettings::application_id, "The application's id at Blend.")
      .required("assignees", &AssignSettings::assignees,
                "Users' ids, or {userId, role} with PRIMARY_ASSIGNEE or ASSIGNEE (default).", {{"type", "array"}})
      .optional("mode", &AssignSettings::mode, "add",
                "add: beside those who are there; replace: nobody else stays assigned.", {{"enum", {"add", "replace"}}})
      .optional("auto_assign", &AssignSettings::auto_assign, false,
                "With replace: let Blend add the loan team by its own rules.");
}

Result<Answer> Assign::act(const Delivery& delivery, const Call& call) {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  const auto settings = assign_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto id = id_setting(settings->application_id, "application_id");
  if (!id) return fail(id.error());
  if (!settings->assignees.is_array() || (settings->assignees.empty() && settings->mode == "add"))
    return fail(ErrorKind::permanent, "assignees: expected a list of users");
  Json all = Json::array();
  for (const auto& one : settings->assignees) {
    Json entry = one.is_object() ? without_nulls(one) : Json{{"userId", scalar_text(one).value_or("")}};
    if (!entry.contains("role")) entry["role"] = "ASSIGNEE";
    if (auto good = check_fields("assignee", entry, "assignees[" + std::to_string(all.size()) + "]"); !good)
      return fail(good.error());
    if (!is_id(text_at(entry, "/userId"))) return fail(ErrorKind::permanent, "assignees: expected users' ids");
    all.push_back(std::move(entry));
  }
  const bool replace = settings->mode == "replace";
  auto target = client_.paths().application(*id) + "/assignees";
  if (replace) target += settings->auto_assign ? "?autoAssignLoanTeam=true" : "?autoAssignLoanTeam=false";
  const auto count = all.size();
  auto reply = client_.send({.operation = "assign",
                             .method = replace ? "PUT" : "PATCH",
                             .target = target,
                             .body = {{"assignees", std::move(all)}},
                             .intent = Intent::repeatable,
                             .may_be_empty = true},
                            call);
  if (!reply) return fail(std::move(reply.error().error));
  Answer answer;
  answer.effect = Answer::Effect::updated;
  answer.body = {{"application_id", *id}, {"assigned", count}};
  answer.record = record_of(connection_, *id);
  return answer;
}

}  // namespace milepost::blend
