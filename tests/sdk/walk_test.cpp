#include "milepost/walk.hpp"

#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

TEST(Walk, TellsEachThingOnceHoweverOftenTheListIsWalked) {
  Walk first("");
  EXPECT_EQ(first.page(), "");
  EXPECT_TRUE(first.would_be_news("a"));
  EXPECT_TRUE(first.is_news("a"));
  EXPECT_FALSE(first.would_be_news("a"));
  EXPECT_FALSE(first.is_news("a"));
  first.finish();
  Walk second(first.cursor());
  EXPECT_FALSE(second.would_be_news("a"));
  EXPECT_FALSE(second.is_news("a"));
  EXPECT_TRUE(second.is_news("b"));
  second.finish();
  EXPECT_FALSE(Walk(second.cursor()).is_news("a"));
}

TEST(Walk, ForgetsWhatHasLeftTheList) {
  Walk walk("");
  EXPECT_TRUE(walk.is_news("a"));
  walk.finish();
  walk.finish();  // a whole walk without it
  EXPECT_EQ(walk.size(), 0u);
  EXPECT_TRUE(Walk(walk.cursor()).is_news("a"));
}

TEST(Walk, GoesOnWithItsPageAfterARestart) {
  Walk walk("");
  EXPECT_TRUE(walk.is_news("a"));
  EXPECT_TRUE(walk.go_to("p 2/\xC3\xA9"));
  Walk later(walk.cursor());
  EXPECT_EQ(later.page(), "p 2/\xC3\xA9");
  EXPECT_FALSE(later.is_news("a"));
  EXPECT_EQ(later.pages(), 1u);
}

TEST(Walk, SaysWhenTheListLeadsInACircle) {
  Walk walk("");
  EXPECT_TRUE(walk.go_to("2"));
  EXPECT_TRUE(walk.go_to("3"));
  EXPECT_FALSE(walk.go_to("2"));
  walk.restart();
  EXPECT_EQ(walk.page(), "");
  EXPECT_TRUE(walk.go_to("2"));
}

TEST(Walk, BeginsAnewFromACursorThatIsNone) {
  for (const char* cursor : {"?", "[]", R"({"known": 5, "page": {}})", R"({"known": "abc"})"}) {
    Walk walk(cursor);
    EXPECT_EQ(walk.page(), "") << cursor;
    EXPECT_EQ(walk.size(), 0u) << cursor;
  }
}

TEST(Walk, FitsIntoACursorUpToItsMost) {
  Walk walk("");
  for (std::size_t i = 0; i < Walk::kMost; ++i) walk.is_news(std::to_string(i));
  EXPECT_EQ(walk.size(), Walk::kMost);
  EXPECT_LT(walk.cursor().size(), 62u << 10);
}

}  // namespace TEST_FILE
}  // namespace milepost
