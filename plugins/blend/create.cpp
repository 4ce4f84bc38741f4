#include "plugins/blend/create.hpp"

#include "plugins/blend/legacy.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

/// Settings of their own, which `fields` may not say another way.
constexpr std::pair<const char*, const char*> kOwn[] = {{"party", "party"},
                                                        {"crmId", "crm_id"},
                                                        {"sendEmailInvite", "send_email_invite"},
                                                        {"applicationSource", "source_type"}};

/// Ids and types: a receipt holds no names.
Json parties_of(const Json& application) {
  Json out = Json::array();
  const auto* parties = find(application, "/parties");
  if (parties == nullptr) parties = find(application, "/borrowers");
  if (parties != nullptr && parties->is_array())
    for (const auto& party : *parties) out.push_back({{"id", id_at(party, "/id")}, {"type", word_at(party, "/type")}});
  return out;
}

Answer receipt(const BlendConnection& connection, const Json& application, const std::string& crm_id,
               Answer::Effect effect) {
  const auto id = id_at(application, "/id");
  Answer answer;
  answer.effect = effect;
  answer.body = {{"id", id}, {"crm_id", crm_id}, {"new", effect == Answer::Effect::created}};
  auto parties = parties_of(application);
  for (const auto& party : parties)
    if (party["type"] == "BORROWER") answer.body["borrower_id"] = party["id"];
  if (!parties.empty()) answer.body["parties"] = std::move(parties);
  if (auto link = connection.deep_link(id); !link.empty()) answer.body["deep_link"] = std::move(link);
  answer.record = record_of(connection, id);
  return answer;
}

}  // namespace

Settings<CreateSettings> create_settings() {
  return Settings<CreateSettings>("Creates an application, once for each crm_id.")
      .required("crm_id", &CreateSettings::crm_id,
                "The CRM's own id of the loan, which finds it again: text or number.")
      .required("party", &CreateSettings::party,
                "The borrower, as Blend has it: {name: {firstName, lastName}, email, phoneNumbers, …}.",
                {{"type", "object"}})
      .optional("fields", &CreateSettings::fields, Json::object(),
                "Further fields by Blend's names: {solutionSubType: MORTGAGE, loanAmount: 312500.00, property: {…}}.",
                {{"type", "object"}})
      .optional("send_email_invite", &CreateSettings::send_email_invite, false,
                "Let Blend mail the borrower a link to start.")
      .optional("source_type", &CreateSettings::source_type, std::nullopt,
                "Where it comes from, unless as the connection says.", {{"enum", {"LOS", "CRM", "Other"}}})
      .optional("source_name", &CreateSettings::source_name, std::nullopt,
                "Its name, unless as the connection says; at most 15 characters.");
}

Result<NewApplication> to_application(const Json& with, const BlendConnection& connection) {
  auto settings = create_settings().parse(with);
  if (!settings) return fail(settings.error());
  const auto crm_id = scalar_text(settings->crm_id).value_or("");
  if (crm_id.find_first_not_of(" \t") == std::string::npos)
    return fail(ErrorKind::permanent, "crm_id: has no value; without it a lost answer could not be settled");
  if (!settings->fields.is_object()) return fail(ErrorKind::permanent, "fields: expected names and values");
  for (const auto& [theirs, ours] : kOwn)
    if (settings->fields.contains(theirs))
      return fail(ErrorKind::permanent, std::string("fields.") + theirs + ": say it by the setting " + ours);

  const auto party = without_nulls(settings->party);
  if (auto good = check_fields("party", party, "party", connection.unknown_too()); !good) return fail(good.error());
  if (text_at(party, "/email").empty() && !get<bool>(party, "/noEmailYet").value_or(false))
    return fail(ErrorKind::permanent, "party.email: missing; or say noEmailYet: true");
  const Json source{{"type", settings->source_type.value_or(connection.account().source_type)},
                    {"name", settings->source_name.value_or(connection.account().source_name)}};
  if (auto good = check_fields("source", source, ""); !good)
    return fail(ErrorKind::permanent, "source_" + good.error().message);

  auto body = without_nulls(settings->fields);
  body["party"] = party;
  body["crmId"] = crm_id;
  body["sendEmailInvite"] = settings->send_email_invite;
  body["applicationSource"] = source;
  if (auto good = check_fields("application", body, "fields", connection.unknown_too()); !good)
    return fail(good.error());
  if (connection.client().paths().legacy()) {
    auto old = to_legacy(body);
    if (!old) return fail(old.error());
    body = std::move(*old);
  }
  return NewApplication{crm_id, std::move(body)};
}

Result<Answer> CreateApplication::act(const Delivery& delivery, const Call& call) {
  const auto wanted = to_application(delivery.with, connection_);
  if (!wanted) return fail(wanted.error());
  auto there = existing(*wanted, Answer::Effect::unchanged, call);
  if (!there) return fail(there.error());
  if (*there) return std::move(**there);

  const auto target = client_.paths().applications();
  auto reply = client_.send({"create_application", "POST", target, wanted->body, Intent::once}, call);
  if (!reply) return fail(std::move(reply.error().error));
  // It may well be there: only the look-up can tell.
  if (id_at(*reply, "/id").empty())
    return fail(ErrorKind::indeterminate, "the answer has no application's id", "blend: POST " + target);
  return receipt(connection_, *reply, wanted->crm_id, Answer::Effect::created);
}

Result<std::optional<Answer>> CreateApplication::find(const Delivery& delivery, const Call& call) {
  const auto wanted = to_application(delivery.with, connection_);
  if (!wanted) return fail(wanted.error());
  return existing(*wanted, Answer::Effect::created, call);
}

Result<std::optional<Answer>> CreateApplication::existing(const NewApplication& wanted, Answer::Effect effect,
                                                          const Call& call) const {
  const auto found = by_crm_id(client_, wanted.crm_id, call);
  if (!found) return fail(found.error());
  if (found->empty()) return std::optional<Answer>();
  if (found->size() > 1) {
    // Somebody else's doing: Blend allows it. The earliest is taken, and a person told.
    host_.log().warn("applications_share_a_crm_id",
                     {{"count", found->size()}, {"first", id_at(found->front(), "/id")}});
    host_.metrics().count("shared_crm_ids");
  }
  return std::optional<Answer>(receipt(connection_, found->front(), wanted.crm_id, effect));
}

}  // namespace milepost::blend
