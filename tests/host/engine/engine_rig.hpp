// An engine with the built-ins alone, over a real store. Time stands still until it is told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/config/fault_text.hpp"
#include "host/config/load.hpp"
#include "host/engine/engine.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::engine {

using namespace std::chrono_literals;
using telemetry::Time;

inline Time at(const std::string& text) {
  Time time{};
  EXPECT_TRUE(telemetry::from_text(text, time)) << text;
  return time;
}

class EngineRig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "engine-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    registry_ = plugins::Registry::discover({}, "", built_in_sources(), built_in_steps());
    open();
  }
  void TearDown() override {
    engine_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  /// A pipeline named `loans`, by its steps.
  void start(const std::string& steps) {
    steps_ = steps;
    const auto loaded = config::load_pipeline(
        "pipeline: loans\nsource: {use: webhook, with: {path: /hooks/los, verify: none}}\nsteps:\n" + steps,
        "pipelines/loans.yaml", *registry_);
    ASSERT_TRUE(loaded.pipeline) << config::render(loaded.faults, "", false);
    config::Faults faults;
    auto program = Program::compile(*loaded.pipeline, {}, *registry_, faults);
    ASSERT_TRUE(program) << config::render(faults, "", false);
    engine_ = std::make_unique<Engine>(*store_, plugins::Services{nullptr, &clock_, store_.get()}, clock_);
    const auto deployed = engine_->deploy({.registry = registry_, .programs = {program}}, config::Secrets());
    ASSERT_TRUE(deployed) << deployed.error().message;
    engine_->start(false);
  }
  /// The host goes away, and a new one opens what it left.
  void stop() {
    engine_.reset();
    open();
  }
  void restart() {
    stop();
    start(steps_);
  }

  journal::Sequence accept(const std::string& id, const std::string& payload = "{}",
                           const std::string& source = "webhook") {
    journal::NewEvent event;
    event.pipeline = "loans";
    event.source = source;
    event.id = id;
    event.type = "stage.changed";
    event.subject = event.lane = "L-1";
    event.payload = payload;
    journal::Sequence sequence = 0;
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      sequence = writer.accept(event, telemetry::new_id(clock_.now()), clock_.now()).event.sequence;
    }));
    return sequence;
  }
  journal::EventState state(journal::Sequence event) const { return store_->event(event)->state; }
  /// Real time bounds a test that would hang; what it waits for is the condition.
  static bool eventually(const std::function<bool()>& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return holds();
  }
  bool becomes(journal::Sequence event, journal::EventState wanted) {
    return eventually([&] { return state(event) == wanted; });
  }
  std::vector<journal::Event> events(const std::string& pipeline) const {
    auto found = store_->events({.pipeline = pipeline, .limit = 1000});
    std::ranges::reverse(found);
    return found;
  }
  Json payload(const journal::Event& event) const {
    return read_json(store_->payload(event.sequence).value_or("")).value_or(nullptr);
  }

  telemetry::ManualClock clock_{at("2026-11-20T12:00:00Z")};
  std::string folder_, steps_;
  std::shared_ptr<plugins::Registry> registry_;
  std::unique_ptr<journal::Store> store_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace milepost::engine
