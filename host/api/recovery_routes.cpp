// What a person does with events that wait for one: retries and resolutions.
#include "host/api/routes.hpp"
#include "host/deploy/planner.hpp"
#include "host/engine/replay.hpp"

namespace milepost::api {
namespace {

/// Dead letters opened by one request: others wait for the same thread.
constexpr std::size_t kMostAtOnce = 2000;
constexpr std::size_t kMostReplayed = 500;

std::optional<std::string> text_of(const Json& body, const char* member) {
  auto value = get<std::string>(body, member);
  return value ? std::optional(*std::move(value)) : std::nullopt;
}

engine::Order order_of(const Request& request) {
  return {text_of(request.body, "/reason").value_or(""), request.user, get<bool>(request.body, "/began").value_or(false)};
}

/// What a body selects.
Result<journal::EventFilter> selection_of(const Sources& sources, const Json& body) {
  journal::EventFilter selection{.pipeline = text_of(body, "/pipeline"), .subject = text_of(body, "/subject"), .type = text_of(body, "/type"), .step = text_of(body, "/step")};
  for (const auto& [name, into] : {std::pair("since", &selection.since), std::pair("until", &selection.until)}) {
    const auto text = text_of(body, (std::string("/") + name).c_str());
    if (!text) continue;
    const auto time = time_of(sources, name, *text);
    if (!time) return fail(time.error());
    *into = *time;
  }
  selection.after = get<std::uint64_t>(body, "/after").value_or(0);
  return selection;
}

Json to_difference(const engine::Difference& difference) {
  static constexpr const char* kinds[] = {"would_run", "would_not_run", "other_request"};
  Json out{{"kind", kinds[static_cast<std::size_t>(difference.kind)]}, {"step", difference.step}, {"use", difference.use}};
  if (!difference.reason.empty()) out["reason"] = difference.reason;
  if (!difference.with.is_null()) out["with"] = difference.with;
  for (const auto& change : difference.changes) out["changes"].push_back({{"path", change.path}, {"then", change.then}, {"now", change.now}});
  return out;
}

Json to_replayed(const engine::Replayed& replayed) {
  Json out{{"examined", replayed.examined}, {"same", replayed.same}, {"left_out", replayed.left_out}, {"differ", Json::array()}};
  for (const auto& one : replayed.differ) {
    Json told{{"event", to_json(one.event)}, {"differences", Json::array()}, {"opened", one.opened}};
    for (const auto& difference : one.differences) told["differences"].push_back(to_difference(difference));
    if (!one.end.empty()) told["end"] = one.end;
    out["differ"].push_back(std::move(told));
  }
  if (replayed.next) out["next"] = *replayed.next;
  return out;
}

http::Outgoing opened(const Result<journal::Event>& event) {
  return event ? json_answer({{"event", to_json(*event)}}) : refusal(event.error());
}

}  // namespace

http::Outgoing show_dead_letter(const Sources& sources, const Request& request) {
  auto event = find_event(sources, request);
  if (!event) return std::move(event.error());
  if (event->state != journal::EventState::dead)
    return http::problem(404, "Not Found", "The event is " + std::string(name(event->state)) + ", no dead letter: see /api/v1/events/" + event->receipt);
  return event_detail(sources, *event);
}

http::Outgoing retry_dead_letter(const Sources& sources, const Request& request) {
  auto event = find_event(sources, request);
  if (!event) return std::move(event.error());
  return opened(engine::retry(*sources.store, event->sequence, order_of(request), sources.remap));
}

http::Outgoing retry_dead_letters(const Sources& sources, const Request& request) {
  const Json& body = request.body;
  auto selection = selection_of(sources, body);
  if (!selection) return http::problem(400, "Bad Request", selection.error().message);
  const bool some = selection->pipeline || selection->subject || selection->type || selection->step || selection->since || selection->until;
  if (some == get<bool>(body, "/all").value_or(false))
    return http::problem(400, "Bad Request", some ? "all: goes with no other selection: leave it out" : "say which: pipeline, subject, type, step, since or until; or \"all\": true");
  auto retried = engine::retry(*sources.store, *selection, order_of(request), sources.remap, kMostAtOnce);
  if (!retried) return refusal(retried.error());
  Json out{{"opened", retried->opened}, {"refused", Json::array()}};
  for (const auto& refused : retried->refused) out["refused"].push_back({{"receipt", refused.receipt}, {"reason", refused.reason}});
  if (retried->next) out["next"] = *retried->next;
  return json_answer(out);
}

http::Outgoing resolve_in_doubt(const Sources& sources, const Request& request) {
  auto event = find_event(sources, request);
  if (!event) return std::move(event.error());
  const auto as = text_of(request.body, "/as").value_or("");
  const auto settlement = as == "done" ? engine::Settlement::done : as == "retry" ? engine::Settlement::retry : engine::Settlement::abandon;
  const Json* answer = find(request.body, "/answer");
  return opened(engine::resolve(*sources.store, event->sequence, settlement, answer != nullptr ? std::optional(*answer) : std::nullopt, order_of(request)));
}

http::Outgoing replay_events(const Sources& sources, const Request& request) {
  const Json& body = request.body;
  const auto selection = selection_of(sources, body);
  if (!selection) return http::problem(400, "Bad Request", selection.error().message);
  const bool apply = get<bool>(body, "/apply").value_or(false);
  if (!selection->since && !selection->subject)
    return http::problem(400, "Bad Request", "say from when (since) or of what (subject)");
  if (apply && text_of(body, "/reason").value_or("").empty())
    return http::problem(400, "Bad Request", "reason: stands in the audit trail: say why");
  auto* versions = sources.versions ? sources.versions() : nullptr;
  if (versions == nullptr) return http::problem(409, "Conflict", "there are no pipelines");
  const auto replayed = engine::replay(*sources.store, *versions, *selection, apply ? std::optional(order_of(request)) : std::nullopt, kMostReplayed);
  if (!replayed) return refusal(replayed.error());
  return json_answer(to_replayed(*replayed));
}

http::Outgoing replay_plan(const Sources& sources, const Request& request) {
  const auto selection = selection_of(sources, request.body);
  if (!selection) return http::problem(400, "Bad Request", selection.error().message);
  auto* planner = sources.planner ? sources.planner() : nullptr;
  if (planner == nullptr) return http::problem(409, "Conflict", "there are no pipelines");
  const auto replayed = planner->shadow(text_of(request.body, "/hash").value_or(""), *selection, kMostReplayed);
  return replayed ? json_answer(to_replayed(*replayed)) : refusal(replayed.error());
}

}  // namespace milepost::api
