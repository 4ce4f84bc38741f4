#include "host/plugins/settings_view.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace milepost::plugins {
namespace TEST_FILE {

TEST(SettingsView, HidesSecretsAndResolvesTheEnvironment) {
  ::setenv("MILEPOST_TEST_REGION", "west", 1);
  const Json schema{{"type", "object"},
                    {"properties",
                     {{"token", {{"type", "string"}, {"x-secret", true}}},
                      {"plain", {{"type", "string"}, {"x-secret", true}}},
                      {"keys", {{"type", "array"}, {"items", {{"type", "string"}, {"x-secret", true}}}}},
                      {"more", {{"type", "object"}, {"properties", {{"pin", {{"x-secret", true}}}}}}}}}};
  const Json settings{{"token", {{"!secret", "acme_token"}}},
                      {"plain", "written down"},
                      {"region", {{"!env", "MILEPOST_TEST_REGION"}}},
                      {"keys", {"a", "b"}},
                      {"more", {{"pin", 1234}, {"x", 1}}},
                      {"stray", {{"!secret", "other"}}},
                      {"amount", Number{"25000.00"}.json()}};
  const auto view = settings_view(settings, schema);
  ASSERT_TRUE(view);
  EXPECT_EQ(text(*view),
            R"({"token":"***","plain":"***","region":"west","keys":["***","***"],"more":{"pin":"***","x":1},)"
            R"("stray":"***","amount":25000.00})");
}

TEST(SettingsView, NamesAnEnvironmentVariableThatIsNotSet) {
  ::unsetenv("MILEPOST_TEST_NOWHERE");
  const auto view = settings_view({{"region", {{"!env", "MILEPOST_TEST_NOWHERE"}}}}, Json::object());
  ASSERT_FALSE(view);
  EXPECT_NE(view.error().message.find("MILEPOST_TEST_NOWHERE"), std::string::npos);
}

TEST(SettingsView, TakesAbsentSettingsAsNone) {
  const auto view = settings_view(nullptr, nullptr);
  ASSERT_TRUE(view);
  EXPECT_EQ(text(*view), "{}");
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
