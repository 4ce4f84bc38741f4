// What happened: an event, and the vendor's record that it touched.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "milepost/detail/head_scan.hpp"
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
inline constexpr std::pair<std::string_view, std::string Event::*> kEventTexts[] = {
    {"id", &Event::id},           {"revision", &Event::revision}, {"type", &Event::type},
    {"subject", &Event::subject}, {"actor", &Event::actor},       {"reason", &Event::reason}};

/// An event's head as it crosses the boundary: what of it is not empty, without the payload.
inline std::string head_of(const Event& event) {
  std::string out = "{";
  const auto name = [&out](std::string_view key) { out.append(out.size() > 1 ? ",\"" : "\"").append(key).append("\":"); };
  for (const auto& [key, field] : kEventTexts) {
    if ((event.*field).empty()) continue;
    name(key);
    append_quoted(out, event.*field);
  }
  if (event.time) {
    name("time_us");
    out += std::to_string(event.time->time_since_epoch().count());
  }
  return out + '}';
}
/// What head_of() wrote, without the payload; nullopt: it is for read_head() and to_event().
inline std::optional<Event> scan_event(std::string_view head) {
  HeadScan scan(head);
  Event event;
  if (!scan.take("{")) return std::nullopt;
  bool first = true;
  const auto next = [&](std::string_view key) {
    HeadScan ahead = scan;
    if ((!first && !ahead.take(",")) || !ahead.take("\"") || !ahead.take(key) || !ahead.take("\":")) return false;
    scan = ahead;
    first = false;
    return true;
  };
  for (const auto& [key, field] : kEventTexts) {
    if (!next(key)) continue;
    const auto text = scan.text();
    if (!text) return std::nullopt;
    event.*field = *text;
  }
  if (next("time_us")) {
    const auto micros = scan.integer();
    if (!micros) return std::nullopt;
    event.time = Time(std::chrono::microseconds(*micros));
  }
  if (!scan.take("}") || !scan.done()) return std::nullopt;
  return event;
}
/// Takes the texts out of the head.
inline Result<Event> to_event(Json&& head, std::string payload) {
  Event event;
  for (auto& [key, value] : head.items()) {
    if (value.is_null()) continue;
    for (const auto& [name, field] : kEventTexts) {
      if (key != name) continue;
      if (auto* const text = value.get_ptr<std::string*>()) {
        event.*field = std::move(*text);
        continue;
      }
      auto got = convert<std::string>(value, "/" + key);
      if (!got) return fail(got.error());
      event.*field = std::move(*got);
    }
    if (key != "time_us") continue;
    const auto micros = convert<std::int64_t>(value, "/time_us");
    if (!micros) return fail(micros.error());
    event.time = Time(std::chrono::microseconds(*micros));
  }
  event.payload = Document(std::move(payload));
  return event;
}
/// The head of one delivery of RUN and FIND.
inline std::string delivery_head(const Event& event, const Json& with, std::string_view key) {
  std::string out = R"({"event":)" + head_of(event) + R"(,"with":)";
  write(out, with);
  out += R"(,"key":)";
  append_quoted(out, key);
  return out + '}';
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
