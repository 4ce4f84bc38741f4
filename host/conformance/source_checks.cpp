#include "host/conformance/checks.hpp"
#include "host/conformance/usage.hpp"

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;

std::string name_of(const Json& source) { return get<std::string>(source, "/name").value_or(""); }

void told_of(const Stage& stage, const std::string& name) {
  expect(stage.sample().has_source(name),
         "the sample says nothing of it: add \"" + name + "\" below \"sources\" (docs/conformance.md)");
}

std::unique_ptr<WebhookSource> decoder(Stage& stage, const std::string& name) {
  told_of(stage, name);
  const Json with = stage.sample().at("sources/" + name + "/with");
  auto made =
      stage.registry().webhook(stage.plugin() + "." + name, with.is_null() ? Json::object() : with, stage.services());
  if (!made) failed("the sample's settings are refused: " + shown(stage.told(made.error())));
  return std::move(*made);
}

/// The sample's n-th delivery: as the double emits it, or as the sample has it.
HttpRequest delivery(Stage& stage, const std::string& name, std::size_t n) {
  if (const Json event = stage.sample().at("sources/" + name + "/emit", n); !event.is_null()) {
    auto requests = stage.vendor().emit(event);
    if (!requests) failed("the double refuses to emit the sample: " + shown(stage.told(requests.error())));
    expect(!requests->empty(), "the double emits nothing for the sample");
    return requests->front();
  }
  const Json given = stage.sample().at("sources/" + name + "/request", n);
  expect(given.is_object(), "the sample has neither \"emit\" nor \"request\" for it");
  return to_request(given);
}

std::string decodes(Stage& stage, const Json& source) {
  const auto name = name_of(source);
  const auto hook = decoder(stage, name);
  const auto request = delivery(stage, name, 1);
  const auto events = hook->receive(request);
  if (!events) failed("the sample's delivery is refused: " + shown(stage.told(events.error())));
  expect(!events->empty(), "the sample's delivery holds no event");
  for (const auto& event : *events)
    expect(read_json(event.payload.text()).has_value(), "an event's payload is no JSON");
  // The vendor sends again what was not acknowledged: it must be known as the same.
  const auto again = hook->receive(request);
  expect(again && again->size() == events->size(), "the same delivery once more gives other events");
  for (std::size_t i = 0; i < events->size(); ++i)
    expect((*again)[i].id == (*events)[i].id,
           "the same delivery once more gives another id: " + (*again)[i].id + ", before " + (*events)[i].id);
  return std::to_string(events->size()) + (events->size() == 1 ? " event" : " events");
}

std::string survives(Stage& stage, const Json& source) {
  const auto name = name_of(source);
  const auto hook = decoder(stage, name);
  const auto good = delivery(stage, name, 1);
  std::vector<std::string> bodies = {"",
                                     "{",
                                     "null",
                                     "[]",
                                     "{}",
                                     "5",
                                     "\"text\"",
                                     "<html>",
                                     "\xff\xfe\x00",
                                     std::string(1, '\0'),
                                     "{\"a\": 1e400}",
                                     std::string(300, '['),
                                     std::string(2u << 20, 'x'),
                                     good.body + good.body,
                                     "[" + good.body + "]"};
  for (std::size_t part = 1; part < 8; ++part) bodies.push_back(good.body.substr(0, good.body.size() * part / 8));
  for (const auto& body : bodies) {
    HttpRequest request = good;
    request.body = body;
    const auto events = hook->receive(request);
    if (events) continue;  // the pipeline's own checks come next
    const auto kind = stage.told(events.error()).kind;
    expect(kind == ErrorKind::permanent, "a body of " + std::to_string(body.size()) +
                                             " bytes that is none of the vendor's: expected permanent, came " +
                                             shown(events.error()));
  }
  HttpRequest bare{"POST", "/", {}, good.body, Intent::once};
  if (const auto events = hook->receive(bare); !events) stage.told(events.error());
  return std::to_string(bodies.size()) + " bodies";
}

std::string decoding_endurance(Stage& stage, const Json& source) {
  const auto name = name_of(source);
  const auto hook = decoder(stage, name);
  const auto request = delivery(stage, name, 1);
  const std::size_t count = stage.job().deliveries;
  Usage middle;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == count / 2) middle = Usage::now();
    if (const auto events = hook->receive(request); !events)
      failed("delivery " + std::to_string(i + 1) + ": " + shown(stage.told(events.error())));
  }
  expect(stage.vendor().arrived() == 0, "decoding sent requests, expected none: a webhook source has no network");
  return flat(middle, count - count / 2);
}

}  // namespace

std::vector<Check> source_checks(const Json& source, std::size_t deliveries) {
  if (get<std::string>(source, "/kind").value_or("") == "polling") return polling_checks(source, deliveries);
  const auto prefix = name_of(source) + ": ";
  std::vector<Check> out;
  const auto add = [&](const char* name, std::string (*run)(Stage&, const Json&), std::chrono::seconds patience = 20s) {
    out.push_back({prefix + name, [run, &source](Stage& stage) { return run(stage, source); }, patience});
  };
  add("decodes its sample", decodes);
  add("bad bodies", survives);
  add("memory, threads, descriptors", decoding_endurance, (30s + std::chrono::seconds(deliveries / 100)) * kSlower);
  return out;
}

}  // namespace milepost::conformance
