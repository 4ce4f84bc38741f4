// An earlier version of a pipeline, back in its file and live: both, or neither.
#include <sys/stat.h>
#include <unistd.h>

#include "host/audit/trail.hpp"
#include "host/deploy/write_file.hpp"
#include "tests/host/deploy/live_rig.hpp"

namespace milepost::deploy {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Revert : public LiveRig {
 protected:
  /// Two versions, of which the second runs; the first's file has a comment.
  void two_versions() {
    first_text_ = pipeline("a", "one", "# as the branch wants it\n");
    write("pipelines/a.yaml", first_text_);
    start();
    first_ = live_->current()->programs[0]->pipeline.version;
    write("pipelines/a.yaml", pipeline("a", "two"));
    ASSERT_TRUE(reload());
    second_ = live_->current()->programs[0]->pipeline.version;
  }
  Result<Plan> revert(bool discard = false) { return live_->revert({"a", first_.substr(0, 12), "key:owner", "too many cards", discard}); }
  std::string running() { return live_->current()->programs[0]->pipeline.version; }
  std::string first_text_, first_, second_;
};

TEST_F(Revert, WritesTheFileAsItWasAndRunsIt) {
  two_versions();
  std::filesystem::permissions(folder_ + "/pipelines/a.yaml", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto plan = revert();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(read("pipelines/a.yaml"), first_text_);
  EXPECT_EQ(std::filesystem::status(folder_ + "/pipelines/a.yaml").permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(running(), first_);
  ASSERT_TRUE(done(accept("a", "1")));
  EXPECT_THAT(said(), ElementsAre("one"));
  const auto lived = history(*store_, "a", 1);
  EXPECT_EQ(lived[0].audit.action, "pipeline.revert");
  EXPECT_EQ(lived[0].audit.user, "key:owner");
  EXPECT_EQ(lived[0].reason, "too many cards");
  EXPECT_EQ(audit::verify(*store_).fault, "");
  EXPECT_TRUE(reload()->empty()) << "the file says what runs";
}

TEST_F(Revert, AnEditThatDoesNotRunYetIsNotLostUnasked) {
  two_versions();
  const auto edit = pipeline("a", "three");
  write("pipelines/a.yaml", edit);
  const auto refused = revert();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("was edited since it went live"));
  EXPECT_EQ(read("pipelines/a.yaml"), edit);
  EXPECT_EQ(running(), second_);
  ASSERT_TRUE(revert(true));
  EXPECT_EQ(running(), first_);
}

TEST_F(Revert, OtherChangesOfTheFolderDoNotComeAlong) {
  two_versions();
  write("pipelines/b.yaml", pipeline("b", "one"));
  const auto refused = revert();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("(pipeline b)"));
  EXPECT_EQ(read("pipelines/a.yaml"), pipeline("a", "two")) << "put back";
  EXPECT_EQ(running(), second_);
  EXPECT_FALSE(listens("/hooks/b"));
}

TEST_F(Revert, AFaultElsewhereLeavesTheFileAsItWas) {
  two_versions();
  write("pipelines/b.yaml", "pipeline: b\n");
  const auto refused = revert();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("pipelines/b.yaml"));
  EXPECT_EQ(read("pipelines/a.yaml"), pipeline("a", "two"));
}

TEST_F(Revert, BringsBackAPipelineThatWasTakenAway) {
  two_versions();
  remove("pipelines/a.yaml");
  ASSERT_TRUE(reload());
  EXPECT_FALSE(listens("/hooks/a"));
  ASSERT_TRUE(revert()) << revert().error().message;
  EXPECT_EQ(read("pipelines/a.yaml"), first_text_);
  EXPECT_TRUE(listens("/hooks/a"));
}

TEST_F(Revert, DoesNotWriteOverAnotherPipelinesFile) {
  two_versions();
  write("pipelines/a.yaml", pipeline("b", "one"));
  ASSERT_TRUE(reload());
  const auto refused = revert(true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("pipelines/a.yaml holds another pipeline now, b"));
  EXPECT_EQ(read("pipelines/a.yaml"), pipeline("b", "one"));
  EXPECT_TRUE(listens("/hooks/b"));
}

TEST_F(Revert, NamesWhatItCannotFind) {
  two_versions();
  EXPECT_THAT(live_->revert({"nobody", first_, "u", "r"}).error().message, HasSubstr("has ever run here"));
  EXPECT_THAT(live_->revert({"a", "ffffffff", "u", "r"}).error().message, HasSubstr("no version of a begins with ffffffff"));
  EXPECT_THAT(live_->revert({"a", second_, "u", "r"}).error().message, HasSubstr("runs on that version"));
  EXPECT_THAT(live_->revert({"a", "", "u", "r"}).error().message, HasSubstr("at least 4 characters"));
}

TEST(WriteFile, KeepsLinksAndOwners) {
  std::string folder = ::testing::TempDir() + "write-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_TRUE(write_file(folder + "/real.yaml", "one"));
  std::filesystem::create_symlink("real.yaml", folder + "/link.yaml");
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown((folder + "/real.yaml").c_str(), 12345, 54321), 0);
  }
  ASSERT_TRUE(write_file(folder + "/link.yaml", "two"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder + "/link.yaml"));
  std::ifstream in(folder + "/real.yaml");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "two");
  struct stat about {};
  ASSERT_EQ(::stat((folder + "/real.yaml").c_str(), &about), 0);
  if (root) {
    EXPECT_EQ(about.st_uid, 12345u) << "an admin's file that the host rewrites stays the admin's";
  }
  std::filesystem::remove_all(folder);
}

TEST(WriteFile, LeavesNothingBesideIt) {
  std::string folder = ::testing::TempDir() + "write-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_TRUE(write_file(folder + "/a.yaml", "one"));
  ASSERT_TRUE(write_file(folder + "/a.yaml", "two"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_THAT(write_file(folder + "/none/a.yaml", "x").error().message, HasSubstr("No such file"));
  std::filesystem::remove_all(folder);
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
