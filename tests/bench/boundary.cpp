// What the plugin boundary costs: the same lead read by the connector linked in, called in C++, and by the library that the
// host has loaded, through the C table, in turns, in one run.
//   bench_boundary PLUGINS_FOLDER LEAD.json [ROUNDS]      a folder that holds crfconnect.so
// Prints one line of JSON: nanoseconds a lead (median), linked in, linked in again, loaded.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "host/http/client.hpp"
#include "host/plugins/preflight.hpp"
#include "host/plugins/registry.hpp"
#include "plugins/crfconnect/lead.hpp"
#include "plugins/crfconnect/revision.hpp"

namespace {

using namespace milepost;

/// What Leads::read does, without a host to tell metrics to: they count as the boundary's.
std::vector<Event> linked_in(const std::string& body) {
  const auto values = crfconnect::Values::read(body);
  if (!values) throw std::runtime_error(values.error().message);
  const auto lead = crfconnect::read_lead(values->root());
  if (!lead) throw std::runtime_error(lead.error().message);
  Event event;
  event.id = lead->id;
  event.revision = crfconnect::revision_of(values->root());
  event.type = "lead." + lead->status;
  event.subject = "crfconnect:lead:" + lead->id;
  event.time = lead->created;
  event.payload = Document(body);
  return {std::move(event)};
}

std::vector<Event> loaded(WebhookSource& source, const std::string& body) {
  auto events = source.receive({.method = "POST",
                                .target = "/hooks/crf",
                                .headers = {{"Content-Type", "application/json"}},
                                .body = body,
                                .intent = Intent::once});
  if (!events) throw std::runtime_error(events.error().message);
  return std::move(*events);
}

double median(std::vector<double>& values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

int measure(const std::string& folder, const std::string& lead, int rounds) {
  std::ifstream file(lead);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  const auto registry = plugins::Registry::discover({folder}, "", {}, {});
  telemetry::SystemClock clock;
  http::Client client;
  const auto source = registry->webhook("crfconnect.webhook", Json::object(), {&client, &clock, nullptr});
  if (!source) throw std::runtime_error(source.error().message);
  if (linked_in(body).front().revision != loaded(**source, body).front().revision)
    throw std::runtime_error("the two do not read the same out of the lead");

  std::vector<double> taken[3];
  for (int i = 0; i < rounds; ++i) {
    for (int k = 0; k < 3; ++k) {  // each after each of the others: who comes before decides what the caches hold
      const int which = (i % 2 == 0 ? i + k : i + 3 - k) % 3;
      const auto began = std::chrono::steady_clock::now();
      const auto events = which == 2 ? loaded(**source, body) : linked_in(body);
      taken[which].push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - began).count());
      if (events.size() != 1) throw std::runtime_error("no event");
    }
  }
  std::printf("{\"linked\": %.0f, \"again\": %.0f, \"loaded\": %.0f}\n", median(taken[0]), median(taken[1]), median(taken[2]));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--preflight") == 0) return milepost::plugins::preflight_child(argv[2]);
  if (argc < 3) return std::fputs("usage: bench_boundary PLUGINS_FOLDER LEAD.json [ROUNDS]\n", stderr), 2;
  try {
    return measure(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 20'000);
  } catch (const std::exception& thrown) {
    return std::fprintf(stderr, "bench_boundary: %s\n", thrown.what()), 1;
  }
}
