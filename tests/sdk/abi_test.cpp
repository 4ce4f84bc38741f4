// That abi.h compiles as C11, C17 and C++20 with every warning an error is shown by this binary's being there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "tests/sdk/abi_layout.h"

extern "C" const char* abi_c11();
extern "C" const char* abi_c17();
extern "C" const char* abi_cpp20();

namespace milepost {
namespace TEST_FILE {

std::string file(const std::string& name) {
  std::ifstream in(std::string(MILEPOST_SOURCE_DIR) + "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Abi, IsTheSameInEveryLanguage) {
  EXPECT_STREQ(abi_c17(), abi_c11());
  EXPECT_STREQ(abi_cpp20(), abi_c11());
}

TEST(Abi, IsThatOfItsGoldenFile) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the figures are those of 64-bit machines";
  EXPECT_EQ(std::string(abi_c11()), file("tests/sdk/abi.golden"))
      << "docs/abi.md says what may change: an addition raises MP_ABI_MINOR and adds lines here; whatever moves or "
         "changes a line is a "
         "new major.";
}

TEST(Abi, IsDumpedWhole) {
  // Every op and number of the header stands in the golden file.
  std::istringstream header(file("sdk/include/milepost/abi.h"));
  const auto golden = "\n" + file("tests/sdk/abi.golden");
  std::set<std::string> names;
  for (std::string word; header >> word;)
    if (word.starts_with("MP_") && word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == word.npos &&
        word.back() != '_')
      names.insert(word);
  EXPECT_GE(names.size(), 25u);
  for (const auto& name : names)
    EXPECT_THAT(golden, ::testing::HasSubstr("\n" + name + " ")) << name << " is not in abi_dump()";
}

TEST(Abi, StructsThatMayGrowBeginWithTheirSize) {
  EXPECT_EQ(offsetof(mp_call, size), 0u);
  EXPECT_EQ(offsetof(mp_reply, size), 0u);
  EXPECT_EQ(offsetof(mp_host, size), 0u);
  EXPECT_EQ(offsetof(mp_plugin, size), 0u);
}

}  // namespace TEST_FILE
}  // namespace milepost
