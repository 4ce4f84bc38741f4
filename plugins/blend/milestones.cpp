#include "plugins/blend/milestones.hpp"

#include <deque>

#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

/// What Blend says of one application in a bulk answer: done, refused with a code, or nothing.
struct Fate {
  bool done = false;
  int code = 0;
};

std::string application_of(const Json& entry) {
  for (const char* pointer : {"/applicationId", "/id", "/loanId"})
    if (auto id = text_at(entry, pointer); !id.empty()) return lower(std::move(id));
  return entry.is_string() ? lower(entry.get<std::string>()) : std::string();
}

std::map<std::string, Fate> read_fates(const Json& answer) {
  std::map<std::string, Fate> out;
  if (const auto* success = find(answer, "/success"); success != nullptr && success->is_array())
    for (const auto& entry : *success) out[application_of(entry)].done = true;
  if (const auto* errors = find(answer, "/error"); errors != nullptr && errors->is_array())
    for (const auto& entry : *errors) {
      const auto code = text_at(entry, "/code");
      const bool digits = !code.empty() && code.size() <= 3 && code.find_first_not_of("0123456789") == code.npos;
      out[application_of(entry)] = {false, digits ? std::stoi(code) : 400};
    }
  return out;
}

std::string state_key(const Delivery& delivery) { return "milestone/" + delivery.idempotency_key; }

}  // namespace

Settings<MilestoneSettings> milestone_settings() {
  return Settings<MilestoneSettings>("Sets an application's milestone.")
      .required("application_id", &MilestoneSettings::application_id, "The application's id at Blend.")
      .required("milestone", &MilestoneSettings::milestone,
                "PROCESSING, UNDERWRITING, APPROVED, CLEAR_TO_CLOSE, FUNDED … as Blend has them.")
      .optional("override", &MilestoneSettings::override_order, false,
                "Also backwards, and to a milestone that is out of order.")
      .optional("conflict", &MilestoneSettings::conflict, "fail",
                "Where Blend says 409 and it is not at this milestone, or cannot tell: fail, or skip.",
                {{"enum", {"fail", "skip"}}});
}

std::vector<Result<Answer>> SetMilestone::run(std::span<const Delivery> batch, const Call& call) {
  std::deque<Item> items;
  std::map<bool, Items> groups;
  for (const auto& delivery : batch) {
    auto& item = items.emplace_back();
    item.delivery = &delivery;
    auto settings = milestone_settings().parse(delivery.with);
    if (!settings) {
      item.result = fail(settings.error());
      continue;
    }
    auto id = id_setting(settings->application_id, "application_id");
    if (!id)
      item.result = fail(id.error());
    else if (!connection_.unknown_too() && !is_value("milestone", "losMilestone", settings->milestone))
      item.result = fail(ErrorKind::permanent, "milestone: Blend has none of this name");
    if (item.result) continue;
    item.application = *id;
    item.settings = std::move(*settings);
    groups[item.settings.override_order].push_back(&item);
  }
  for (const auto& [override_order, group] : groups) send(group, override_order, call);
  std::vector<Result<Answer>> results;
  for (auto& item : items) {
    const auto outcome = *item.result ? name((**item.result).effect) : name(item.result->error().kind);
    host_.metrics().count("items", 1, {{"action", "set_milestone"}, {"outcome", outcome}});
    results.push_back(std::move(*item.result));
  }
  return results;
}

void SetMilestone::send(const Items& items, bool override_order, const Call& call) {
  Json list = Json::array();
  for (const auto* item : items)
    list.push_back({{"applicationId", item->application}, {"losMilestone", item->settings.milestone}});
  const auto target = client_.paths().milestones();
  const auto origin = "blend: POST " + target;
  auto reply = client_.send({"set_milestone",
                             "POST",
                             target,
                             {{"losMilestones", std::move(list)}, {"override", override_order}},
                             Intent::repeatable},
                            call);
  if (!reply) {
    const auto& refusal = reply.error();
    if (refusal.error.kind == ErrorKind::retryable && refusal.status != 503) remember_unknown(items, call);
    for (auto* item : items) {
      if (refusal.status == 409 && items.size() == 1)
        item->result = settle_conflict(*item, refusal.error.origin, call);
      else
        item->result = fail(refusal.error);
    }
    return;
  }
  const auto fates = read_fates(*reply);
  for (auto* item : items) {
    const auto fate = fates.find(lower(item->application));
    if (fate == fates.end()) {
      item->result = fail(ErrorKind::retryable, "the bulk answer says nothing of this application", origin);
      remember_unknown({item}, call);
    } else if (fate->second.done) {
      item->result = receipt(*item, Answer::Effect::updated);
    } else if (fate->second.code == 409) {
      item->result = settle_conflict(*item, origin, call);
    } else if (fate->second.code == 429 || fate->second.code >= 500) {
      item->result =
          fail(ErrorKind::retryable, "Blend says " + std::to_string(fate->second.code) + " of this item", origin);
    } else {
      item->result =
          fail(ErrorKind::permanent,
               fate->second.code == 404 ? std::string("Blend has no such application")
                                        : "Blend says " + std::to_string(fate->second.code) + " of this item",
               origin);
    }
  }
}

Result<Answer> SetMilestone::settle_conflict(const Item& item, const std::string& origin, const Call& call) const {
  bool there = false, known = reads_milestones(connection_.account().api_version);
  if (known) {
    auto reply = client_.read("get_milestone", client_.paths().application(item.application) + "/los-milestones", call);
    if (reply)
      there = word_at(*reply, "/name") == item.settings.milestone;
    else if (reply.error().missing())
      known = false;
    else
      return fail(std::move(reply.error().error));
  }
  if (!known && was_unknown(item, call)) {
    there = true;
    host_.log().info("milestone_taken_as_set", {{"application", item.application}});
  }
  if (there) return receipt(item, Answer::Effect::unchanged);
  if (item.settings.conflict == "skip") return receipt(item, Answer::Effect::skipped);
  return fail(ErrorKind::permanent,
              known ? "Blend refuses this milestone: it is out of order, or not set up for this lender"
                    : "Blend says 409: it is at this milestone already, or may not go there; this version cannot tell",
              origin);
}

Answer SetMilestone::receipt(const Item& item, Answer::Effect effect) const {
  Answer answer;
  answer.effect = effect;
  answer.body = {{"application_id", item.application}, {"milestone", item.settings.milestone}};
  answer.record = record_of(connection_, item.application);
  return answer;
}

/// Kept only where an answer was lost, and small: a later 409 is then most likely our own doing. Where it cannot be
/// kept, that 409 is a conflict for a person.
void SetMilestone::remember_unknown(const Items& items, const Call& call) const {
  if (call.stopped() || reads_milestones(connection_.account().api_version)) return;
  for (const auto* item : items) {
    const auto had = host_.state().get(state_key(*item->delivery), call);
    if (!had || had->version != 0) continue;
    if (auto kept = host_.state().put(state_key(*item->delivery), item->settings.milestone, 0, call); !kept)
      host_.log().warn("milestone_not_remembered", {{"application", item->application}});
  }
}

bool SetMilestone::was_unknown(const Item& item, const Call& call) const {
  const auto had = host_.state().get(state_key(*item.delivery), call);
  return had && had->version != 0 && had->value == item.settings.milestone;
}

}  // namespace milepost::blend
