#include "host/plugins/call.hpp"

#include <gtest/gtest.h>

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;

TEST(HostCall, IsFoundByItsOwnPointerAlone) {
  const HostCall call(1s, {}, 3);
  const auto* raw = call.call().raw();
  EXPECT_EQ(HostCall::from(raw), &call);
  EXPECT_EQ(call.call().attempt(), 3u);
  const mp_call copy = *raw;
  EXPECT_EQ(HostCall::from(&copy), nullptr);
  EXPECT_EQ(HostCall::from(nullptr), nullptr);
  EXPECT_EQ(HostCall::from(reinterpret_cast<const mp_call*>(0x1234)), nullptr);
}

TEST(HostCall, IsForgottenWhenItIsOver) {
  const mp_call* raw = nullptr;
  {
    const HostCall call(1s);
    raw = call.call().raw();
  }
  EXPECT_EQ(HostCall::from(raw), nullptr);
}

TEST(HostCall, CountsDownToItsDeadlineAndAsksWhetherToStop) {
  bool stop = false;
  HostCall call(10s, [&] { return stop; });
  EXPECT_GT(call.call().left(), 9s);
  EXPECT_LE(call.call().left(), 10s);
  EXPECT_FALSE(call.call().stopped());
  stop = true;
  EXPECT_TRUE(call.call().stopped());
  EXPECT_LE(HostCall(0ms).left(), 0ms);
  EXPECT_FALSE(call.has_write_left());
  call.write_left();
  EXPECT_TRUE(call.has_write_left());
}

TEST(HostCall, TellsACopiedCallToStop) {
  const HostCall call(10s);
  const mp_call copy = *call.call().raw();
  EXPECT_EQ(copy.stopped(&copy), 1);
  EXPECT_EQ(copy.left_ms(&copy), 0);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
