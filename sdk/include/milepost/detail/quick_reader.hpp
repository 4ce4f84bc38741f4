// Reads sound JSON quickly. Whatever it does not take, sound or not, it leaves to the thorough reader of json.hpp, which
// says why: so this one may only ever be too strict. Both give the same value; a test holds them against each other.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "milepost/detail/key_marks.hpp"
#include "milepost/number.hpp"

namespace milepost::detail {

class QuickReader {
 public:
  QuickReader(std::string_view source, std::size_t depth)
      : at_(source.data()), end_(at_ + source.size()), depth_(std::min(depth, kMostDepth)) {}

  /// The whole text's value; nullopt: it is for the thorough reader.
  std::optional<Json> read() {
    Json root;
    skip_blanks();
    if (!value(root, 0)) return std::nullopt;
    skip_blanks();
    if (at_ != end_) return std::nullopt;
    return root;
  }

 private:
  static constexpr std::size_t kMostDepth = 256;  // it calls itself
  static constexpr std::size_t kFewKeys = 64;     // up to here a look at marks is the quickest

  bool next_is(char c) const { return at_ != end_ && *at_ == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  /// REQUIRES: blanks skipped. So it leaves them after itself unskipped.
  bool value(Json& out, std::size_t depth) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{': return depth < depth_ && object(out, depth + 1);
      case '[': return depth < depth_ && array(out, depth + 1);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = std::move(text);
        return true;
      }
      case 't': out = true; return take("true");
      case 'f': out = false; return take("false");
      case 'n': return take("null");
      default: return number(out);
    }
  }

  bool object(Json& out, std::size_t depth) {
    ++at_;
    // Gathered first: a growing ordered_map copies its members, however deep they are.
    const std::size_t first = members_.size();
    skip_blanks();
    if (!take('}')) {
      for (;;) {
        skip_blanks();
        std::string key;
        if (!next_is('"') || !string(key)) return false;
        skip_blanks();
        if (!take(':')) return false;
        skip_blanks();
        Json member;
        if (!value(member, depth)) return false;
        members_.emplace_back(std::move(key), std::move(member));
        skip_blanks();
        if (take('}')) break;
        if (!take(',')) return false;
      }
    }
    if (!distinct(first)) return false;
    out = Json::object();
    std::vector<Json::object_t::value_type>& object = out.get_ref<Json::object_t&>();
    object.reserve(members_.size() - first);
    for (std::size_t i = first; i < members_.size(); ++i)
      object.emplace_back(std::move(members_[i].first), std::move(members_[i].second));
    members_.resize(first);
    return true;
  }

  bool distinct(std::size_t first) const {
    const std::size_t count = members_.size() - first;
    if (count <= kFewKeys) {
      KeyMarks marks;
      for (std::size_t i = first; i < members_.size(); ++i) {
        if (!marks.set(members_[i].first)) continue;
        for (std::size_t k = first; k < i; ++k)
          if (members_[i].first == members_[k].first) return false;
      }
      return true;
    }
    std::vector<std::string_view> keys;
    keys.reserve(count);
    for (std::size_t i = first; i < members_.size(); ++i) keys.emplace_back(members_[i].first);
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
  }

  bool array(Json& out, std::size_t depth) {
    ++at_;
    out = Json::array();
    auto& array = out.get_ref<Json::array_t&>();
    skip_blanks();
    if (take(']')) return true;
    for (;;) {
      skip_blanks();
      if (!value(array.emplace_back(), depth)) return false;
      skip_blanks();
      if (take(']')) return true;
      if (!take(',')) return false;
    }
  }

  bool number(Json& out) {
    const char* const begin = at_;
    const auto digits = [this] {
      const char* const from = at_;
      while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
      return at_ != from;
    };
    const bool negative = take('-');
    if (!take('0') && !digits()) return false;
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!digits()) return false;
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    // As nlohmann has it, where that gives the token back; else the token itself.
    if (whole ? integer(out, begin, negative) : fraction(out, begin)) return true;
    out = Number{std::string(begin, at_)}.json();
    return true;
  }

  bool integer(Json& out, const char* begin, bool negative) const {
    if (negative && begin[1] == '0') return false;  // -0
    std::int64_t below = 0;
    std::uint64_t above = 0;
    const auto fault = negative ? std::from_chars(begin, at_, below).ec : std::from_chars(begin, at_, above).ec;
    if (fault != std::errc()) return false;
    if (negative) out = below;
    else out = above;
    return true;
  }

  bool fraction(Json& out, const char* begin) const {
    double parsed = 0;
    if (std::from_chars(begin, at_, parsed).ec != std::errc()) return false;
    std::array<char, 64> printed;
    const char* const end = nlohmann::detail::to_chars(printed.data(), printed.data() + printed.size(), parsed);
    if (std::string_view(printed.data(), static_cast<std::size_t>(end - printed.data())) !=
        std::string_view(begin, static_cast<std::size_t>(at_ - begin)))
      return false;
    out = parsed;
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    for (;;) {
      const char* const from = at_;
      while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) ++at_;
      out.append(from, at_);
      if (at_ == end_) return false;
      if (take('"')) return true;
      if (*at_ == '\\' ? !escape(out) : !beyond_ascii(out)) return false;
    }
  }

  bool escape(std::string& out) {
    if (++at_ == end_) return false;
    switch (*at_++) {
      case '"': out += '"'; return true;
      case '\\': out += '\\'; return true;
      case '/': out += '/'; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': break;
      default: return false;
    }
    unsigned code = 0;
    if (!four_digits(code) || (code >= 0xdc00 && code < 0xe000)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      unsigned low = 0;
      if (!take("\\u") || !four_digits(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
    return true;
  }

  bool four_digits(unsigned& code) {
    if (end_ - at_ < 4) return false;
    const auto parsed = std::from_chars(at_, at_ + 4, code, 16);  // takes no sign: `code` is unsigned
    if (parsed.ec != std::errc() || parsed.ptr != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  static void append_utf8(std::string& out, unsigned code) {
    const auto byte = [&out](unsigned value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
      byte(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        byte(0xe0 | code >> 12);
      } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3f));
      }
      byte(0x80 | (code >> 6 & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
  }

  /// One character of two to four bytes (RFC 3629, 4: no overlong form, no surrogate, nothing past U+10FFFF).
  bool beyond_ascii(std::string& out) {
    const auto byte = [this](std::ptrdiff_t i) { return i < end_ - at_ ? static_cast<unsigned char>(at_[i]) : 0u; };
    const unsigned lead = byte(0);
    std::ptrdiff_t size = 0;
    unsigned least = 0x80, most = 0xbf;  // of the second byte
    if (lead >= 0xc2 && lead <= 0xdf) {
      size = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      size = 3;
      if (lead == 0xe0) least = 0xa0;
      if (lead == 0xed) most = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      size = 4;
      if (lead == 0xf0) least = 0x90;
      if (lead == 0xf4) most = 0x8f;
    } else {
      return false;
    }
    if (byte(1) < least || byte(1) > most) return false;
    for (std::ptrdiff_t i = 2; i < size; ++i)
      if (byte(i) < 0x80 || byte(i) > 0xbf) return false;
    out.append(at_, at_ + size);
    at_ += size;
    return true;
  }

  /// Bytes that stand for themselves in a string, one by one.
  static constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
  }();

  const char* at_;
  const char* const end_;
  const std::size_t depth_;
  std::vector<std::pair<std::string, Json>> members_;  ///< of the objects that are open
};

}  // namespace milepost::detail
