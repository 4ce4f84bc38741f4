// kill -9 while commits are under way: what was acknowledged is there.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>
#include <thread>

#include "host/audit/trail.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::journal {
namespace TEST_FILE {

/// Runs the writer, kills it after a while, and returns the ids that it said were acknowledged.
std::vector<std::string> killed_after(std::chrono::milliseconds life, const std::string& path,
                                      const std::string& round) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(MILEPOST_ACKNOWLEDGING_WRITER, "writer", path.c_str(), round.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::jthread killer([&] {
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  killer.join();
  ::waitpid(child, nullptr, 0);

  std::vector<std::string> ids;
  std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) ids.push_back(line);
  return ids;
}

TEST(Kill, LosesNothingThatWasAcknowledged) {
  const std::string folder = unique_folder();
  const std::string path = folder + "/milepost.db";
  telemetry::ManualClock clock(kStart);
  std::mt19937 random(std::random_device{}());
  std::size_t acknowledged = 0;
  for (int round = 0; round < 8; ++round) {
    const auto life = std::chrono::milliseconds(std::uniform_int_distribution(40, 400)(random));
    const auto ids = killed_after(life, path, std::to_string(round));
    auto store = Store::open({.path = path, .clock = &clock});
    ASSERT_TRUE(store) << store.error().message;
    for (const std::string& id : ids) {
      const auto events = (*store)->events({.id = id});
      ASSERT_EQ(events.size(), 1u) << id;
      ASSERT_EQ((*store)->payload(events[0].sequence), std::string(3000, 'p'));
    }
    const audit::Verdict verdict = audit::verify(**store);
    EXPECT_EQ(verdict.fault, "");
    EXPECT_EQ(verdict.rows, (*store)->count(EventState::open));
    acknowledged += ids.size();
    EXPECT_GE(verdict.rows, acknowledged);
    EXPECT_LE(verdict.rows, acknowledged + static_cast<std::size_t>(round + 1) * 8);  // at most what was in flight
  }
  EXPECT_GT(acknowledged, 0u);
  std::filesystem::remove_all(folder);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
