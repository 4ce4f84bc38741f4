#include <gtest/gtest.h>

#include "milepost/testing/conformance.hpp"
#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::testing {
namespace TEST_FILE {

TEST(Parcel, SendsTheKey) {
  FakeHost host;
  Rig rig(milepost_plugin_v1, host);
  ASSERT_TRUE(rig.connect({{"base_url", "https://courier.test"}, {"token", "***"}}));
  host.http.answers(201);
  EXPECT_TRUE(rig.run("send", {{"to", "4 Pier St"}}));
  EXPECT_EQ(host.http.requests().at(0).header("Idempotency-Key"), key_of("one"));
}

TEST(Parcel, Conforms) {
  const auto report = conformance(PARCEL_LIBRARY, {"--only", "cut after"});
  EXPECT_EQ(report.plugin, "parcel");
  for (const auto& row : report.rows) EXPECT_TRUE(row.passed) << row.check << ": " << row.detail;
}

}  // namespace TEST_FILE
}  // namespace milepost::testing
