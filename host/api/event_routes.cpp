// What is read from the store: events, and the audit trail.
#include <algorithm>
#include <functional>
#include <iterator>
#include <ranges>

#include "host/api/routes.hpp"
#include "host/api/story.hpp"
#include "host/loans/loan_state.hpp"

namespace milepost::api {
namespace {

std::optional<journal::EventState> state_named(const std::optional<std::string>& text) {
  using enum journal::EventState;
  if (text)
    for (const auto state : {open, waiting, in_doubt, dead, done})
      if (name(state) == *text) return state;
  return std::nullopt;
}

http::Outgoing page_of_events(const Sources& sources, const Query& query, std::optional<journal::EventState> state) {
  journal::EventFilter filter;
  filter.pipeline = query.text("pipeline");
  filter.subject = query.text("subject");
  filter.id = query.text("id");
  filter.type = query.text("type");
  filter.step = query.text("step");
  filter.state = state;
  for (const auto& [name, into] : {std::pair("since", &filter.since), std::pair("until", &filter.until)}) {
    const auto text = query.text(name);
    if (!text) continue;
    const auto time = time_of(sources, name, *text);
    if (!time) return http::problem(400, "Bad Request", time.error().message);
    *into = *time;
  }
  filter.before = query.number("before", 0);
  const auto limit = static_cast<std::size_t>(query.number("limit", 50));
  filter.limit = limit + 1;  // one more tells whether there is another page

  auto events = sources.store->events(filter);
  const bool more = events.size() > limit;
  if (more) events.resize(limit);
  Json body{{"events", Json::array()}};
  for (const auto& event : events) body["events"].push_back(to_json(event));
  if (more) body["next"] = events.back().sequence;
  return json_answer(body);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? alphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace

http::Outgoing list_events(const Sources& sources, const Request& request) {
  return page_of_events(sources, request.query, state_named(request.query.text("state")));
}
http::Outgoing list_dead_letters(const Sources& sources, const Request& request) {
  return page_of_events(sources, request.query, journal::EventState::dead);
}
http::Outgoing list_in_doubt(const Sources& sources, const Request& request) {
  return page_of_events(sources, request.query, journal::EventState::in_doubt);
}

std::expected<journal::Event, http::Outgoing> find_event(const Sources& sources, const Request& request) {
  if (auto event = sources.store->event_by_receipt(request.key)) return *std::move(event);
  journal::EventFilter filter;
  filter.id = request.key;
  filter.pipeline = request.query.text("pipeline");
  std::vector<journal::Event> newest;
  for (auto& event : sources.store->events(filter))
    if (std::ranges::find(newest, event.pipeline, &journal::Event::pipeline) == newest.end())
      newest.push_back(std::move(event));
  if (newest.empty()) return std::unexpected(http::problem(404, "Not Found", "There is no event of this receipt or id."));
  if (newest.size() == 1) return std::move(newest.front());
  std::string names;
  for (const auto& event : newest) names.append(names.empty() ? "" : ", ").append(event.pipeline);
  return std::unexpected(http::problem(
      400, "Bad Request", "pipeline: several pipelines have an event of this id; add pipeline= and one of " + names));
}

http::Outgoing event_detail(const Sources& sources, const journal::Event& event) {
  const auto story = story_of(*sources.store, event);
  Json body{{"event", to_json(event)}, {"steps", std::move(story.steps)}, {"people", std::move(story.people)}, {"effects", Json::array()}, {"audit", Json::array()}};
  for (const auto& effect : story.effects) body["effects"].push_back(to_json(effect));
  for (const auto& record : story.rows) body["audit"].push_back(to_json(record));
  if (event.loan_revision) {
    const auto loan = sources.store->loan(event.subject, *event.loan_revision);
    body["loan"] = loan ? loans::view(read_json(loan->state).value_or(nullptr), *sources.loans(), sources.clock->now(), loan->subject) : Json(nullptr);
  }
  if (auto payload = sources.store->payload(event.sequence)) {
    if (read_json(*payload))
      body["payload"] = std::move(*payload);
    else
      body["payload_base64"] = base64(*payload);
  }
  return json_answer(body);
}

http::Outgoing show_event(const Sources& sources, const Request& request) {
  auto event = find_event(sources, request);
  return event ? event_detail(sources, *event) : std::move(event.error());
}

http::Outgoing why_subject(const Sources& sources, const Request& request) {
  journal::EventFilter filter;
  filter.pipeline = request.query.text("pipeline");
  const auto limit = static_cast<std::size_t>(request.query.number("limit", 20));
  filter.limit = limit + 1;
  // A loan that was renumbered or merged has events under each of its names.
  const auto subject = sources.store->known_as(request.key);
  const auto names = sources.store->names_of(subject);
  std::vector<journal::Event> events;
  const auto add = [&](const std::string& name) {
    filter.subject = name;
    auto found = sources.store->events(filter);
    events.insert(events.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  };
  add(subject);
  for (const auto& name : names) add(name);
  if (events.empty()) return http::problem(404, "Not Found", "There is no event of this subject.");
  std::ranges::sort(events, std::greater(), &journal::Event::sequence);
  Json body{{"subject", subject}, {"events", Json::array()}};
  if (!names.empty()) body["names"] = names;
  if (events.size() > limit) events.resize(limit), body["older"] = true;
  if (const auto loan = sources.store->loan(subject)) body["loan"] = loan_view(sources, *loan), body["path"] = loan_path(sources, *loan);
  for (const auto& event : std::views::reverse(events)) {
    auto story = story_of(*sources.store, event);
    Json told{{"event", to_json(event)}, {"steps", std::move(story.steps)}, {"people", std::move(story.people)}};
    if (story.duplicates != 0) told["duplicates"] = story.duplicates;
    body["events"].push_back(std::move(told));
  }
  return json_answer(body);
}

http::Outgoing list_audit(const Sources& sources, const Request& request) {
  const auto& query = request.query;
  journal::AuditFilter filter;
  filter.pipeline = query.text("pipeline");
  filter.subject = query.text("subject");
  filter.event = query.text("event");
  filter.kind = query.text("kind");
  filter.after = query.number("after", 0);
  const auto limit = static_cast<std::size_t>(query.number("limit", 100));
  filter.limit = limit + 1;

  auto records = sources.store->audit(filter);
  const bool more = records.size() > limit;
  if (more) records.resize(limit);
  Json body{{"rows", Json::array()}};
  for (const auto& record : records) body["rows"].push_back(to_json(record));
  if (more) body["next"] = records.back().row.sequence;
  return json_answer(body);
}

}  // namespace milepost::api
