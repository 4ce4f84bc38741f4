#include "host/telemetry/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "milepost/json.hpp"

namespace milepost::telemetry {
namespace TEST_FILE {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string logged(std::string_view format, Level level, std::string_view event, std::initializer_list<Field> fields) {
  configure_log(format, Level::info);
  ::testing::internal::CaptureStderr();
  log(level, event, fields);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  const std::string line = logged("json", Level::warn, "webhook.refused", {{"path", "/hooks/los"}, {"status", "401"}});
  ASSERT_THAT(line, EndsWith("}\n"));
  const Json record = *read_json(line);
  EXPECT_EQ(*get<std::string>(record, "/level"), "warn");
  EXPECT_EQ(*get<std::string>(record, "/event"), "webhook.refused");
  EXPECT_EQ(*get<std::string>(record, "/path"), "/hooks/los");
  EXPECT_EQ(*get<std::string>(record, "/status"), "401");
  EXPECT_EQ(get<std::string>(record, "/time")->size(), 27u);
}

TEST(Log, KeepsALineWholeWhateverItIsTold) {
  const std::string hostile = "a\n{\"level\":\"error\"}\r\t\"\\\x01\xff\xc3";
  const std::string line = logged("json", Level::info, "x", {{"note", hostile}});
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_EQ(*get<std::string>(*read_json(line), "/note"),
            "a\n{\"level\":\"error\"}\r\t\"\\\x01\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Log, AlignsTheHumanForm) {
  const std::string line =
      logged("human", Level::info, "host.ready", {{"hooks", "127.0.0.1:8080"}, {"note", "two words"}});
  EXPECT_THAT(line.substr(12), ::testing::StartsWith("  info   host.ready                   hooks=127.0.0.1:8080"));
  EXPECT_THAT(line, EndsWith(" note=\"two words\"\n"));
}

TEST(Log, LetsNoValueDriveTheTerminal) {
  const std::string line =
      logged("human", Level::info, "x", {{"a", "\x1b[2J"}, {"b", "\xc2\x9b"}, {"c", "\xe2\x80\xae"}, {"d", ""}});
  EXPECT_THAT(line, HasSubstr(R"(a="\u001b[2J" b="\u009b" c="\u202e" d="")"));
  EXPECT_THAT(logged("human", Level::info, "x", {{"a", "Zo\xc3\xab \xe2\x80\xa6"}}),
              HasSubstr("a=\"Zo\xc3\xab \xe2\x80\xa6\""));
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  EXPECT_EQ(logged("json", Level::debug, "x", {}), "");
  EXPECT_THAT(logged("json", Level::error, "x", {}), Not(::testing::IsEmpty()));
}

}  // namespace TEST_FILE
}  // namespace milepost::telemetry
