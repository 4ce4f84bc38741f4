// A store on a disk that fails when told.
#pragma once

#include <future>
#include <string>

#include "tests/host/journal/faulty_disk.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::journal {

class Commit : public StoreTest {
 protected:
  Commit() : disk(FaultyDisk::install()) {}
  ~Commit() override { disk.fault = FaultyDisk::Fault::none; }
  Status accept(const std::string& id) {
    return store->run([&](Writer& writer) { writer.accept(milestone(id, "L-1"), telemetry::new_id(kStart), kStart); });
  }
  std::uint64_t stored() { return store->count(EventState::open); }

  /// Holds the writer until released, so that works gather behind it.
  struct Gate {
    std::promise<void> entered, release;
    void close(Store& at) {
      at.submit(
          [this](Writer&) {
            entered.set_value();
            release.get_future().wait();
          },
          [](const Status&) {});
      entered.get_future().wait();
    }
  };

  FaultyDisk& disk;
};

}  // namespace milepost::journal
