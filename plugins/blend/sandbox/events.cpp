// The double's events: what its API tells of them, and their deliveries, as Blend sends them in v2 and in v3.
#include <algorithm>

#include "plugins/blend/names.hpp"
#include "plugins/blend/sandbox/sandbox.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend::sandbox {
namespace {

using testing::json_answer;

constexpr long long kMostEvents = 250;

/// "2026-11-02T09:00:00.000Z", or milliseconds since 1970, as something that compares.
std::string comparable(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return text;
  return testing::iso_time(Time(std::chrono::milliseconds(std::stoll(text))));
}

Json payload_v3(const Json& order, const Json& application, const std::string& id, const std::string& now) {
  const auto type = get<std::string>(order, "/type").value_or("application");
  auto entity = text_at(order, "/entityId");
  if (entity.empty() && type == "party") entity = text_at(application, "/parties/0/id");
  if (entity.empty()) entity = text_at(application, "/id");
  Json data{{"id", entity},
            {"type", type},
            {"action", get<std::string>(order, "/action").value_or("updated")},
            {"solution", "CONSUMER_MORTGAGE"},
            {"fields", order.value("fields", Json{{"solutionSubType", {{"value", "MORTGAGE"}}}})}};
  if (const auto trigger = text_at(order, "/trigger"); !trigger.empty())
    data["trigger"] = {{"type", trigger}, {"triggeredAt", now}};
  const auto href = "/home-lending/applications/" + text_at(application, "/id");
  return {{"id", id},
          {"firstEmittedAt", now},
          {"lastEmittedAt", now},
          {"attempt", 1},
          {"status", "EMITTED"},
          {"data", data},
          {"links",
           {{"application", {{"href", href}}}, {"parties", {{"href", href + "/parties"}, {"meta", {{"count", 1}}}}}}}};
}

Json payload_v2(const Json& order, const Json& application, const std::string& id, Time now) {
  const auto type = get<std::string>(order, "/eventType").value_or("applicationEvent");
  Json message{
      {"entityAction", get<std::string>(order, "/action").value_or("SUBMITTED")},
      {"entityType", type == "applicantEvent"  ? "party"
                     : type == "documentEvent" ? "document"
                                               : "loan"},
      {"entityId", type == "applicantEvent" ? text_at(application, "/parties/0/id") : text_at(application, "/id")},
      {"originationType", "MORTGAGE"}};
  if (auto entity = text_at(order, "/entityId"); !entity.empty()) message["entityId"] = entity;
  if (auto crm_id = text_at(application, "/crmId"); !crm_id.empty()) message["crmPrimaryKey"] = crm_id;
  return {{"eventType", type},
          {"eventId", id},
          {"message", message},
          {"status", "EMITTED"},
          {"originallyEmittedAt", std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count()}};
}

/// The members the other way round, at any depth: no order is promised.
Json shuffled(const Json& value) {
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string, Json>> members;
  for (const auto& [name, member] : value.items()) members.emplace_back(name, shuffled(member));
  Json out = Json::object();
  for (auto one = members.rbegin(); one != members.rend(); ++one) out[one->first] = one->second;
  return out;
}

std::string query_name(const Json& event) {
  const auto v2 = text_at(event, "/eventData/eventType");
  if (!v2.empty()) return v2 + "." + text_at(event, "/eventData/message/entityAction");
  const auto type = text_at(event, "/eventData/data/type");
  auto action = text_at(event, "/eventData/data/trigger/type");
  if (action.empty()) action = text_at(event, "/eventData/data/action");
  for (auto& c : action)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return (type == "party" ? "applicantEvent." : type == "document" ? "documentEvent." : "applicationEvent.") + action;
}

}  // namespace

HttpResponse BlendSandbox::list_events(const Ask& ask) {
  const auto profile = ask.raw->header("bons-profile");
  if (profile.empty()) return refuse(400, "bons-profile is required");
  const auto& query = ask.query;
  const auto limit = query.number("limit", kMostEvents);
  if (limit < 1 || limit > kMostEvents) return refuse(400, "limit must be 1 to 250");
  Json rows = Json::array();
  const auto from = comparable(query["created-at-min"]), to = comparable(query["created-at-max"]);
  for (const auto& event : events_.all()) {
    const auto created = text_at(event, "/createdAt");
    if (text_at(event, "/profile") != profile) continue;
    if (query.has("status") && text_at(event, "/status") != query["status"]) continue;
    if (query.has("eventType") && text_at(event, "/eventType") != query["eventType"]) continue;
    if ((!from.empty() && created < from) || (!to.empty() && created > to)) continue;
    if (rows.size() >= static_cast<std::size_t>(limit)) break;
    Json row = event;
    for (const char* ours : {"profile", "eventData", "attempt"}) row.erase(ours);
    rows.push_back(std::move(row));
  }
  return json_answer(200, rows);
}

HttpResponse BlendSandbox::get_event(const Ask& ask) {
  const Json* found = nullptr;
  for (const auto& event : events_.all())
    if (event["eventId"] == ask.params["id"]) found = &event;
  if (found == nullptr) return refuse(404, "No such event");
  Json out = *found;
  for (const char* ours : {"profile", "attempt"}) out.erase(ours);
  if (ask.query["includeData"] != "true") out.erase("eventData");
  return json_answer(200, out);
}

HttpResponse BlendSandbox::set_event_status(const Ask& ask) {
  auto* found = events_.find(ask.params["id"]);
  if (found == nullptr) return refuse(404, "No such event");
  if (auto good = check_fields("event_status", ask.body, ""); !good) return refuse(400, good.error().message);
  if (ask.body.contains("error") && ask.body["status"] != "FAILED") return refuse(400, "error is for FAILED only");
  (*found)["status"] = ask.body["status"];
  (*found)["statusSetAt"] = now();
  return json_answer(200, {{"eventId", (*found)["eventId"]}, {"status", (*found)["status"]}});
}

/// The order's event: a new one, or an old one again by "event".
Result<Json*> BlendSandbox::make_event(const Json& order) {
  if (const auto again = text_at(order, "/event"); !again.empty()) {
    auto* found = events_.find(again);
    if (found == nullptr) return fail(ErrorKind::permanent, "event: there is none of this id");
    (*found)["attempt"] = get<int>(*found, "/attempt").value_or(1) + 1;
    if (found->at("eventData").contains("attempt")) {
      (*found)["eventData"]["attempt"] = (*found)["attempt"];
      (*found)["eventData"]["lastEmittedAt"] = now();
    }
    return found;
  }
  auto* application = application_named(order);
  const bool about_none = order.contains("system") || order.contains("entityId");
  if (application == nullptr && !about_none)
    return fail(ErrorKind::permanent, "applicationId or crmId: the double holds no such application");
  // What the consumer does in Blend before it tells.
  if (application != nullptr && order.contains("set")) application->merge_patch(order["set"]);
  if (application != nullptr && order.contains("party")) (*application)["parties"][0].merge_patch(order["party"]);
  if (application != nullptr && text_at(order, "/trigger") == "SUBMITTED")
    (*application)["applicationStatus"] = "SUBMITTED";

  auto id = text_at(order, "/id");
  if (id.empty()) id = uuid();
  const Json none = Json::object();
  const Json& about = application != nullptr ? *application : none;
  const auto created = text_at(order, "/createdAt").empty() ? now() : text_at(order, "/createdAt");
  Json data = order.value("version", 3) == 2 ? payload_v2(order, about, id, host_.clock().now())
                                             : payload_v3(order, about, id, created);
  if (order.contains("system")) {
    if (order.value("version", 3) == 2)
      data["eventType"] = "systemEvent", data["message"] = {{"entityAction", "HEALTHCHECK"}};
    else
      data.erase("links"), data["data"] = {{"type", "system"}, {"action", "HEALTHCHECK"}};
  }
  Json event{{"eventId", id},
             {"entityId", text_at(data, data.contains("data") ? "/data/id" : "/message/entityId")},
             {"status", get<std::string>(order, "/status").value_or("EMITTED")},
             {"createdAt", created},
             {"statusSetAt", created},
             {"profile", get<std::string>(order, "/profile").value_or("default")},
             {"attempt", 1},
             {"eventData", std::move(data)}};
  event["eventType"] = query_name(event);
  return &events_.add(std::move(event));
}

HttpRequest BlendSandbox::delivery(const Json& event, const Json& order) {
  auto payload = event["eventData"];
  if (order.value("shuffle", false)) payload = shuffled(payload);
  auto request = testing::webhook(get<std::string>(order, "/url").value_or("/hooks/blend"), text(payload));
  const bool old = payload.contains("eventType");
  const auto header = [&](const char* v2, const char* v3, const std::string& value) {
    request.headers.emplace_back(old ? v2 : v3, value);
  };
  header("requestdt", "blend-request-datetime", now());
  header("requestid", "blend-request-id", uuid());  // new for every attempt
  header("bonsprofile", "blend-events-profile", text_at(event, "/profile"));
  if (!old) {
    request.headers.emplace_back("blend-target-instance",
                                 get<std::string>(order, "/instance").value_or(switches_.instance));
    request.headers.emplace_back("blend-api-version", "7.0.0");
  }
  if (const auto* more = find(order, "/headers"); more != nullptr && more->is_object())
    for (const auto& [name, value] : more->items())
      request.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : text(value));
  return request;
}

Result<std::vector<HttpRequest>> BlendSandbox::emit(const Json& order) {
  if (!order.is_object()) return fail(ErrorKind::permanent, "expected an order: README lists its keys");
  auto event = make_event(order);
  if (!event) return fail(event.error());
  std::vector<HttpRequest> out;
  if (order.value("lost", false)) return out;  // emitted, says Blend; it never arrives
  for (int i = 0; i <= order.value("duplicates", 0); ++i) {
    if (i > 0) {
      (**event)["attempt"] = i + 1;
      if ((**event)["eventData"].contains("attempt")) (**event)["eventData"]["attempt"] = i + 1;
    }
    out.push_back(delivery(**event, order));
  }
  return out;
}

HttpResponse BlendSandbox::admin_settings(const Ask& ask) {
  switches_.rate = get<std::size_t>(ask.body, "/rate").value_or(switches_.rate);
  switches_.retry_after = get<bool>(ask.body, "/retry_after").value_or(switches_.retry_after);
  switches_.missing_status = get<int>(ask.body, "/missing_status").value_or(switches_.missing_status);
  switches_.missing_header_status =
      get<int>(ask.body, "/missing_header_status").value_or(switches_.missing_header_status);
  switches_.instance = get<std::string>(ask.body, "/instance").value_or(switches_.instance);
  if (get<bool>(ask.body, "/unlock").value_or(false)) wrong_passwords_ = 0;
  window_ = testing::RollingWindow(switches_.rate, std::chrono::seconds(1));
  return testing::empty_answer(204);
}

}  // namespace milepost::blend::sandbox
