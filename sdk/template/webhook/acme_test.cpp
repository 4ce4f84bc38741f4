// The plugin over its exported table, as the host drives it. What must hold for every plugin is left to `milepost
// plugins test`.
#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::testing {
namespace {

class AcmeTest : public ::testing::Test {
 protected:
  Result<std::vector<Event>> receive(std::string body) {
    return rig.receive("hook", {{"signing_secret", "***"}}, {"POST", "/hooks/acme", {}, std::move(body), Intent::once});
  }
  FakeHost host;
  Rig rig{milepost_plugin_v1, host};
};

TEST_F(AcmeTest, MakesAnEventOfEachChange) {
  const auto events =
      receive(R"({"changes": [{"id": "c-1", "kind": "paid", "loan": "L-1001"}, {"id": "c-2", "kind": "closed"}]})");
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).id, "c-1");
  EXPECT_EQ(events->at(0).type, "acme.paid");
  EXPECT_EQ(events->at(0).subject, "L-1001");
  EXPECT_EQ(events->at(1).type, "acme.closed");
}

TEST_F(AcmeTest, RefusesWhatIsNoneOfTheVendors) {
  for (const char* body : {"", "<html>", "[]", R"({"changes": 1})", R"({"changes": [{"id": 5}]})"}) {
    const auto events = receive(body);
    ASSERT_FALSE(events) << body;
    EXPECT_EQ(events.error().kind, ErrorKind::permanent);
  }
}

}  // namespace
}  // namespace milepost::testing
