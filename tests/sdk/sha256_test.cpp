#include "milepost/sha256.hpp"

#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

// FIPS 180-4's own examples, and the lengths around a block's end (digests by sha256sum).
TEST(Sha256, GivesTheKnownDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameByInstructionsAndWithout) {
  std::string text;
  for (std::size_t size = 0; size < 300; ++size) {
    EXPECT_EQ(hex(detail::sha256_by(detail::sha256_block, text)), hex(sha256(text))) << size;
    text += static_cast<char>(size * 37);
  }
}

}  // namespace TEST_FILE
}  // namespace milepost
