// Accepts events as fast as it can and prints the id of each that was acknowledged, until it is killed. kill_test.cpp
// runs it.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "host/audit/trail.hpp"
#include "tests/host/journal/fixture.hpp"

int main(int count, char** arguments) {
  using namespace milepost;
  if (count != 3) return 2;
  telemetry::SystemClock clock;
  auto store = journal::Store::open({.path = arguments[1], .clock = &clock});
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  const std::string round = arguments[2];
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < 8; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0;; ++i) {
        const std::string id = round + "/" + std::to_string(sender) + "/" + std::to_string(i);
        const std::string receipt = telemetry::new_id(clock.now());
        const Status done = (*store)->run([&](journal::Writer& writer) {
          writer.accept(journal::milestone(id, "L-" + std::to_string(sender), std::string(3000, 'p')), receipt,
                        clock.now());
          audit::Entry entry;
          entry.kind = "event";
          entry.action = "accepted";
          entry.event = receipt;
          audit::append(writer, entry);
        });
        const std::string line = id + "\n";
        if (!done || ::write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
      }
    });
  }
}
