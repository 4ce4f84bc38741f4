// What the manifest declares for both vendors.
#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::postcard {
namespace TEST_FILE {

Json manifest() {
  testing::FakeHost host;
  return testing::Rig(milepost_plugin_v1, host).manifest();
}

TEST(PostcardManifest, DeclaresWhatHoldsForBothVendors) {
  const auto all = manifest();
  EXPECT_EQ(
      text(*find(all, "/actions/0/traits")),
      R"({"max_batch":1,"replay":"never","key_lifetime_s":0,"settles_after_s":120,"effect":"mail","batch_key":""})");
  EXPECT_TRUE(get<bool>(all, "/actions/0/lookup").value_or(false));
  EXPECT_TRUE(get<bool>(all, "/connection/probe").value_or(false));
  EXPECT_EQ(
      text(*find(all, "/connection/credentials")),
      R"([{"scheme":"login","path":"/auth/login","body":{"apiKey":"api_key","apiSecret":"api_secret"},"token":"/token","expires":"/expires","lifetime":"1h","when":{"vendor":"pcm"}},)"
      R"({"scheme":"basic","user":"api_key","password":"","when":{"vendor":"lob"}}])");
}

TEST(PostcardManifest, SignsAsEitherVendorDoes) {
  const auto verify = *find(manifest(), "/sources/0/verify");
  EXPECT_EQ(text(verify[0]["when"]), R"({"vendor":"lob"})");
  EXPECT_EQ(get<std::string>(verify, "/0/hmac/header").value_or(""), "Lob-Signature");
  EXPECT_EQ(get<std::string>(verify, "/1/hmac/timestamp/header").value_or(""), "pcmi-timestamp");
  EXPECT_EQ(text(verify[1]["hmac"]["secret"]), R"([{"setting":"secret"},{"setting":"other_secret"}])");
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
