#include "plugins/blend/follow_up.hpp"

#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

std::string reference_of(const Delivery& delivery) { return "milepost-" + delivery.idempotency_key; }

Result<Json> body_of(const Delivery& delivery, const BlendConnection& connection) {
  auto settings = follow_up_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  auto id = id_setting(settings->application_id, "application_id");
  if (!id) return fail(id.error());
  if (!settings->context.is_object()) return fail(ErrorKind::permanent, "context: expected names and values");
  Json body{{"applicationId", *id},
            {"type", settings->type},
            {"context", without_nulls(settings->context)},
            {"clientFollowUpReferenceId", reference_of(delivery)}};
  if (!settings->comments.empty()) body["comments"] = settings->comments;
  if (!settings->due_date.empty()) body["dueDate"] = settings->due_date;
  if (auto good = check_fields("follow_up", body, "", connection.unknown_too()); !good) {
    auto error = good.error();
    if (error.message.starts_with("dueDate")) error.message.replace(0, 7, "due_date");
    return fail(std::move(error));
  }
  return body;
}

Answer receipt(const Json& follow_up, Answer::Effect effect) {
  const auto id = id_at(follow_up, "/id");
  Answer answer;
  answer.effect = effect;
  answer.body = {{"id", id}, {"new", effect == Answer::Effect::created}};
  if (auto status = word_at(follow_up, "/status"); !status.empty()) answer.body["status"] = std::move(status);
  answer.record = Record{"blend", "follow_up", id, "", ""};
  return answer;
}

}  // namespace

Settings<FollowUpSettings> follow_up_settings() {
  return Settings<FollowUpSettings>("Creates a follow-up, once for each delivery.")
      .required("application_id", &FollowUpSettings::application_id, "The application's id at Blend.")
      .required("type", &FollowUpSettings::type, "DOCUMENT_REQUEST, PAYSTUBS, W2, TAX_RETURN … as Blend has them.")
      .required("context", &FollowUpSettings::context,
                "What it is about, which depends on the type: {partyId: …, document: {…}}, {w2Year: 2025}.",
                {{"type", "object"}})
      .optional("comments", &FollowUpSettings::comments, "", "Words for whoever is asked.")
      .optional("due_date", &FollowUpSettings::due_date, "", "A date such as 2026-12-01.");
}

Result<Answer> CreateFollowUp::act(const Delivery& delivery, const Call& call) {
  if (auto spoken = needs_v3(); !spoken) return fail(spoken.error());
  auto body = body_of(delivery, connection_);
  if (!body) return fail(body.error());
  auto there = existing(*body, call);
  if (!there) return fail(there.error());
  if (*there) return std::move(**there);
  auto reply = client_.send({"create_follow_up", "POST", "/follow-ups", std::move(*body), Intent::once}, call);
  if (!reply) return fail(std::move(reply.error().error));
  if (id_at(*reply, "/id").empty())
    return fail(ErrorKind::indeterminate, "the answer has no follow-up's id", "blend: POST /follow-ups");
  return receipt(*reply, Answer::Effect::created);
}

Result<std::optional<Answer>> CreateFollowUp::find(const Delivery& delivery, const Call& call) {
  const auto body = body_of(delivery, connection_);
  if (!body) return fail(body.error());
  return existing(*body, call);
}

/// By our reference, which no other delivery has: what is found is this delivery's own.
Result<std::optional<Answer>> CreateFollowUp::existing(const Json& body, const Call& call) const {
  const auto query = "applicationId=" + escaped(text_at(body, "/applicationId"));
  const auto ours = text_at(body, "/clientFollowUpReferenceId");
  std::optional<Answer> found;
  auto walked = walk(client_, "list_follow_ups", "/follow-ups", query, "followUps", call, [&](const Json& one) {
    if (text_at(one, "/clientFollowUpReferenceId") == ours && !id_at(one, "/id").empty())
      found = receipt(one, Answer::Effect::created);
    return !found;
  });
  if (!walked) return fail(walked.error());
  return found;
}

}  // namespace milepost::blend
