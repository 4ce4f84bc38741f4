#include "plugins/hubspot/note.hpp"

#include <algorithm>
#include <set>

namespace milepost::hubspot {
namespace {

/// hs_note_body (notes guide, read 2026-11). Of hs_postal_mail_body no limit is told: taken as the same, UNCONFIRMED.
constexpr std::size_t kMostCharacters = 65'536;
/// batch/read (using object APIs, read 2026-11).
constexpr std::size_t kMostInputs = 100;

std::optional<int> association_type(const Engagement& kind, std::string_view object) {
  for (const auto& [name, type] : kind.about)
    if (name == object) return type;
  return std::nullopt;
}

/// UTF-16 units, the larger way to count.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    count += (byte & 0xC0) != 0x80 ? (byte >= 0xF0 ? 2u : 1u) : 0u;
  }
  return count;
}

/// Milliseconds since 1970, or an ISO date with a time.
bool is_time(std::string_view text) {
  if (text.empty() || text.size() > 40) return false;
  if (text.find_first_not_of("0123456789") == text.npos) return text.size() <= 15;
  return text.find_first_not_of("0123456789-+:.TZ") == text.npos && text.size() >= 16 && text[4] == '-' &&
         text[7] == '-' && text[10] == 'T';
}

std::string milliseconds(Time time) {
  return std::to_string(std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
}

Settings<NoteSettings> engagement_settings(const char* sentence) {
  return Settings<NoteSettings>(sentence)
      .required("about", &NoteSettings::about,
                "The records: contacts, deals, companies or tickets, each to an id or a list of ids: {deals: 8817}.",
                {{"type", "object"}, {"minProperties", 1}})
      .required("body", &NoteSettings::body, "The text; HubSpot shows it as rich text. A short marker line is added.")
      .optional("time", &NoteSettings::time, Json(""),
                "When it happened: ISO with a time, or milliseconds since 1970; empty: the event's time, else now.");
}

}  // namespace

const Settings<NoteSettings>& note_settings() {
  static const auto spec = engagement_settings("Puts a note on the timeline of records.");
  return spec;
}
const Settings<NoteSettings>& postal_mail_settings() {
  static const auto spec = engagement_settings("Puts a mailed piece on the timeline of records.");
  return spec;
}

std::string marker_of(const std::string& idempotency_key) { return "[milepost " + idempotency_key.substr(0, 16) + "]"; }

Result<Draft> to_draft(const Delivery& delivery, Time now, const Engagement& kind) {
  auto settings = note_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  auto targets = to_targets(settings->about, "about");
  if (!targets) return fail(targets.error());
  if (targets->empty()) return fail(ErrorKind::permanent, "about: names no record");
  for (const auto& target : *targets)
    if (!association_type(kind, target.object))
      return fail(ErrorKind::permanent, "about." + target.object + ": " + std::string(kind.word) +
                                            " is about contacts, deals, companies or tickets");
  if (settings->body.empty()) return fail(ErrorKind::permanent, "body: is empty");
  const auto time = scalar_text(settings->time).value_or("?");
  if (!time.empty() && !is_time(time))
    return fail(ErrorKind::permanent,
                "time: expected ISO with a time, such as 2026-11-02T09:00:00Z, or milliseconds since 1970");
  Draft draft;
  draft.about = std::move(*targets);
  draft.marker = marker_of(delivery.idempotency_key);
  draft.body = settings->body + "\n" + draft.marker;
  draft.time = !time.empty() ? time : milliseconds(delivery.event->time.value_or(now));
  if (characters(draft.body) > kMostCharacters)
    return fail(ErrorKind::permanent, "body: longer than the " + std::to_string(kMostCharacters) + " characters of " +
                                          std::string(kind.word) + ", its marker included");
  return draft;
}

Json to_note(const Draft& draft, const Engagement& kind) {
  Json associations = Json::array();
  for (const auto& target : draft.about) {
    Json type{{"associationCategory", "HUBSPOT_DEFINED"},
              {"associationTypeId", *association_type(kind, target.object)}};
    associations.push_back({{"to", {{"id", target.id}}}, {"types", Json::array({std::move(type)})}});
  }
  return {{"properties", {{"hs_timestamp", draft.time}, {std::string(kind.body_property), draft.body}}},
          {"associations", std::move(associations)}};
}

Result<Answer> Note::to_answer(const Json& record, const Asked& asked) const {
  const auto id = id_at(record, "/id");
  // It may well be there: only the look-up can tell.
  if (id.empty()) return fail(ErrorKind::indeterminate, "the answer has no engagement's id", asked.origin);
  const auto url = get<std::string>(record, "/url").value_or("");
  const std::string object(kind_.object);
  Answer answer;
  answer.body = {{"id", id}, {"object", object}, {"new", true}};
  if (!url.empty()) answer.body["url"] = url;
  answer.record = Record{"hubspot", object, id, get<std::string>(record, "/updatedAt").value_or(""), url};
  return answer;
}

Result<Answer> Note::run_one(const Delivery& delivery, const Call& call) {
  auto result = create(delivery, call);
  const auto outcome = result ? name(result->effect) : name(result.error().kind);
  host_.metrics().count("items", 1, {{"action", kind_.action}, {"outcome", outcome}});
  return result;
}

Result<Answer> Note::create(const Delivery& delivery, const Call& call) const {
  const auto draft = to_draft(delivery, host_.clock().now(), kind_);
  if (!draft) return fail(draft.error());
  const auto target = client_.paths().objects(std::string(kind_.object));
  auto reply = client_.send("create_" + std::string(kind_.action), "POST", target, to_note(*draft, kind_), Intent::once,
                            {"hs_timestamp", std::string(kind_.body_property)}, call);
  if (!reply) return fail(std::move(reply.error().error));
  return to_answer(*reply, {"hubspot: POST " + target, Intent::once, {}});
}

Result<std::optional<Answer>> Note::find(const Delivery& delivery, const Call& call) {
  const auto draft = to_draft(delivery, host_.clock().now(), kind_);
  if (!draft) return fail(draft.error());
  // One record would do if note and associations are made as one, which HubSpot does not promise: so each is asked.
  std::set<std::string> seen;
  for (const auto& target : draft->about) {
    auto ids = notes_of(target, call);
    if (!ids) return fail(ids.error());
    std::erase_if(*ids, [&](const std::string& id) { return !seen.insert(id).second; });
    for (std::size_t at = 0; at < ids->size(); at += kMostInputs) {
      const auto end = std::min(at + kMostInputs, ids->size());
      auto found =
          marked({ids->begin() + static_cast<std::ptrdiff_t>(at), ids->begin() + static_cast<std::ptrdiff_t>(end)},
                 draft->marker, call);
      if (!found || *found) return found;
    }
  }
  return std::optional<Answer>();
}

/// Ids of a record's engagements of this kind, newest first.
Result<std::vector<std::string>> Note::notes_of(const Target& target, const Call& call) const {
  const auto path = client_.paths().associations(target.object, target.id, std::string(kind_.object));
  std::vector<std::string> ids;
  std::set<std::string> pages;
  for (std::string after; pages.insert(after).second;) {
    auto reply = client_.read("associations", after.empty() ? path : path + "?after=" + after, call);
    if (!reply) return fail(std::move(reply.error().error));
    const auto* results = milepost::find(*reply, "/results");
    // "None" would have the engagement made a second time: better no answer than that one.
    if (results == nullptr || !results->is_array())
      return fail(ErrorKind::retryable, "the answer is no list of records", "hubspot: GET " + path);
    for (const auto& entry : *results) {
      auto id = id_at(entry, "/toObjectId");
      if (id.empty()) id = id_at(entry, "/id");
      if (!id.empty()) ids.push_back(std::move(id));
    }
    const auto* next = milepost::find(*reply, "/paging/next/after");
    after = next != nullptr ? scalar_text(*next).value_or("") : "";
    if (after.empty()) {
      std::sort(ids.begin(), ids.end(),
                [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() > b.size() : a > b; });
      return ids;
    }
    if (!is_page_token(after)) break;
  }
  return fail(ErrorKind::permanent, "the list of the record's " + std::string(kind_.object) + " does not end",
              "hubspot: GET " + path);
}

Result<std::optional<Answer>> Note::marked(const std::vector<std::string>& ids, const std::string& marker,
                                           const Call& call) const {
  const auto target = client_.paths().objects(std::string(kind_.object)) + "/batch/read";
  const std::string property(kind_.body_property);
  Json inputs = Json::array();
  for (const auto& id : ids) inputs.push_back({{"id", id}});
  auto reply = client_.send("read_" + std::string(kind_.object), "POST", target,
                            {{"properties", Json::array({property})}, {"inputs", inputs}}, Intent::read, {}, call);
  if (!reply) return fail(std::move(reply.error().error));
  const auto* results = milepost::find(*reply, "/results");
  if (results == nullptr || !results->is_array())
    return fail(ErrorKind::retryable, "the answer is no list of records", "hubspot: POST " + target);
  for (const auto& note : *results) {
    if (get<std::string>(note, "/properties/" + property).value_or("").find(marker) == std::string::npos) continue;
    auto answer = to_answer(note, {"hubspot: POST " + target, Intent::read, {}});
    if (!answer) return fail(answer.error());
    return std::optional<Answer>(std::move(*answer));
  }
  return std::optional<Answer>();
}

}  // namespace milepost::hubspot
