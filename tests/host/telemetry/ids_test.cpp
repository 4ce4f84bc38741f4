#include "host/telemetry/ids.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <string>

#include <regex>
#include <set>

namespace milepost::telemetry {
namespace TEST_FILE {

TEST(Ids, AreUuidsOfVersionSeven) {
  const std::string id = new_id(from_micros(1'763'683'141'123'456));
  EXPECT_TRUE(std::regex_match(id, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << id;
  EXPECT_EQ(id.substr(0, 13), "019aa3b5-0603");
}

TEST(Ids, KeepTheOrderOfTime) {
  std::string last;
  for (std::int64_t micros = 1'763'683'141'998'000; micros < 1'763'683'142'002'000; micros += 7) {
    const std::string id = new_id(from_micros(micros));
    EXPECT_LT(last, id);
    last = id;
  }
}

TEST(Ids, AreDistinctWithinOneMicrosecond) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(new_id(from_micros(1)));
  EXPECT_EQ(ids.size(), 10'000u);
}

TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hex, IsLowerCaseAndTakesEveryByte) { EXPECT_EQ(hex(std::string_view("\x00\x0f\xf0\xff", 4)), "000ff0ff"); }

TEST(RandomBytes, DifferEachTime) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(32).size(), 32u);
  EXPECT_NE(random_bytes(16), random_bytes(16));
  std::set<std::string> salts;
  for (int i = 0; i < 1000; ++i) salts.insert(random_bytes(16));
  for (int i = 0; i < 1000; ++i) salts.insert(random_bytes(15) + 'x');
  EXPECT_EQ(salts.size(), 2000u);
}

TEST(RandomBytes, DifferInAForkedChild) {
  random_bytes(1);  // some are kept for the next ones
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto bytes = random_bytes(16);
    ::_exit(::write(ends[1], bytes.data(), bytes.size()) == 16 ? 0 : 1);
  }
  std::string theirs(16, '\0');
  ASSERT_EQ(::read(ends[0], theirs.data(), theirs.size()), 16);
  ::close(ends[0]);
  ::close(ends[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_NE(random_bytes(16), theirs);
}

}  // namespace TEST_FILE
}  // namespace milepost::telemetry
