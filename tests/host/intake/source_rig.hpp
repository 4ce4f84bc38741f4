// A store in a folder of its own and a pipeline's feed into it, for sources that nobody calls. Time stands still until
// it is told.
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

#include "host/intake/feed.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

using namespace std::chrono_literals;
using telemetry::Time;

inline Time at(const std::string& text) {
  Time time{};
  EXPECT_TRUE(telemetry::from_text(text, time)) << text;
  return time;
}

class SourceRig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "sources-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  std::unique_ptr<Feed> feed(const std::string& source, const config::EventMapping& event = {},
                             const std::string& name = "reports") {
    config::Pipeline pipeline;
    pipeline.name = name;
    pipeline.event = event;
    config::Faults faults;
    auto mapping = Mapping::compile(pipeline, faults);
    EXPECT_TRUE(mapping);
    return std::make_unique<Feed>(Origin{name, source, std::string(64, 'a'), "", 202},
                                  std::make_shared<const Mapping>(std::move(*mapping)), name + "/" + source, *store_,
                                  clock_);
  }

  /// Of one pipeline, oldest first.
  std::vector<journal::Event> events(const std::string& pipeline = "reports") const {
    auto found = store_->events({.pipeline = pipeline, .limit = 100'000});
    std::ranges::reverse(found);
    return found;
  }
  std::vector<std::string> ids(const std::string& pipeline = "reports") const {
    std::vector<std::string> out;
    for (const auto& event : events(pipeline)) out.push_back(event.id);
    return out;
  }
  Json payload(const journal::Event& event) const {
    return read_json(store_->payload(event.sequence).value_or("")).value_or(nullptr);
  }
  /// Real time bounds a test that would hang; what it waits for is the condition.
  static bool eventually(const std::function<bool()>& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return holds();
  }

  telemetry::ManualClock clock_{at("2026-11-20T12:00:00Z")};
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
};

}  // namespace milepost::intake
