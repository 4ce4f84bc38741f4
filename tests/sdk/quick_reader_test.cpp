// The quick reader against the thorough one, over sound texts and random damage to them.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "milepost/detail/read_json.hpp"

namespace milepost {
namespace TEST_FILE {

/// Types and all: text() alone would not tell 1 from a kept Number 1.
bool same(const Json& a, const Json& b) {
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_object()) {
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right)
      if (left.key() != right.key() || !same(*left, *right)) return false;
    return true;
  }
  if (a.is_array()) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!same(a[i], b[i])) return false;
    return true;
  }
  return text(a) == text(b) && (!a.is_string() || a.get_ref<const std::string&>() == b.get_ref<const std::string&>());
}

void compare(const std::string& source, std::size_t depth = 64) {
  const auto quick = detail::QuickReader(source, depth).read();
  const auto thorough = detail::read_thoroughly(source, {depth});
  ASSERT_EQ(quick.has_value(), thorough.has_value()) << source << "\n" << (thorough ? "" : thorough.error().message);
  ASSERT_TRUE(!quick || same(*quick, *thorough)) << source << "\n" << text(*quick) << "\n" << text(*thorough);
}

std::vector<std::string> seeds() {
  std::vector<std::string> found{
      R"({"a":[1,-1,0,-0,0.0,-0.0,1.5,25000.00,1e3,1E+3,1e400,-1e-400,5e-324,1.7976931348623157e308],"b":{"c":{}}})",
      R"([9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,18446744073709551616])",
      R"(["","a\"b\\c\/\b\f\n\r\t\u0000\u001f\u00e9\u20ac\ud83d\ude00","\u007f","long enough to leave the small string"])",
      "[\"\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"]",
      " \t\r\n{ \"k\" : [ true , false , null ] , \"\" : \"\" } \n",
      R"({"a":1,"b":{"a":1,"\u0062":2},"c":[{"a":1},{"a":1}]})",
      R"("text")",
      "1",
      "null",
      "[[[[[[]]]]]]",
      "{}",
      "[]"};
  std::string wide = "{";
  for (int i = 0; i < 70; ++i) wide += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
  found.push_back(wide + "}");
  std::ifstream lead(MILEPOST_SOURCE_DIR "/examples/events/crf-lead.json");
  std::stringstream bytes;
  bytes << lead.rdbuf();
  EXPECT_FALSE(bytes.str().empty());
  found.push_back(bytes.str());
  return found;
}

TEST(QuickReader, TakesWhatIsSound) {
  for (const auto& seed : seeds()) {
    compare(seed);
    EXPECT_TRUE(detail::QuickReader(seed, 64).read()) << seed;
  }
}

TEST(QuickReader, BoundsNestingAsTheThoroughOne) {
  for (const std::size_t depth : {1u, 2u, 63u, 64u, 65u, 66u, 256u}) {
    compare(std::string(depth, '[') + std::string(depth, ']'));
    compare(std::string(depth, '[') + "{}" + std::string(depth, ']'), depth);
  }
  EXPECT_EQ(text(*read_json(std::string(300, '[') + std::string(300, ']'), {.depth = 300})).size(), 600u);
}

TEST(QuickReader, SeesEveryDuplicateKey) {
  for (const int count : {2, 63, 64, 65, 1000}) {
    std::string source = "{";
    for (int i = 0; i < count; ++i) source += "\"k" + std::to_string(i) + "\":0,";
    for (const int twice : {0, count / 2, count - 1}) compare(source + "\"k" + std::to_string(twice) + "\":0}");
    compare(source + "\"\\u006b0\":0}");
    compare(source + "\"new\":0}");
  }
}

TEST(QuickReader, AgreesOnTextsThatAreDamaged) {
  std::mt19937 random(20261120);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const std::vector<std::string> pieces{"\"",
                                        "\\",
                                        "\\u",
                                        "\\ud800",
                                        "\\udc00",
                                        "\\u0000",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        "-",
                                        "+",
                                        ".",
                                        "e",
                                        "E",
                                        "0",
                                        "00",
                                        "1e999",
                                        "-0",
                                        "\xff",
                                        "\xc0",
                                        "\xc2",
                                        "\xe0",
                                        "\xed\xa0\x80",
                                        "\xf4\x90",
                                        "\x80",
                                        "\x1f",
                                        " ",
                                        "\n",
                                        "\"a\":1,",
                                        "true",
                                        "nul",
                                        "/**/",
                                        "\xEF\xBB\xBF",
                                        std::string(1, '\0')};
  const auto sources = seeds();
  for (int round = 0; round < 40'000; ++round) {
    std::string source = sources[below(sources.size())];
    for (std::size_t damage = below(3) + 1; damage > 0; --damage) {
      const std::size_t at = below(source.size() + 1);
      switch (below(4)) {
        case 0:
          source.insert(at, pieces[below(pieces.size())]);
          break;
        case 1:
          source.erase(at, below(4));
          break;
        case 2:
          if (at < source.size()) source[at] = static_cast<char>(below(256));
          break;
        default:
          source.insert(at, source.substr(below(source.size() + 1), below(12)));
          break;
      }
    }
    compare(source);
    if (HasFatalFailure()) return;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost
