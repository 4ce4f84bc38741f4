#include "plugins/blend/notice.hpp"

#include <algorithm>
#include <array>

#include "milepost/times.hpp"
#include "plugins/blend/names.hpp"
#include "plugins/blend/safe.hpp"

namespace milepost::blend {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// v2's event types, and what they are about.
constexpr std::array<Pair, 9> kEventTypes = {{{"applicantEvent", "party"},
                                              {"applicationEvent", "application"},
                                              {"disclosuresEvent", "disclosure"},
                                              {"disclosureEvent", "disclosure"},
                                              {"documentEvent", "document"},
                                              {"eConsentStatus", "econsent"},
                                              {"systemEvent", "system"},
                                              {"workflowEvent", "workflow"},
                                              {"followUpEvent", "followup"}}};
constexpr std::array<std::string_view, 5> kTypes = {"application", "disclosure", "document", "followup", "party"};
/// v2's actions that go by another name in v3.
constexpr std::array<Pair, 6> kActions = {{{"update", "updated"},
                                           {"added", "created"},
                                           {"application_submitted", "submitted"},
                                           {"application_exported", "exported"},
                                           {"application_archived", "archived"},
                                           {"disclosures_status_change", "status_change"}}};
/// Actions and triggers of the vendor's pages; the whole glossary was not to be had.
constexpr std::array<std::string_view, 24> kKnown = {"created",
                                                     "updated",
                                                     "deleted",
                                                     "submitted",
                                                     "exported",
                                                     "archived",
                                                     "unarchived",
                                                     "available",
                                                     "broker_export",
                                                     "completed",
                                                     "ready_to_fund",
                                                     "trid_triggered",
                                                     "rejected",
                                                     "intent_to_proceed",
                                                     "disclosures_declined",
                                                     "disclosures_expired",
                                                     "disclosures_signed",
                                                     "disclosures_viewed",
                                                     "status_change",
                                                     "verification_ref_id_updated",
                                                     "disclosures_status_update",
                                                     "export",
                                                     "undefined",
                                                     "added"};

template <std::size_t size>
std::string_view named(const std::array<Pair, size>& pairs, std::string_view name) {
  for (const auto& [from, to] : pairs)
    if (from == name) return to;
  return {};
}

bool is_system(std::string_view word) {
  return word.find("health") != word.npos || word.find("heartbeat") != word.npos || word.starts_with("system");
}

/// Part of a type: what is no plain name could be anything.
std::string part(const std::string& text) { return is_id(text) ? lower(text) : "unknown"; }

/// The application that a link leads to. Only its path is read: nothing is ever sent to where a link points.
std::string linked_application(const Json& body) {
  const auto href = text_at(body, "/links/application/href");
  for (const std::string_view family : {"/home-lending/applications/", "/loans/"}) {
    const auto at = href.find(family);
    if (at == href.npos) continue;
    const auto id = href.substr(at + family.size());
    const auto end = std::min(id.find_first_of("/?#"), id.size());
    if (is_id(id.substr(0, end))) return id.substr(0, end);
  }
  return {};
}

Json payload_of(const Notice& notice, const std::string& action, int version, const Json* data) {
  Json out{{"eventId", notice.id}, {"type", notice.type}};
  if (!notice.application_id.empty()) out["applicationId"] = notice.application_id;
  out["entityType"] = notice.entity;
  if (!notice.entity_id.empty()) out["entityId"] = notice.entity_id;
  out["action"] = action;
  if (version != 0) out["version"] = version;
  if (data != nullptr) out["data"] = safe(*data);
  return out;
}

/// Entity and action are known; the rest follows.
void finish(Notice& notice, const std::string& action, int version, const Json* data) {
  const auto word = std::string(named(kActions, action).empty() ? std::string_view(action) : named(kActions, action));
  notice.type = notice.entity + "." + word;
  notice.system = is_system(notice.entity) || is_system(word);
  notice.known = std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end() &&
                 (std::find(kTypes.begin(), kTypes.end(), notice.entity) != kTypes.end() ||
                  notice.entity == "econsent" || notice.entity == "workflow");
  notice.payload = payload_of(notice, word, version, data);
}

Result<Notice> read_v3(const Json& body) {
  Notice notice;
  notice.id = text_at(body, "/id");
  const auto* data = find(body, "/data");
  notice.entity = part(text_at(body, "/data/type"));
  notice.entity_id = id_at(body, "/data/id");
  notice.application_id = notice.entity == "application" ? notice.entity_id : linked_application(body);
  auto action = text_at(body, "/data/trigger/type");
  if (action.empty()) action = text_at(body, "/data/action");
  for (const char* pointer : {"/data/trigger/triggeredAt", "/firstEmittedAt"})
    if (const auto* time = find(body, pointer); time != nullptr && !notice.time) notice.time = read_time(*time);
  finish(notice, part(action), 3, data);
  // v3's health check is described, its shape is not.
  notice.system = notice.system || is_system(lower(text_at(body, "/type")));
  if (auto trigger = text_at(body, "/data/trigger/type"); !trigger.empty())
    notice.payload["trigger"] = std::move(trigger);
  if (auto solution = text_at(body, "/data/solution"); !solution.empty())
    notice.payload["solution"] = std::move(solution);
  return notice;
}

/// `event_type`: "applicationEvent". v2's own names stay in the payload's data.
void take_v2(Notice& notice, const std::string& event_type, const std::string& action, const std::string& entity_type,
             const Json* data) {
  const auto about = named(kEventTypes, event_type);
  notice.entity = about.empty() ? part(event_type) : std::string(about);
  if (entity_type == "loan" || entity_type == "accountApplication") notice.application_id = notice.entity_id;
  finish(notice, part(action), data != nullptr ? 2 : 0, data);
}

Result<Notice> read_v2(const Json& body) {
  Notice notice;
  notice.id = text_at(body, "/eventId");
  notice.entity_id = id_at(body, "/message/entityId");
  if (const auto* time = find(body, "/originallyEmittedAt")) notice.time = read_time(*time);
  take_v2(notice, text_at(body, "/eventType"), text_at(body, "/message/entityAction"),
          text_at(body, "/message/entityType"), find(body, "/message"));
  if (auto solution = text_at(body, "/message/originationType"); !solution.empty())
    notice.payload["solution"] = std::move(solution);
  return notice;
}

}  // namespace

Result<Notice> read_notice(const Json& body) {
  if (!body.is_object()) return fail(ErrorKind::permanent, "the delivery is no notification of Blend's: no object");
  const bool old = body.contains("eventType") || body.contains("eventId");
  auto notice = old ? read_v2(body) : read_v3(body);
  if (!notice || notice->system) return notice;
  const char* const name = old ? "eventId" : "id";
  if (notice->id.empty())
    return fail(ErrorKind::permanent, std::string(name) + ": missing, so a repeat could not be told");
  if (notice->id.size() > 200) return fail(ErrorKind::permanent, std::string(name) + ": longer than 200 bytes");
  if (!old && find(body, "/data/type") == nullptr) return fail(ErrorKind::permanent, "data.type: missing");
  if (old && text_at(body, "/eventType").empty()) return fail(ErrorKind::permanent, "eventType: missing");
  return notice;
}

Result<Notice> read_row(const Json& row) {
  Notice notice;
  notice.id = text_at(row, "/eventId");
  if (notice.id.empty() || notice.id.size() > 200) return fail(ErrorKind::permanent, "eventId: missing or too long");
  notice.entity_id = id_at(row, "/entityId");
  if (const auto* time = find(row, "/createdAt")) notice.time = read_time(*time);
  const auto name = text_at(row, "/eventType");
  const auto dot = std::min(name.find('.'), name.size());
  const auto kind = name.substr(0, dot);
  take_v2(notice, kind, dot < name.size() ? name.substr(dot + 1) : "", kind == "applicationEvent" ? "loan" : "",
          nullptr);
  return notice;
}

std::string subject_of(const Notice& notice) {
  if (!notice.application_id.empty()) return "blend:application:" + notice.application_id;
  return "blend:" + notice.entity + ":" + (notice.entity_id.empty() ? notice.id : notice.entity_id);
}

bool type_fits(const std::vector<std::string>& patterns, const std::string& type) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return pattern.ends_with(".*") ? type.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == type;
         });
}

std::string submission_id(const std::string& application_id) { return "application:" + application_id + ":SUBMITTED"; }

std::optional<Event> to_event(const Notice& notice, const Taking& taking) {
  if (notice.system || !type_fits(taking.types, notice.type)) return std::nullopt;
  Event event;
  event.id = notice.id;
  if (taking.one_submission && notice.type == "application.submitted" && !notice.application_id.empty())
    event.id = submission_id(notice.application_id);
  event.type = notice.type;
  event.subject = subject_of(notice);
  event.time = notice.time;
  event.payload = Document(notice.payload);
  return event;
}

}  // namespace milepost::blend
