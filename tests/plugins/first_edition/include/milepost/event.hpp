// What happened: an event, and the vendor's record that it touched.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "milepost/json.hpp"

namespace milepost {

using Time = std::chrono::sys_time<std::chrono::microseconds>;  ///< UTC

/// One thing that happened. What is empty the pipeline's `event:` mapping fills, or the host does (id: SHA-256 of the raw body).
struct Event {
  std::string id;        ///< unique per pipeline; at most 256 bytes
  std::string revision;  ///< lets a changed document with the same id in; "" where ids are enough
  std::string type;      ///< "stage.changed"
  std::string subject;   ///< what it is about, normally a loan; "" when only the pipeline can tell
  std::string actor;     ///< an id, never a name
  std::string reason;
  std::optional<Time> time;  ///< when it happened, by the sender
  Document payload;
};

/// A record at the vendor: linked to the event's subject in the outcome's commit.
struct Record {
  std::string system, type, id;  ///< "hubspot", "deals", "8817"
  std::string version;           ///< the vendor's, where it has one
  std::string url;               ///< for a person to open; never with a secret
};

namespace detail {
inline Json to_json(const Event& event) {
  Json head = Json::object();
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) head[key] = value;
  };
  put("id", event.id);
  put("revision", event.revision);
  put("type", event.type);
  put("subject", event.subject);
  put("actor", event.actor);
  put("reason", event.reason);
  if (event.time) head["time_us"] = event.time->time_since_epoch().count();
  return head;
}
inline Result<Event> to_event(const Json& head, std::string payload) {
  Event event;
  const auto take = [&](const char* key, std::string& value) -> Status {
    auto got = get<std::optional<std::string>>(head, std::string("/") + key);
    if (!got) return fail(got.error());
    if (*got) value = std::move(**got);
    return {};
  };
  for (auto [key, value] : {std::pair{"id", &event.id}, {"revision", &event.revision}, {"type", &event.type},
                            {"subject", &event.subject}, {"actor", &event.actor}, {"reason", &event.reason}}) {
    if (auto taken = take(key, *value); !taken) return fail(taken.error());
  }
  auto time = get<std::optional<std::int64_t>>(head, "/time_us");
  if (!time) return fail(time.error());
  if (*time) event.time = Time(std::chrono::microseconds(**time));
  event.payload = Document(std::move(payload));
  return event;
}
inline Json to_json(const Record& record) {
  Json out{{"system", record.system}, {"type", record.type}, {"id", record.id}};
  if (!record.version.empty()) out["version"] = record.version;
  if (!record.url.empty()) out["url"] = record.url;
  return out;
}
inline Result<Record> to_record(const Json& json) {
  Record record;
  for (auto [key, value] : {std::pair{"/system", &record.system}, {"/type", &record.type}, {"/id", &record.id}}) {
    auto got = get<std::string>(json, key);
    if (!got) return fail(got.error());
    *value = std::move(*got);
  }
  if (auto version = get<std::optional<std::string>>(json, "/version"); version && *version) record.version = **version;
  if (auto url = get<std::optional<std::string>>(json, "/url"); url && *url) record.url = **url;
  return record;
}
}  // namespace detail

}  // namespace milepost
