#include "host/intake/cloud_events.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "host/telemetry/clock.hpp"
#include "milepost/http.hpp"
#include "milepost/json.hpp"
#include "milepost/sha256.hpp"

namespace milepost::intake {
namespace {

constexpr std::size_t kMostIdBytes = 256;
constexpr const char* kStructured = "application/cloudevents+json";
constexpr const char* kBatch = "application/cloudevents-batch+json";

/// "application/json" of "Application/JSON; charset=utf-8".
std::string media_type(std::string_view value) {
  std::string out(value.substr(0, value.find(';')));
  while (!out.empty() && out.back() == ' ') out.pop_back();
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) < 16 && digit(text[i + 2]) < 16;
    out += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// The event in JSON format; `source` is its text where that has come as such.
Result<Event> to_event(const Json& json, Document payload) {
  const auto attribute = [&](const char* name) {
    return get<std::optional<std::string>>(json, "/" + std::string(name));
  };
  if (!json.is_object()) return fail(ErrorKind::permanent, "a CloudEvent is an object");
  Event event;
  std::string source, id;
  struct Wanted {
    const char* name;
    std::string* to;
    bool needed;
  };
  std::string version, time;
  for (const auto& [name, to, needed] :
       {Wanted{"specversion", &version, true}, Wanted{"id", &id, true}, Wanted{"source", &source, true},
        Wanted{"type", &event.type, true}, Wanted{"subject", &event.subject, false}, Wanted{"time", &time, false}}) {
    const auto value = attribute(name);
    if (!value) return fail(ErrorKind::permanent, "its attribute " + std::string(name) + " is no text");
    if (needed && value->value_or("").empty())
      return fail(ErrorKind::permanent, "its attribute " + std::string(name) + " is missing");
    *to = value->value_or("");
  }
  if (!version.starts_with("1."))
    return fail(ErrorKind::permanent, "expected specversion 1.0, found " + version.substr(0, 20));
  if (!time.empty()) {
    telemetry::Time when;
    if (!telemetry::from_text(time, when))
      return fail(ErrorKind::permanent, "its time is none such as 2026-11-20T23:59:01Z");
    event.time = when;
  }
  event.id = source + "|" + id;
  if (event.id.size() > kMostIdBytes) event.id = hex(sha256(event.id));
  event.payload = std::move(payload);
  return event;
}

/// Attributes from ce-… headers, the body as data: JSON as it is, text as text, anything else in base64.
Result<Event> from_headers(const HttpRequest& request) {
  Json json = Json::object();
  for (const auto& [name, value] : request.headers) {
    if (name.size() < 4 || !same_header(std::string_view(name).substr(0, 3), "ce-")) continue;
    const auto attribute = media_type(std::string_view(name).substr(3));
    if (attribute.starts_with("data")) continue;  // data and datacontenttype have places of their own
    if (json.contains(attribute)) return fail(ErrorKind::permanent, "there are several headers ce-" + attribute);
    json[attribute] = percent_decoded(value);
  }
  const auto content_type = request.header("Content-Type");
  if (!content_type.empty()) json["datacontenttype"] = std::string(content_type);
  const auto type = media_type(content_type);
  if (!request.body.empty()) {
    if (type.empty() || type == "application/json" || type.ends_with("+json")) {
      auto data = read_json(request.body);
      if (!data) return fail(ErrorKind::permanent, "its data: " + data.error().message);
      json["data"] = std::move(*data);
    } else if (type.starts_with("text/")) {
      json["data"] = request.body;
    } else {
      json["data_base64"] = base64(request.body);
    }
  }
  return to_event(json, Document(json));
}

}  // namespace

Result<std::vector<Event>> CloudEvents::receive(const HttpRequest& request) {
  const auto type = media_type(request.header("Content-Type"));
  std::vector<Event> events;
  if (type != kStructured && type != kBatch) {
    if (request.header("ce-specversion").empty())
      return fail(ErrorKind::permanent,
                  "no CloudEvent: expected ce- headers, or Content-Type " + std::string(kStructured) + " or " + kBatch);
    auto event = from_headers(request);
    if (!event) return fail(event.error());
    events.push_back(std::move(*event));
    return events;
  }
  const auto json = read_json(request.body);
  if (!json) return fail(json.error());
  if (type == kStructured) {
    auto event = to_event(*json, Document(request.body));
    if (!event) return fail(event.error());
    events.push_back(std::move(*event));
    return events;
  }
  if (!json->is_array()) return fail(ErrorKind::permanent, "a batch is a list of CloudEvents");
  for (std::size_t i = 0; i < json->size(); ++i) {
    auto event = to_event((*json)[i], Document((*json)[i]));
    if (!event)
      return fail(ErrorKind::permanent, "event " + std::to_string(i + 1) + " of " + std::to_string(json->size()) +
                                            ": " + event.error().message);
    events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace milepost::intake
