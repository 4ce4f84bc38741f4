#include "host/plugins/elf.hpp"

#include <elf.h>

#include <cstring>
#include <random>

#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGlibc = "2.36";

class Elf : public ::testing::Test {
 protected:
  template <class T>
  void patch(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  std::string reason() const { return check_elf(bytes_, kGlibc); }
  std::string bytes_ = read_file(bad("complains"));
};

TEST_F(Elf, AcceptsASoundPlugin) {
  EXPECT_EQ(reason(), "");
  EXPECT_EQ(check_elf(read_file(good("acme")), "2.99"), "");
}

TEST_F(Elf, RefusesWhatIsNoSharedLibrary) {
  EXPECT_THAT(check_elf("", kGlibc), StartsWith("is empty"));
  EXPECT_THAT(check_elf("#!/bin/sh\necho hello\n", kGlibc), StartsWith("is no shared library"));
  EXPECT_THAT(check_elf("\x7f"
                        "ELF",
                        kGlibc),
              StartsWith("is truncated"));
  patch<std::uint16_t>(offsetof(Elf64_Ehdr, e_type), ET_EXEC);
  EXPECT_THAT(reason(), StartsWith("is an executable"));
  patch<std::uint16_t>(offsetof(Elf64_Ehdr, e_type), ET_REL);
  EXPECT_THAT(reason(), StartsWith("is an object file"));
}

TEST_F(Elf, NamesBothMachines) {
#if defined(__x86_64__)
  patch<std::uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64);
  EXPECT_THAT(reason(), AllOf(HasSubstr("is built for ARM64"), HasSubstr("this host runs on x86-64")));
#endif
  patch<std::uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_S390);
  EXPECT_THAT(reason(), HasSubstr("IBM Z"));
  patch<unsigned char>(EI_CLASS, ELFCLASS32);
  EXPECT_THAT(reason(), HasSubstr("32-bit"));
  patch<unsigned char>(EI_DATA, ELFDATA2MSB);
  EXPECT_THAT(reason(), HasSubstr("big-endian"));
}

TEST_F(Elf, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < bytes_.size(); size += size < 512 ? 1 : 97)
    ASSERT_NE(check_elf(std::string_view(bytes_).substr(0, size), kGlibc), "")
        << size << " of " << bytes_.size() << " bytes";
  EXPECT_THAT(check_elf(std::string_view(bytes_).substr(0, bytes_.size() / 2), kGlibc), StartsWith("is truncated"));
}

TEST_F(Elf, SurvivesAnyDamage) {
  std::mt19937 random(7);
  const std::string whole = bytes_;
  for (int round = 0; round < 20'000; ++round) {
    bytes_ = whole;
    for (int i = 0; i < 4; ++i) {
      // Most of it where the tables are.
      const auto at = i < 2 ? random() % 64 : bytes_.size() - 1 - random() % 4096 % bytes_.size();
      bytes_[at] = static_cast<char>(random());
    }
    reason();
  }
}

TEST_F(Elf, SpeaksOfTheAbiInBothNumbers) {
  EXPECT_EQ(check_elf(read_file(bad("other_major")), kGlibc),
            "speaks ABI 3, this host speaks 1: rebuild the plugin with SDK 0.1 or update the host");
  EXPECT_THAT(check_elf(read_file(bad("lacks_symbol")), kGlibc), StartsWith("exports no milepost_plugin_v1: "));
  EXPECT_THAT(check_elf(read_file(bad("extra_export")), kGlibc),
              StartsWith("exports deflate besides milepost_plugin_v1"));
  EXPECT_THAT(check_elf(read_file(bad("function_symbol")), kGlibc), HasSubstr("as something other than data"));
}

TEST_F(Elf, SaysWhichGlibcIsNeeded) {
  EXPECT_THAT(check_elf(bytes_, "2.1"), AllOf(HasSubstr("needs glibc 2."), HasSubstr("this machine has 2.1")));
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
