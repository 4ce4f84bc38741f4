#include "host/access/keys.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace milepost::access {
namespace TEST_FILE {

struct KeysTest : ::testing::Test {
  void SetUp() override {
    std::string made = ::testing::TempDir() + "keys-XXXXXX";
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    folder = made + "/data";
  }
  void TearDown() override { std::filesystem::remove_all(std::filesystem::path(folder).parent_path()); }
  std::string path() const { return folder + "/owner.key"; }
  std::string content() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text, mode_t mode = 0600) {
    std::filesystem::create_directories(folder);
    std::ofstream(path()) << text;
    ASSERT_EQ(chmod(path().c_str(), mode), 0);
  }
  std::string fault() const {
    const auto keys = Keys::open(folder);
    return keys ? "" : keys.error().message;
  }
  std::string folder;
};

TEST_F(KeysTest, MakesAnOwnersKeyAtTheFirstStart) {
  const auto keys = Keys::open(folder);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->owner_key_path(), path());
  const std::string key = content();
  EXPECT_EQ(key.size(), 3 + 43 + 1u);
  EXPECT_TRUE(key.starts_with("mp_"));
  EXPECT_EQ(key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 3), 46u);
  struct stat about {};
  ASSERT_EQ(stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(folder.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "nothing else is left behind";
}

TEST_F(KeysTest, KeepsTheKeyThatIsThere) {
  ASSERT_TRUE(Keys::open(folder));
  const auto first = content();
  const auto keys = Keys::open(folder);
  ASSERT_TRUE(keys);
  EXPECT_EQ(content(), first);
  const auto who = keys->recognise("Bearer " + first.substr(0, 46));
  ASSERT_TRUE(who);
  EXPECT_EQ(who->name, "owner");
  EXPECT_EQ(who->role, "owner");
}

TEST_F(KeysTest, RecognisesNothingElse) {
  const auto keys = Keys::open(folder);
  ASSERT_TRUE(keys);
  const auto key = content().substr(0, 46);
  EXPECT_TRUE(keys->recognise("bearer   " + key + " "));
  std::string other = key;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const auto& bad :
       {std::string(), std::string("Bearer"), std::string("Bearer "), key, "Basic " + key, "Bearer " + other,
        "Bearer " + key.substr(0, 45), "Bearer " + key + "x", std::string("Bearer  mp_"), "Bearer\t" + key})
    EXPECT_FALSE(keys->recognise(bad)) << bad;
}

TEST_F(KeysTest, RefusesAFileThatOthersMayRead) {
  ASSERT_TRUE(Keys::open(folder));
  ASSERT_EQ(chmod(path().c_str(), 0640), 0);
  EXPECT_NE(fault().find("chmod 600"), std::string::npos) << fault();
}

TEST_F(KeysTest, RefusesWhatIsNoKey) {
  for (const std::string bad : {"", "\n", "mp_", "hello", "mp_0123456789012345678901234567890123456789+/="}) {
    write(bad);
    EXPECT_NE(fault().find("holds no key"), std::string::npos) << bad;
    EXPECT_EQ(content(), bad) << "it is left as it was";
  }
  write(std::string(100'000, 'x'));
  EXPECT_NE(fault().find("holds no key"), std::string::npos);
  std::filesystem::remove(path());
  std::filesystem::create_directory(path(), folder);
  EXPECT_NE(fault(), "");
}

TEST_F(KeysTest, SaysWhereItCannotWrite) {
  std::ofstream(folder) << "a file";
  EXPECT_NE(fault().find(folder), std::string::npos) << fault();
}

}  // namespace TEST_FILE
}  // namespace milepost::access
