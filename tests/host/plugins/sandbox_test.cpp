#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using ::testing::HasSubstr;

class Sandboxes : public PluginTest {
 protected:
  void SetUp() override {
    install(good("acme-sandbox"));
    auto made = registry_->sandbox("acme", services_);
    ASSERT_TRUE(made) << made.error().message;
    vendor_ = std::move(*made);
  }
  std::unique_ptr<Sandbox> vendor_;
};

TEST_F(Sandboxes, AnswerRememberAndForget) {
  const auto answer = vendor_->handle({.method = "POST", .target = "/orders", .body = "one"});
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.header("content-type"), "text/plain");
  EXPECT_EQ(answer.body, "POST /orders one");
  EXPECT_EQ(text(vendor_->state()), R"({"orders":["one"],"us":1700000000000000})");
  vendor_->reset();
  EXPECT_EQ(vendor_->state()["orders"].size(), 0u);
}

TEST_F(Sandboxes, EmitDeliveries) {
  const auto requests = vendor_->emit({{"target", "/hooks/acme"}});
  ASSERT_TRUE(requests);
  ASSERT_EQ(requests->size(), 1u);
  EXPECT_EQ((*requests)[0].target, "/hooks/acme");
  EXPECT_EQ((*requests)[0].header("x-delivery"), "1");
  EXPECT_EQ((*requests)[0].body, "{}");
  EXPECT_FALSE(vendor_->emit(Json::object()));
}

TEST_F(Sandboxes, AnswerLikeABrokenVendorWhenTheyBreak) {
  const auto broken = vendor_->handle({.method = "GET", .target = "/break"});
  EXPECT_EQ(broken.status, 500);
  EXPECT_THAT(broken.body, HasSubstr("threw: the double broke"));
  EXPECT_EQ(vendor_->handle({.method = "GET", .target = "/teapot"}).status, 500);
}

TEST_F(Sandboxes, AreMissedByName) {
  const auto none = registry_->sandbox("hooli", services_);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no sandbox of \"hooli\""));
}

TEST(SandboxLibrary, IsWhatWasLookedAtThoughItsFileHasChanged) {
  Folder folder;
  folder.with(good("acme-sandbox"), "acme-sandbox.so");
  const auto registry = Registry::discover({folder.path()}, "", {}, {});
  ASSERT_EQ(registry->sandboxes().size(), 1u);
  write_file(folder.path("acme-sandbox.so"), read_file(good("acme")));
  telemetry::ManualClock clock{telemetry::from_micros(0)};
  const auto vendor = registry->sandbox("acme", {nullptr, &clock, nullptr});
  ASSERT_TRUE(vendor) << vendor.error().message;
  EXPECT_EQ((*vendor)->handle({.method = "GET", .target = "/orders"}).status, 201);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
