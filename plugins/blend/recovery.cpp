#include <algorithm>
#include <map>

#include "milepost/quarantine.hpp"
#include "milepost/sha256.hpp"
#include "milepost/times.hpp"
#include "plugins/blend/sources.hpp"

namespace milepost::blend {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// GET /events gives at most so many, and has no cursor (OpenAPI v7.0.0, read 2026-11).
constexpr std::size_t kMostRows = 250;
/// Each event is a request of its own.
constexpr std::size_t kMostFetched = 25;
/// A window that is full and shorter than this is taken as it is.
constexpr auto kShortest = 1s;
constexpr std::size_t kMostSeen = 2'000;

std::string iso(Time time) {
  using namespace std::chrono;
  const auto days_since = floor<days>(time);
  const year_month_day date(days_since);
  const hh_mm_ss clock(floor<milliseconds>(time - days_since));
  const auto digits = [](long long value, std::size_t width) {
    auto text = std::to_string(value);
    return std::string(width - std::min(width, text.size()), '0') + text;
  };
  return digits(static_cast<int>(date.year()), 4) + "-" + digits(static_cast<unsigned>(date.month()), 2) + "-" +
         digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) + ":" +
         digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2) + "." +
         digits(clock.subseconds().count(), 3) + "Z";
}

/// Where it has come to: everything before `from`, and of what came later those in `seen` (a short digest -> when).
struct Place {
  std::optional<Time> from;
  std::map<std::string, long long> seen;  // milliseconds since 1970
};

Place read_place(const Cursor& cursor) {
  Place place;
  const auto json = cursor.empty() ? Json() : read_json(cursor).value_or(Json());
  if (const auto from = get<long long>(json, "/from")) place.from = Time(milliseconds(*from));
  if (const auto* seen = find(json, "/seen"); seen != nullptr && seen->is_object())
    for (const auto& [id, time] : seen->items())
      if (time.is_number_integer()) place.seen[id] = time.get<long long>();
  return place;
}

Cursor to_cursor(const Place& place) {
  Json seen = Json::object();
  for (const auto& [id, time] : place.seen) seen[id] = time;
  return text(Json{{"from", milliseconds_of(*place.from)}, {"seen", seen}});
}

std::string short_of(const Json& row) { return hex(sha256(text_at(row, "/eventId"))).substr(0, 12); }

Time created(const Json& row, Time otherwise) {
  const auto* found = find(row, "/createdAt");
  return found != nullptr ? read_time(*found).value_or(otherwise) : otherwise;
}

}  // namespace

Settings<RecoverySettings> recovery_settings() {
  return Settings<RecoverySettings>("Events that Blend sent and we never had: an answer that is lost is not retried.")
      .optional("lookback", &RecoverySettings::lookback, 24h, "How far back it begins, at the very first.")
      .optional("overlap", &RecoverySettings::overlap, 1h,
                "How long an event may be queued at Blend before it is sent.")
      .optional("grace", &RecoverySettings::grace, 5min,
                "How long a delivery may be under way before it counts as lost.")
      .optional("failed", &RecoverySettings::failed, false,
                "Also those that failed, which Blend sends again by itself.")
      .optional("types", &RecoverySettings::types, std::vector<std::string>(),
                "Types to take: application.submitted, party.*; empty: all.")
      .optional("one_submission", &RecoverySettings::one_submission, false, "As blend.events has it.");
}

Result<std::vector<Json>> RecoverySource::window(const char* status, Time from, Time& to, const Call& call) const {
  while (true) {
    const auto target = "/events?status=" + std::string(status) + "&created-at-min=" + escaped(iso(from)) +
                        "&created-at-max=" + escaped(iso(to)) + "&limit=" + std::to_string(kMostRows);
    auto reply = client_.send({.operation = "list_events", .method = "GET", .target = target, .profiled = true}, call);
    if (!reply) return fail(std::move(reply.error().error));
    const auto* list = reply->is_array() ? &*reply : find(*reply, "/events");
    if (list == nullptr || !list->is_array())
      return fail(ErrorKind::retryable, "the answer is no list of events", "blend: GET /events");
    if (list->size() < kMostRows) return std::vector<Json>(list->begin(), list->end());
    if (to - from <= kShortest) {
      host_.log().warn("events_may_be_missing", {{"from", iso(from)}, {"count", list->size()}});
      return std::vector<Json>(list->begin(), list->end());
    }
    to = from + (to - from) / 2;
  }
}

/// Oldest first; `to` is where they end.
Result<std::vector<Json>> RecoverySource::rows(Time from, Time& to, const Call& call) const {
  auto found = window("EMITTED", from, to, call);
  if (!found) return fail(found.error());
  if (settings_.failed) {
    auto more = window("FAILED", from, to, call);
    if (!more) return fail(more.error());
    found->insert(found->end(), more->begin(), more->end());
    std::erase_if(*found, [&](const Json& row) { return created(row, from) > to; });  // the second was the shorter
  }
  std::erase_if(*found, [](const Json& row) { return text_at(row, "/eventId").empty(); });
  std::stable_sort(found->begin(), found->end(),
                   [&](const Json& a, const Json& b) { return created(a, from) < created(b, from); });
  return found;
}

/// nullopt: gone meanwhile, a health check, or not wanted.
Result<std::optional<Event>> RecoverySource::fetch(const Json& row, const Call& call) const {
  const auto count = [&](const char* kind) {
    host_.metrics().count("events", 1, {{"source", "recovery"}, {"kind", kind}});
  };
  auto notice = read_row(row);
  if (const auto id = text_at(row, "/eventId"); notice && is_id(id)) {
    auto reply = client_.send(
        {.operation = "get_event", .method = "GET", .target = "/events/" + id + "?includeData=true", .profiled = true},
        call);
    if (!reply && reply.error().status != 404) return fail(std::move(reply.error().error));
    if (!reply) return count("gone"), std::optional<Event>();
    const auto* data = find(*reply, "/eventData");
    auto whole = data != nullptr ? read_notice(*data) : Result<Notice>(fail(ErrorKind::permanent, ""));
    // Another event's data under this id would be told as this one.
    if (whole && (whole->system || whole->id == notice->id)) notice = std::move(whole);
  }
  if (!notice) return count("refused"), std::optional<Event>(quarantine(text(row), notice.error().message));
  auto event = to_event(*notice, {settings_.types, settings_.one_submission});
  count(notice->system ? "system" : !event ? "not_wanted" : notice->known ? "taken" : "unknown");
  return event;
}

Result<std::vector<Event>> RecoverySource::decode(const std::string& kept) {
  const auto row = read_json(kept);
  if (!row) return fail(row.error());
  const auto notice = read_row(*row);
  if (!notice) return fail(notice.error());
  std::vector<Event> events;
  if (auto event = to_event(*notice, {settings_.types, settings_.one_submission})) events.push_back(std::move(*event));
  return events;
}

Result<Page> RecoverySource::poll(const Cursor& after, std::size_t limit, const Call& call) {
  auto place = read_place(after);
  const auto now = std::chrono::floor<milliseconds>(host_.clock().now());
  if (!place.from) place.from = now - settings_.lookback;
  const Time end = now - settings_.grace;
  Page page{{}, after};
  if (end <= *place.from) return page;
  // Window after window, until the end, the limit or the deadline.
  bool all = false, moved = false;
  std::size_t fetched = 0;
  Time start = *place.from;
  while (!all) {
    Time to = end;
    auto found = rows(start, to, call);
    if (!found) return fail(found.error());
    bool full = false;
    for (const auto& row : *found) {
      if (place.seen.contains(short_of(row))) continue;
      full = page.events.size() >= limit || fetched >= kMostFetched || (fetched > 0 && call.left() < 500ms);
      if (full) break;
      auto event = fetch(row, call);
      if (!event) return fail(event.error());
      ++fetched;
      place.seen[short_of(row)] = milliseconds_of(created(row, start));
      moved = true;
      if (*event) page.events.push_back(std::move(**event));
    }
    if (full) break;
    all = to >= end;
    start = to;
    if (!all && call.left() < 500ms) break;
  }
  // A place that moves although nothing came would be written for nothing.
  if (all && !moved) return page;
  if (const Time next = std::min<Time>(start, end - settings_.overlap); next > *place.from) {
    place.from = next;
    std::erase_if(place.seen, [&](const auto& one) { return one.second < milliseconds_of(*place.from); });
  }
  // Beyond that the host's own memory of ids tells what is known.
  while (place.seen.size() > kMostSeen)
    place.seen.erase(std::min_element(place.seen.begin(), place.seen.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; }));
  page.next = to_cursor(place);
  return page;
}

}  // namespace milepost::blend
