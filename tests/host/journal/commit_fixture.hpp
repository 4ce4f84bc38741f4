// A store on a disk that fails when told, with time that stands still.
#pragma once

#include <future>
#include <memory>
#include <string>

#include "tests/host/journal/faulty_disk.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::journal {

class Commit : public ::testing::Test {
 protected:
  Commit() : disk(FaultyDisk::install()) { open(); }
  ~Commit() override {
    disk.fault = FaultyDisk::Fault::none;
    store.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    auto opened = Store::open({.path = path, .clock = &clock});
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
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
  const std::string folder = unique_folder();
  const std::string path = folder + "/milepost.db";
  telemetry::ManualClock clock{kStart};
  std::unique_ptr<Store> store;
};

}  // namespace milepost::journal
