// Reloads on SIGHUP and when files change.
#include "host/deploy/watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <semaphore>

namespace milepost::deploy {
namespace TEST_FILE {

using namespace std::chrono_literals;

class WatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
    std::string folder = ::testing::TempDir() + "watch-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Watch::Ask ask(bool files) {
    return {.reload = [this](bool signal) { (signal ? signals_ : changes_).release(); },
            .tidy = [] { return true; },
            .folders = [this, files] { return files ? std::set<std::string>{folder_} : std::set<std::string>(); }};
  }
  void write(const std::string& name) { std::ofstream(folder_ + "/" + name) << "x"; }

  std::string folder_;
  std::counting_semaphore<> signals_{0}, changes_{0};
};

TEST_F(WatchTest, ASignalReloads) {
  Watch watch(ask(false));
  watch.start();
  ::kill(::getpid(), SIGHUP);
  EXPECT_TRUE(signals_.try_acquire_for(10s));
  write("a.yaml");
  EXPECT_FALSE(changes_.try_acquire_for(500ms)) << "nobody asked to watch";
}

TEST_F(WatchTest, ManyEditsAtOnceAreOne) {
  Watch watch(ask(true));
  watch.start();
  ASSERT_TRUE(changes_.try_acquire_for(10s)) << "what happened before it watched, nobody told it";
  for (int i = 0; i < 50; ++i) write("a" + std::to_string(i) + ".yaml");
  EXPECT_TRUE(changes_.try_acquire_for(10s));
  EXPECT_FALSE(changes_.try_acquire_for(500ms));
  std::filesystem::rename(folder_ + "/a1.yaml", folder_ + "/b.yaml");
  EXPECT_TRUE(changes_.try_acquire_for(10s));
}

TEST_F(WatchTest, WhatEditorsKeepBesideAFileIsNoise) {
  Watch watch(ask(true));
  watch.start();
  ASSERT_TRUE(changes_.try_acquire_for(10s));
  write(".a.yaml.swp");
  write("a.yaml~");
  EXPECT_FALSE(changes_.try_acquire_for(600ms));
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
