// What is read from the store: events, and the audit trail.
#include <algorithm>

#include "host/api/routes.hpp"

namespace milepost::api {
namespace {

/// Audit rows that are shown beside an event. More are found under /api/v1/audit.
constexpr std::size_t kMostRows = 1000;

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
  filter.state = state;
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

/// By receipt, else by its sender's id: the newest of that id, where one pipeline alone has it.
std::vector<journal::Event> find_events(const Sources& sources, const Request& request) {
  if (auto event = sources.store->event_by_receipt(request.key)) return {std::move(*event)};
  journal::EventFilter filter;
  filter.id = request.key;
  filter.pipeline = request.query.text("pipeline");
  auto found = sources.store->events(filter);
  std::vector<journal::Event> newest;
  for (auto& event : found)
    if (std::ranges::find(newest, event.pipeline, &journal::Event::pipeline) == newest.end())
      newest.push_back(std::move(event));
  return newest;
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

http::Outgoing show_event(const Sources& sources, const Request& request) {
  const auto found = find_events(sources, request);
  if (found.empty()) return http::problem(404, "Not Found", "There is no event of this receipt or id.");
  if (found.size() > 1) {
    std::string names;
    for (const auto& event : found) names.append(names.empty() ? "" : ", ").append(event.pipeline);
    return http::problem(400, "Bad Request",
                         "pipeline: several pipelines have an event of this id; add pipeline= and one of " + names);
  }

  const auto& event = found.front();
  Json body{{"event", to_json(event)}, {"effects", Json::array()}, {"audit", Json::array()}};
  for (const auto& effect : sources.store->effects(event.sequence)) body["effects"].push_back(to_json(effect));
  journal::AuditFilter filter;
  filter.event = event.receipt;
  filter.limit = kMostRows;
  for (const auto& record : sources.store->audit(filter)) body["audit"].push_back(to_json(record));
  if (auto payload = sources.store->payload(event.sequence)) {
    if (read_json(*payload))
      body["payload"] = std::move(*payload);
    else
      body["payload_base64"] = base64(*payload);
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
