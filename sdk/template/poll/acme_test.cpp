// The plugin against its double, through the exported table. What must hold for every plugin is left to `milepost
// plugins test`.
#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::testing {
namespace {

TEST(Acme, ConnectsWithTheHostsCredentials) {
  FakeHost host;
  Rig rig{milepost_plugin_v1, host};
  host.http.answers(200).json(Json::object());
  EXPECT_TRUE(rig.connect({{"token", "***"}}));
  EXPECT_EQ(host.http.requests().at(0).target, "/v1/me");
}

TEST(Acme, SaysThatTheAccountIsRefused) {
  FakeHost host;
  Rig rig{milepost_plugin_v1, host};
  host.http.answers(401);
  const auto refused = rig.connect({{"token", "***"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::auth);
}

}  // namespace
}  // namespace milepost::testing
