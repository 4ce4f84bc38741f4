// A host's parts over a real folder and store, with the built-ins alone.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "host/config/fault_text.hpp"
#include "host/deploy/live.hpp"
#include "host/telemetry/ids.hpp"
#include "tests/host/deploy/built_ins.hpp"

namespace milepost::deploy {

using namespace std::chrono_literals;

class LiveRig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "live-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::filesystem::create_directories(folder_ + "/pipelines");
    write("milepost.yaml", "plugins: []\n");
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& file, const std::string& text) { std::ofstream(folder_ + "/" + file, std::ios::binary) << text; }
  void remove(const std::string& file) { std::filesystem::remove(folder_ + "/" + file); }
  std::string read(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// A pipeline whose one step writes this action into the audit trail.
  static std::string pipeline(const std::string& name, const std::string& action, const std::string& comment = "") {
    return comment + "pipeline: " + name + "\nsource: {use: webhook, with: {path: /hooks/" + name + ", verify: none}}\nevent: {id: \"${payload.id}\", subject: \"${payload.id}\"}\n" +
           "steps:\n  - id: say\n    use: audit\n    with: {action: " + action + "}\n";
  }

  void start() {
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    const plugins::Services services{nullptr, &clock_, store_.get()};
    engine_ = std::make_unique<engine::Engine>(*store_, services, clock_);
    hooks_ = std::make_unique<intake::Hooks>(*store_, clock_);
    sources_ = std::make_unique<Sources>(services, *store_, clock_);
    live_ = std::make_unique<Live>(Live::Parts{*store_, *engine_, *hooks_, *sources_, services, clock_}, std::make_shared<const Deployment>(load(folder_, false, &built_ins())));
    const auto begun = live_->begin();
    ASSERT_TRUE(begun) << begun.error().message;
    ASSERT_TRUE(sources_->start());
    engine_->start(false);
  }
  void stop() {
    if (sources_) sources_->stop();
    if (engine_) engine_->stop(1s);
    live_.reset();
    sources_.reset();
    hooks_.reset();
    engine_.reset();
    store_.reset();
  }

  Result<Plan> reload() { return live_->reload({"reload"}); }

  journal::Sequence accept(const std::string& pipeline, const std::string& id) {
    journal::NewEvent event;
    event.pipeline = pipeline;
    event.source = "webhook";
    event.id = id;
    event.subject = event.lane = id;
    event.payload = R"({"id": ")" + id + "\"}";
    journal::Sequence sequence = 0;
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) { sequence = writer.accept(event, telemetry::new_id(clock_.now()), clock_.now()).event.sequence; }));
    return sequence;
  }
  /// Real time bounds a test that would hang.
  static bool eventually(const std::function<bool()>& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return holds();
  }
  bool done(journal::Sequence event) {
    return eventually([&] { return store_->event(event)->state == journal::EventState::done; });
  }
  /// What the events of a pipeline said into the trail, oldest first.
  std::vector<std::string> said() const {
    std::vector<std::string> out;
    for (const auto& record : store_->audit({.kind = "event", .limit = 1000}))
      if (record.row.step == "say") out.push_back(record.row.action);
    return out;
  }
  /// Whether a delivery to that path would be let in.
  bool listens(const std::string& path) const {
    http::Incoming head;
    head.method = "POST";
    head.path = path;
    return hooks_->admit(head).status == 0;
  }
  std::vector<std::string> deeds(const std::string& pipeline) const {
    std::vector<std::string> out;
    for (const auto& one : history(*store_, pipeline, 100)) out.push_back(one.audit.action + " " + one.audit.outcome + " by " + one.audit.user);
    return out;
  }

  telemetry::ManualClock clock_{telemetry::Time(std::chrono::hours(24 * 20'000))};
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<intake::Hooks> hooks_;
  std::unique_ptr<Sources> sources_;
  std::unique_ptr<Live> live_;
};

}  // namespace milepost::deploy
