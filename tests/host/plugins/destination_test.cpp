#include "host/plugins/destination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milepost::plugins {
namespace TEST_FILE {

struct Row {
  std::string base, target, url;
  bool ours;
};

TEST(Destination, AppendsRelativeTargetsAndKnowsWhatIsOurs) {
  const Row rows[] = {
      {"https://api.acme.test", "/orders", "https://api.acme.test/orders", true},
      {"https://api.acme.test/", "/orders?limit=1", "https://api.acme.test/orders?limit=1", true},
      {"https://api.acme.test/v2/", "orders", "https://api.acme.test/v2/orders", true},
      {"https://api.acme.test/v2", "?a=1", "https://api.acme.test/v2?a=1", true},
      {"https://api.acme.test/v2", "", "https://api.acme.test/v2", true},
      {"https://api.acme.test/v2", "//evil.test/x", "https://api.acme.test/v2//evil.test/x", true},
      {"https://api.acme.test/v2", "/redirect?to=https://evil.test/",
       "https://api.acme.test/v2/redirect?to=https://evil.test/", true},
      {"https://api.acme.test/v2", "https://api.acme.test/v2/orders", "https://api.acme.test/v2/orders", true},
      {"https://api.acme.test/v2", "https://API.acme.test:443/v2", "https://API.acme.test:443/v2", true},
      {"https://api.acme.test/v2", "https://api.acme.test/v2?x=1", "https://api.acme.test/v2?x=1", true},
      {"https://api.acme.test/v2", "https://api.acme.test/v22/orders", "https://api.acme.test/v22/orders", false},
      {"https://api.acme.test/v2", "https://api.acme.test/", "https://api.acme.test/", false},
      {"https://api.acme.test/v2", "http://api.acme.test/v2/orders", "http://api.acme.test/v2/orders", false},
      {"https://api.acme.test/v2", "https://api.acme.test:8443/v2/orders", "https://api.acme.test:8443/v2/orders",
       false},
      {"https://api.acme.test", "https://api.acme.test.evil.test/", "https://api.acme.test.evil.test/", false},
      {"", "https://files.test/a", "https://files.test/a", false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.base + " + " + row.target);
    const auto base = Base::parse(row.base);
    ASSERT_TRUE(base);
    const auto found = base->resolve(row.target);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->url, row.url);
    EXPECT_EQ(found->ours, row.ours);
  }
}

TEST(Destination, RefusesWhatCouldLeaveTheBase) {
  const auto base = Base::parse("https://api.acme.test/v2");
  ASSERT_TRUE(base);
  for (const std::string target :
       {"/../admin", "/a/../../admin", "/..", "/%2e%2e/admin", "/.%2E/admin", "/a%2f..%2f..%2fadmin", "/a%5c..%5cadmin",
        "/./x", "https://api.acme.test/v2/../admin", "https://user:secret@api.acme.test/v2/x",
        "https://api.acme.test\\@evil.test/v2", "/x y", "/x#fragment", "/x\r\nHost: evil.test",
        "ftp://api.acme.test/v2"})
    EXPECT_FALSE(base->resolve(target)) << target;
  EXPECT_TRUE(base->resolve("/a..b/...")) << "dots within a name are no climb";
}

TEST(Destination, QuotesNothingOfATarget) {
  const auto base = Base::parse("https://api.acme.test");
  ASSERT_TRUE(base);
  const auto refused = base->resolve("/../x?token=s3cret");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, ::testing::Not(::testing::HasSubstr("s3cret")));
}

TEST(Destination, RefusesABaseThatIsNone) {
  for (const std::string base : {"api.acme.test", "ftp://acme.test", "https://acme.test/?sig=1",
                                 "https://u:p@acme.test", "https://acme.test/a/../b"})
    EXPECT_FALSE(Base::parse(base)) << base;
  const auto none = Base::parse("");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->resolve("/orders"));
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
