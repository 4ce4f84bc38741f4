// The quick look at a payload against read_json(), which defines what is good, over sound texts and random damage.
#include "host/intake/payload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace milepost::intake {
namespace TEST_FILE {

const std::vector<std::vector<std::string>> kPaths{{}, {"a"}, {"b"}, {"a", "b"}, {"b", "c"}, {"loan", "id"}, {""}};

/// What `${payload…}` gives by way of a document.
expression::Value walked(const Json& document, const std::vector<std::string>& names) {
  const Json* at = &document;
  for (const auto& name : names) {
    if (!at->is_object() || !at->contains(name)) return std::nullopt;
    at = &at->at(name);
  }
  return *at;
}

void compare(const std::string& source) {
  Payload payload(source);
  const auto read = read_json(source);
  ASSERT_EQ(payload.fault(), read ? "" : read.error().message) << source;
  if (!read) return;
  for (const auto& names : kPaths) {
    const auto picked = payload.pick(names);
    if (!picked) continue;
    const auto value = walked(*read, names);
    ASSERT_EQ(picked->has_value(), value.has_value()) << source;
    ASSERT_TRUE(!value || text(**picked) == text(*value)) << source;
  }
  ASSERT_EQ(text(payload.document()), text(*read));
}

std::vector<std::string> seeds() {
  std::vector<std::string> found{
      R"({"a":"text","b":{"c":18446744073709551615,"":[]},"loan":{"id":"L-1","amount":25000.00,"rate":1e400}})",
      R"({"a":{"b":-9223372036854775808},"b":{"c":-0},"loan":{"id":0}})",
      R"({"a":null,"b":{"c":true},"":1.50,"loan":{"id":9223372036854775808}})",
      R"({"a":18446744073709551616,"b":{"c":false}})",
      R"({"\u0061":"\u00e9\ud83d\ude00","b":{"\u0063":"\"\\\/\b\f\n\r\t\u0000"}})",
      R"(["a",{"a":1,"b":[{"a":1}]},-1.5e-3])",
      "[\"\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"]",
      " \t\r\n{ \"a\" : [ true , false , null ] } \n",
      R"("text")",
      "0",
      "-0",
      "null",
      "[[[[[[]]]]]]"};
  std::string wide = "{";
  for (int i = 0; i < 70; ++i) wide += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
  found.push_back(wide + "}");
  for (const char* folder : {"/examples/events", "/tests/fuzz/corpus"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(MILEPOST_SOURCE_DIR) + folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      std::stringstream bytes;
      bytes << file.rdbuf();
      found.push_back(bytes.str());
    }
  return found;
}

TEST(Payload, JudgesAsTheReaderDoes) {
  for (const auto& seed : seeds()) compare(seed);
  for (const char* bad :
       {"", " ", "{", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"\\u0062\":2}}", "\"\\ud800\"", "\"\\udc00x\"",
        "\"\xED\xA0\x80\"", "\"\xff\"", "\xEF\xBB\xBF{}", "01", "[1,]", "1 2", "'x'", "\"\t\"", "NaN", "// c\n1"}) {
    EXPECT_NE(Payload(bad).fault(), "") << bad;
    compare(bad);
  }
  compare(std::string("{}\0", 3));
  for (const std::size_t depth : {63u, 64u, 65u, 5000u}) compare(std::string(depth, '[') + std::string(depth, ']'));
  for (const int count : {63, 64, 65, 1000}) {
    std::string source = "{";
    for (int i = 0; i < count; ++i) source += "\"k" + std::to_string(i) + "\":0,";
    compare(source + "\"k0\":0}");
    compare(source + "\"new\":0}");
  }
}

TEST(Payload, PicksWithoutADocument) {
  const std::string source = R"({"a":"text","b":{"c":7,"d":false,"e":null,"f":-3},"g":1.50,"h":[1],"i":0})";
  const Payload payload(source);
  const auto pick = [&](std::vector<std::string> names) -> std::string {
    const auto picked = payload.pick(names);
    return !picked ? "document" : !*picked ? "nil" : text(**picked);
  };
  EXPECT_EQ(pick({"a"}), "\"text\"");
  EXPECT_EQ(pick({"b", "c"}), "7");
  EXPECT_EQ(pick({"b", "d"}), "false");
  EXPECT_EQ(pick({"b", "e"}), "null");
  EXPECT_EQ(pick({"b", "f"}), "-3");
  EXPECT_EQ(pick({"b", "x"}), "nil");
  EXPECT_EQ(pick({"a", "x"}), "nil");
  EXPECT_EQ(pick({"g"}), "document");
  EXPECT_EQ(pick({"h"}), "document");
  EXPECT_EQ(pick({"i"}), "document");
}

TEST(Payload, AgreesOnTextsThatAreDamaged) {
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
  for (int round = 0; round < 30'000; ++round) {
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
}  // namespace milepost::intake
