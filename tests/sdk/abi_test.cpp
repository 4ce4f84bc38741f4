// That abi.h compiles as C11, C17 and C++20 with every warning an error is shown by this binary's being there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/sdk/abi_layout.h"

extern "C" const size_t* abi_c11();
extern "C" const size_t* abi_c17();
extern "C" const size_t* abi_cpp20();

namespace milepost {
namespace {

TEST(Abi, IsTheSameInEveryLanguage) {
  const std::vector<size_t> here = ABI_LAYOUT;
  for (const size_t* there : {abi_c11(), abi_c17(), abi_cpp20()})
    EXPECT_THAT(here, testing::ElementsAreArray(there, ABI_LAYOUT_COUNT));
}

TEST(Abi, OfMajorOneDoesNotMove) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the figures are those of 64-bit machines";
  const std::vector<size_t> figures{16, 0, 8, 40, 0, 8, 16, 24, 32, 24, 8, 16, 24, 16, 32, 8, 12, 16, 24, 615};
  EXPECT_EQ(std::vector<size_t>(ABI_LAYOUT), figures);
}

TEST(Abi, StructsThatMayGrowBeginWithTheirSize) {
  EXPECT_EQ(offsetof(mp_call, size), 0u);
  EXPECT_EQ(offsetof(mp_reply, size), 0u);
  EXPECT_EQ(offsetof(mp_host, size), 0u);
  EXPECT_EQ(offsetof(mp_plugin, size), 0u);
}

}  // namespace
}  // namespace milepost
