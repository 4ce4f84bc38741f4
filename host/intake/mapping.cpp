#include "host/intake/mapping.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "host/config/fault_codes.hpp"
#include "host/intake/payload.hpp"
#include "milepost/quarantine.hpp"

namespace milepost::intake {
namespace {

constexpr std::size_t kMostBytes = 256;
constexpr double kLastSecond = 253402300799;  // of the year 9999
constexpr std::array kNames = {"id", "revision", "type", "subject", "actor", "reason", "time"};

/// One event under way: what is wrong with it is gathered, so that a person reads all of it at once.
struct Draft {
  journal::NewEvent event;
  std::string time_text;  // as far as `time` is text

  void fault(const std::string& reason) {
    if (!event.quarantine.empty()) event.quarantine += "; ";
    event.quarantine += reason;
  }
  std::string& field(std::size_t index) {
    std::string* const fields[] = {&event.id,    &event.revision, &event.type, &event.subject,
                                   &event.actor, &event.reason,   &time_text};
    return *fields[index];
  }
  void set_time(const Json& value);
};

void Draft::set_time(const Json& value) {
  if (!is_number(value)) {
    if (!value.is_string() || !telemetry::from_text(value.get_ref<const std::string&>(), event.time))
      fault("event.time is no time such as 2026-11-20T23:59:01Z");
    return;
  }
  const double seconds = std::strtod(number_text(value).c_str(), nullptr);
  // Milliseconds would be a date after the year 50000.
  if (!(seconds >= 0 && seconds <= kLastSecond)) {
    fault("event.time is no time in seconds since 1970: divide milliseconds by 1000");
    return;
  }
  event.time = telemetry::from_micros(std::llround(seconds * 1e6));
}

/// What a template gave, as a field's text; nullopt for what no field can hold.
std::optional<std::string> field_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (is_number(value)) return number_text(value);
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return std::nullopt;
}

Draft draft_of(const std::string& pipeline, const std::string& source, Event&& decoded,
               const std::string& content_type, telemetry::Time now) {
  Draft draft;
  draft.event = {.pipeline = pipeline,
                 .source = source,
                 .id = std::move(decoded.id),
                 .revision = std::move(decoded.revision),
                 .type = std::move(decoded.type),
                 .subject = std::move(decoded.subject),
                 .actor = std::move(decoded.actor),
                 .reason = std::move(decoded.reason),
                 .time = decoded.time.value_or(now),
                 .lane = {},
                 .payload = decoded.payload.text(),
                 .content_type = content_type,
                 .quarantine = {}};
  return draft;
}

std::string digest_id(const std::string& payload) { return telemetry::hex(telemetry::sha256(payload)); }

/// Last: limits, the id that nobody gave, and the lane.
journal::NewEvent finish(Draft draft, bool subject_none) {
  auto& event = draft.event;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == std::string_view("reason") || draft.field(i).size() <= kMostBytes) continue;
    draft.fault("event." + std::string(kNames[i]) + " is longer than " + std::to_string(kMostBytes) + " bytes");
    draft.field(i).clear();
  }
  if (event.id.empty()) event.id = digest_id(event.payload);
  if (event.subject.empty() && !subject_none && event.quarantine.empty()) draft.fault("the event has no subject");
  event.lane = subject_none ? "" : event.subject;
  return std::move(event);
}

}  // namespace

std::optional<Mapping> Mapping::compile(const config::Pipeline& pipeline, config::Faults& faults) {
  const auto& from = pipeline.event;
  const std::array<const std::string*, kFields> sources = {&from.id,    &from.revision, &from.type, &from.subject,
                                                           &from.actor, &from.reason,   &from.time};
  Mapping out;
  out.subject_none_ = pipeline.subject_none;
  bool clean = true;
  for (std::size_t i = 0; i < kFields; ++i) {
    if (sources[i]->empty()) continue;
    auto compiled = expression::Template::compile(*sources[i]);
    if (compiled) {
      auto names = compiled->names();
      const bool plain = !names.empty() && names.front() == "payload";
      if (plain) names.erase(names.begin());
      out.fields_[i] = {std::move(*compiled), std::move(names), plain};
      continue;
    }
    const auto at = from.at.find(kNames[i]);
    const bool name = compiled.error().message.find("unknown name") != std::string::npos;
    faults.push_back({std::string(name ? config::code::kUnknownName : config::code::kExpression),
                      at == from.at.end() ? pipeline.at : at->second, "event." + std::string(kNames[i]),
                      compiled.error().message,
                      "correct the expression; it sees payload, and event as the source decoded it", false});
    clean = false;
  }
  if (!clean) return std::nullopt;
  return out;
}

journal::NewEvent Mapping::map(expression::Machine& machine, const std::string& pipeline, const std::string& source,
                               Event decoded, const std::string& content_type, telemetry::Time now,
                               const Link& link) const {
  if (decoded.type == kQuarantine)
    return quarantined(pipeline, source, decoded.payload.text(), content_type, source + ": " + decoded.reason, now);
  Draft draft = draft_of(pipeline, source, std::move(decoded), content_type, now);
  Payload payload(draft.event.payload);
  if (!payload.fault().empty()) {
    draft.fault("the payload is " + payload.fault());
    return finish(std::move(draft), subject_none_);
  }

  Json event;
  if (std::ranges::any_of(fields_, [](const auto& field) { return field && !field->plain; }))
    event = event_view(draft.event, now);
  const auto render = [&](const expression::Template& from) {
    return from.render(machine, {.payload = &payload.document(),
                                 .event = &event,
                                 .loan = nullptr,
                                 .steps = nullptr,
                                 .params = nullptr,
                                 .link = link,
                                 .now = now});
  };
  for (std::size_t i = 0; i < kFields; ++i) {
    if (!fields_[i]) continue;
    const auto picked = fields_[i]->plain ? payload.pick(fields_[i]->names) : std::nullopt;
    const auto value = picked ? Result<expression::Value>(*picked) : render(fields_[i]->from);
    const std::string name = "event." + std::string(kNames[i]);
    if (!value) {
      draft.fault(name + ": " + value.error().message);
    } else if (const auto text = *value ? field_text(**value) : ""; !text) {
      draft.fault(name + ": expected text, found " + ((*value)->is_array() ? "a list" : "an object"));
    } else if (!text->empty()) {
      if (kNames[i] == std::string_view("time"))
        draft.set_time(**value);
      else
        draft.field(i) = *text;
    }
  }
  return finish(std::move(draft), subject_none_);
}

journal::NewEvent quarantined(const std::string& pipeline, const std::string& source, const std::string& body,
                              const std::string& content_type, const std::string& reason, telemetry::Time now) {
  return {.pipeline = pipeline,
          .source = source,
          .id = digest_id(body),
          .revision = {},
          .type = {},
          .subject = {},
          .actor = {},
          .reason = {},
          .time = now,
          .lane = {},
          .payload = body,
          .content_type = content_type,
          .quarantine = reason};
}

Json event_view(const journal::NewEvent& event, telemetry::Time now) {
  Json out = Json::object();
  const std::pair<const char*, const std::string*> fields[] = {
      {"id", &event.id},       {"revision", &event.revision}, {"type", &event.type},     {"subject", &event.subject},
      {"actor", &event.actor}, {"reason", &event.reason},     {"source", &event.source}, {"pipeline", &event.pipeline}};
  for (const auto& [name, value] : fields)
    if (!value->empty()) out[name] = *value;
  out["time"] = telemetry::to_text(event.time);
  out["accepted_at"] = telemetry::to_text(now);
  out["late"] = false;
  return out;
}

}  // namespace milepost::intake
