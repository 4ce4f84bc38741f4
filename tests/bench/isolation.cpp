// What isolation costs a delivery: the same plugin in this process and in a child, in turns, in one run.
//   bench_isolation PLUGINS_FOLDER [ROUNDS]        a folder that holds wild.so
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "host/http/client.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/isolation.hpp"
#include "host/plugins/preflight.hpp"
#include "host/plugins/registry.hpp"
#include "tests/host/plugins/loopback.hpp"

namespace {

using namespace milepost;
using namespace milepost::plugins;

std::string payload() {
  std::string text = R"({"loan": {"id": "L-1001", "amount": 250000.00}, "notes": ")";
  return text.append(2300, 'n') + "\"}";
}

/// Microseconds of one delivery.
double once(Action& action, const std::string& deed) {
  static const std::string body = payload();
  Event event;
  event.id = "E-1";
  event.subject = "L-1001";
  event.payload = Document(body);
  const Delivery delivery{&event, {{"deed", deed}}, "00112233445566778899aabbccddeeff"};
  const HostCall call(std::chrono::seconds(10));
  const auto began = std::chrono::steady_clock::now();
  const auto results = action.run({&delivery, 1}, call.call());
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
  if (!results.front()) throw std::runtime_error(results.front().error().message);
  return took.count();
}

double median(std::vector<double>& values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

/// KiB of a process that are its own.
long own_memory(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
  long sum = 0, value = 0;
  for (std::string line; std::getline(file, line);)
    if (std::sscanf(line.c_str(), "Private_Dirty: %ld", &value) == 1 ||
        std::sscanf(line.c_str(), "Private_Clean: %ld", &value) == 1)
      sum += value;
  return sum;
}

int measure(const std::string& folder, int rounds) {
  const auto registry = Registry::discover({folder}, "", {}, {});
  telemetry::ManualClock clock{telemetry::from_micros(1'700'000'000'000'000)};
  http::Client client;
  Loopback vendor([](const Loopback::Seen&) { return Loopback::response("201 Created", "{}"); });
  const auto account = [&](bool isolated) {
    config::Connection about;
    about.name = isolated ? "isolated" : "here";
    about.use = "wild";
    about.with.json = {{"base_url", vendor.url()}};
    about.allow_private = true;
    if (isolated) about.isolation = config::Isolation{};
    auto made = registry->account(about, config::Secrets(), {&client, &clock, nullptr});
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  };
  const auto here = account(false), isolated = account(true);
  const auto in_process = here->action("act"), again = here->action("act"), in_child = isolated->action("act");

  std::printf("%-28s %14s %14s %14s %8s %8s\n", "a delivery of 2.4 KB, median", "in process us", "again us",
              "in a child us", "ratio", "adds us");
  for (const auto& [name, deed, count] :
       {std::tuple{"without HTTP", "say", rounds}, std::tuple{"with one HTTP exchange", "", rounds / 10}}) {
    std::vector<double> a, b, c;
    for (int i = 0; i < count; ++i) {  // each after each of the others: who comes before decides what the caches hold
      const auto turn = [&](int which) {
        if (which == 0) a.push_back(once(*in_process, deed));
        if (which == 1) b.push_back(once(*again, deed));
        if (which == 2) c.push_back(once(*in_child, deed));
      };
      for (int which : {0, 1, 2}) turn((i % 2 == 0 ? i + which : i + 3 - which) % 3);
    }
    const double mine = median(a), same = median(b), theirs = median(c);
    std::printf("%-28s %14.1f %14.1f %14.1f %8.1f %8.1f\n", name, mine, same, theirs, theirs / mine, theirs - mine);
  }
  Event event;
  event.payload = Document(std::string("{}"));
  const Delivery delivery{&event, {{"deed", "say"}}, "k"};
  const HostCall call(std::chrono::seconds(10));
  const auto said = in_child->run({&delivery, 1}, call.call());
  std::printf("the child's own memory: %.1f MiB\n",
              static_cast<double>(own_memory(get<int>(said.front()->body, "/process").value_or(0))) / 1024);

  std::vector<double> starts;
  for (int i = 0; i < 10; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const auto made = account(true);
    starts.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::printf("a start, until its connection is made: %.1f ms\n", median(starts));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--preflight") == 0) return preflight_child(argv[2]);
  if (argc > 1 && std::strcmp(argv[1], "--isolated") == 0) return isolated_child(argc, argv);
  if (argc < 2) return std::fputs("usage: bench_isolation PLUGINS_FOLDER [ROUNDS]\n", stderr), 2;
  try {
    return measure(argv[1], argc > 2 ? std::atoi(argv[2]) : 20'000);
  } catch (const std::exception& thrown) {
    return std::fprintf(stderr, "bench_isolation: %s\n", thrown.what()), 1;
  }
}
