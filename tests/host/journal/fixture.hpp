// A store in a folder of its own, with time that stands still.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "host/journal/store.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::journal {

inline const Time kStart{std::chrono::sys_days{std::chrono::year(2026) / 1 / 31} + std::chrono::hours(9)};

inline std::string unique_folder() {
  std::string name = ::testing::TempDir() + "journal-XXXXXX";
  return ::mkdtemp(name.data());
}

/// A milestone of a loan, in a lane of its subject.
inline NewEvent milestone(const std::string& id, const std::string& subject, const std::string& payload = "{}") {
  NewEvent event;
  event.pipeline = "loan-milestones";
  event.source = "los";
  event.id = id;
  event.type = "stage.changed";
  event.subject = event.lane = subject;
  event.actor = "u-17";
  event.payload = payload;
  event.content_type = "application/json";
  return event;
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { open(); }
  ~StoreTest() override {
    store.reset();
    std::filesystem::remove_all(folder);
  }

  void open() {
    auto opened = Store::open({.path = path, .clock = &clock});
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }
  void run(Work work) {
    const Status done = store->run(std::move(work));
    ASSERT_TRUE(done) << done.error().message;
  }
  Writer::Acceptance accept(const NewEvent& event) {
    Writer::Acceptance acceptance;
    run([&](Writer& writer) { acceptance = writer.accept(event, telemetry::new_id(clock.now()), clock.now()); });
    return acceptance;
  }
  void set(Event event, EventState state, std::optional<Time> resume_at = {}) {
    event.state = state;
    event.resume_at = resume_at;
    run([&](Writer& writer) { writer.update(event); });
  }

  const std::string folder = unique_folder();
  const std::string path = folder + "/data/milepost.db";
  telemetry::ManualClock clock{kStart};
  std::unique_ptr<Store> store;
};

}  // namespace milepost::journal
