#include "milepost/times.hpp"
#include "milepost/walk.hpp"
#include "plugins/blend/legacy.hpp"
#include "plugins/blend/sources.hpp"

namespace milepost::blend {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostOnAPage = 100;  // (OpenAPI v7.0.0, read 2026-11)

}  // namespace

Settings<ApplicationsSettings> applications_settings() {
  return Settings<ApplicationsSettings>("Applications by their status, from Blend's list, once for each status.")
      .optional("exportable", &ApplicationsSettings::exportable, std::nullopt,
                "Only those that are, or are not, ready for export.")
      .optional("has_los_id", &ApplicationsSettings::has_los_id, std::nullopt, "Only those with, or without, a losId.")
      .optional("solution", &ApplicationsSettings::solution, std::nullopt, "Only those of this solutionSubType.",
                {{"enum", {"MORTGAGE", "HELOC", "HELOAN"}}})
      .optional("statuses", &ApplicationsSettings::statuses, std::vector<std::string>(),
                "Which statuses make an event: SUBMITTED, DENIED …; empty: all.")
      .optional("created_within", &ApplicationsSettings::created_within, 24h * 90,
                "How old an application may be; the list is read no further.");
}

Result<Json> ApplicationsSource::ask(const Walk& walk, std::size_t size, const Call& call) const {
  auto target = client_.paths().applications() + "?limit=" + std::to_string(size);
  const auto filter = [&](const char* name, const std::optional<bool>& value) {
    if (value) target += std::string("&") + name + (*value ? "=true" : "=false");
  };
  filter("exportable", settings_.exportable);
  filter("losId-exists", settings_.has_los_id);
  if (settings_.solution) target += "&solution-sub-type=" + *settings_.solution;
  if (!walk.page().empty()) target += "&cursor=" + escaped(walk.page());
  auto reply = client_.read("list_applications", target, call);
  if (!reply) return fail(std::move(reply.error().error));
  return std::move(*reply);
}

bool ApplicationsSource::take(const Json& entry, Walk& walk, Page& page) const {
  const auto application = client_.paths().legacy() ? from_legacy(entry) : entry;
  const auto* created = milepost::find(application, "/createdDate");
  const auto time = created != nullptr ? read_time(*created) : std::nullopt;
  if (time && *time < host_.clock().now() - settings_.created_within) return false;
  const auto id = id_at(application, "/id"), status = word_at(application, "/applicationStatus");
  if (id.empty() || !is_id(status)) return true;
  if (!walk.is_news(id + " " + status)) return true;
  const auto& wanted = settings_.statuses;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), status) == wanted.end()) return true;
  Event event;
  event.id = "application:" + id + ":" + status;  // of SUBMITTED: submission_id()
  event.type = "application." + lower(status);
  event.subject = "blend:application:" + id;
  Json payload{{"eventId", event.id}, {"type", event.type},      {"applicationId", id}, {"entityType", "application"},
               {"entityId", id},      {"action", lower(status)}, {"status", status}};
  for (const char* name : {"crmId", "losId"})
    if (auto value = text_at(application, std::string("/") + name); !value.empty()) payload[name] = std::move(value);
  event.payload = Document(payload);
  host_.metrics().count("events", 1, {{"source", "applications"}, {"kind", "taken"}});
  page.events.push_back(std::move(event));
  return true;
}

Result<Page> ApplicationsSource::poll(const Cursor& after, std::size_t limit, const Call& call) {
  Walk walk(after);
  const auto size = std::max<std::size_t>(1, std::min(kMostOnAPage, limit));
  Page page;
  // A page with nothing new is no end of the list: on, while there is time and room.
  for (bool first = true; first || (page.events.size() + size <= limit && call.left() > 2s); first = false) {
    auto answer = ask(walk, size, call);
    if (!answer && !walk.page().empty() && answer.error().kind == ErrorKind::permanent) {
      // A page token may have run out since it was given: the next poll begins the walk again.
      walk.restart();
      break;
    }
    if (!answer) return fail(answer.error());
    const auto* list = milepost::find(*answer, client_.paths().legacy() ? "/loans" : "/applications");
    if (list == nullptr || !list->is_array())
      return fail(ErrorKind::retryable, "the answer is no list of applications",
                  "blend: GET " + client_.paths().applications());
    bool ended = false;
    for (const auto& application : *list)
      if (!take(application, walk, page)) {
        ended = true;
        break;
      }
    const auto next = text_at(*answer, "/nextCursor");
    ended = ended || next.empty();
    if (!ended && !walk.go_to(next))
      return fail(ErrorKind::permanent, "the list of applications does not end: a page token came twice",
                  "blend: GET " + client_.paths().applications());
    if (walk.size() > Walk::kMost)
      return fail(ErrorKind::permanent, "more than " + std::to_string(Walk::kMost) +
                                            " applications are in the list: narrow it by created_within or exportable");
    if (ended) {
      walk.finish();
      break;
    }
  }
  page.next = walk.cursor();
  return page;
}

}  // namespace milepost::blend
