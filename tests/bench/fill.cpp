// Fills a store with events, as intake and engine would have left them: what a benchmark starts from.
//   bench_fill STORE PIPELINE COUNT LANES open|done LEAD.json
// Prints how many a second, which is the store's own speed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"
#include "host/telemetry/ids.hpp"

namespace {

using namespace milepost;

constexpr long kInOneCommit = 1000;

void add(journal::Writer& writer, const std::string& pipeline, long number, long lanes, bool done, const std::string& body) {
  journal::NewEvent event;
  event.pipeline = pipeline;
  event.source = "crfconnect.webhook";
  event.id = telemetry::hex(telemetry::sha256(std::to_string(number))).substr(0, 32);  // as real ones: in no order
  event.type = "lead.matched";
  event.subject = event.lane = "crfconnect:lead:" + std::to_string(number % lanes);
  event.payload = body;
  event.content_type = "application/json";
  const auto accepted = writer.accept(event, telemetry::new_id(writer.now()), writer.now());
  const auto tell = [&](const char* action, const char* step) {
    audit::Entry row;
    row.kind = "event";
    row.action = action;
    row.subject = event.subject;
    row.pipeline = pipeline;
    row.event = accepted.event.receipt;
    row.step = step;
    audit::append(writer, row);
  };
  tell("lead.matched", "");
  if (!done) return;
  auto ended = accepted.event;
  ended.state = journal::EventState::done;
  writer.update(ended);
  tell("lead", "audit");
}

void fill(const std::string& path, const std::string& pipeline, long count, long lanes, bool done, const std::string& lead) {
  std::ifstream file(lead);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  telemetry::SystemClock clock;
  auto store = journal::Store::open({.path = path, .clock = &clock});
  if (!store) throw std::runtime_error(store.error().message);
  const auto began = std::chrono::steady_clock::now();
  const auto before = static_cast<long>((*store)->newest());
  for (long first = 0; first < count; first += kInOneCommit) {
    const auto written = (*store)->run([&](journal::Writer& writer) {
      for (long i = first; i < std::min(first + kInOneCommit, count); ++i) add(writer, pipeline, before + i, lanes, done, body);
    });
    if (!written) throw std::runtime_error(written.error().message);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.0f\n", static_cast<double>(count) / took.count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return std::fputs("usage: bench_fill STORE PIPELINE COUNT LANES open|done LEAD.json\n", stderr), 2;
  try {
    fill(argv[1], argv[2], std::atol(argv[3]), std::max(1l, std::atol(argv[4])), std::string(argv[5]) == "done", argv[6]);
    return 0;
  } catch (const std::exception& thrown) {
    return std::fprintf(stderr, "bench_fill: %s\n", thrown.what()), 1;
  }
}
