#include "plugins/crfconnect/value.hpp"

#include <bit>
#include <cstring>
#include <optional>

#include "milepost/detail/key_marks.hpp"
#include "milepost/number.hpp"

namespace milepost::crfconnect {

namespace {

/// To the first byte that is no printable ASCII, or a quote, or a backslash.
const char* past_plain(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {  // eight at a time: the lowest mark is always right
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    const auto zeros = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHighs; };
    for (std::uint64_t bytes = 0; static_cast<std::size_t>(end - at) >= sizeof bytes; at += sizeof bytes) {
      std::memcpy(&bytes, at, sizeof bytes);
      const std::uint64_t below = (bytes - kOnes * ' ') & ~bytes & kHighs;
      const std::uint64_t odd =
          (bytes & kHighs) | below | zeros(bytes ^ kOnes * '"') | zeros(bytes ^ kOnes * '\\') | zeros(bytes ^ kOnes * 0x7f);
      if (odd != 0) return at + std::countr_zero(odd) / 8;
    }
  }
  while (at != end && *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

/// Reads what nearly every lead is: sound, in ASCII, without escapes. Whatever else is left to read_json(), so this may
/// only ever be too strict.
class ValueReader {
 public:
  ValueReader(std::string_view source, std::size_t depth) : at_(source.data()), end_(at_ + source.size()), depth_(depth) {
    values_.list_.reserve(128);
  }

  std::optional<Values> read() {
    blanks();
    if (!value({}, 0)) return std::nullopt;
    blanks();
    if (at_ != end_) return std::nullopt;
    return std::move(values_);
  }

 private:
  using Kind = Value::Kind;
  static constexpr std::size_t kMostMembers = 256;  // of more, marks would send each key past all the others

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  std::string_view since(const char* begin) const { return {begin, static_cast<std::size_t>(at_ - begin)}; }

  bool leaf(Kind kind, std::string_view key, std::string_view text) {
    values_.list_.push_back({kind, true, key, text, 1});
    return true;
  }
  bool word(Kind kind, std::string_view key, std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return leaf(kind, key, word);
  }

  bool value(std::string_view key, std::size_t depth) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return depth < depth_ && holder(Kind::object, key, depth + 1, '}');
      case '[':
        return depth < depth_ && holder(Kind::list, key, depth + 1, ']');
      case '"': {
        const auto text = string();
        return text && leaf(Kind::text, key, *text);
      }
      case 't':
        return word(Kind::boolean, key, "true");
      case 'f':
        return word(Kind::boolean, key, "false");
      case 'n':
        return word(Kind::null, key, "null");
      default:
        return number(key);
    }
  }

  bool holder(Kind kind, std::string_view key, std::size_t depth, char closing) {
    ++at_;
    const std::size_t place = values_.list_.size();
    leaf(kind, key, {});
    detail::KeyMarks marks;
    std::size_t members = 0;
    blanks();
    if (!take(closing)) {
      for (;;) {
        blanks();
        std::string_view name;
        if (kind == Kind::object) {
          const auto read = string();
          if (!read || read->empty() || ++members > kMostMembers || (marks.set(*read) && values_.list_[place].find(*read) != nullptr)) return false;
          name = *read;
          blanks();
          if (!take(':')) return false;
          blanks();
        }
        if (!value(name, depth)) return false;
        values_.list_[place].span = static_cast<std::uint32_t>(values_.list_.size() - place);
        blanks();
        if (take(closing)) break;
        if (!take(',')) return false;
      }
    }
    return true;
  }

  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const char* const begin = at_;
    at_ = past_plain(at_, end_);
    const auto text = since(begin);
    if (!take('"')) return std::nullopt;
    return text;
  }

  bool number(std::string_view key) {
    const char* const begin = at_;
    const auto digits = [this] {
      const char* const from = at_;
      while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
      return at_ != from;
    };
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return leaf(Kind::number, key, since(begin));
  }

  Values values_;
  const char* at_;
  const char* const end_;
  const std::size_t depth_;
};

const Value* Value::find(std::string_view member) const {
  for (const Value& each : *this)
    if (each.key == member) return &each;
  return nullptr;
}

Result<Values> Values::read(std::string_view source, const JsonLimits& limits) {
  if (auto values = ValueReader(source, limits.depth).read()) return *std::move(values);
  const auto json = read_json(source, limits);
  if (!json) return fail(json.error());
  return Values(*json);
}

Values::Values(const Json& json) { add(json, {}); }

void Values::add(const Json& json, std::string_view key) {
  const std::size_t place = list_.size();
  list_.push_back({Value::Kind::null, false, key, "null", 1});
  const auto becomes = [&](Value::Kind kind, std::string_view text) {
    list_[place].kind = kind;
    list_[place].text = text;
  };
  if (is_number(json)) {
    becomes(Value::Kind::number, keep(number_text(json)));
  } else if (json.is_string()) {
    becomes(Value::Kind::text, keep(json.get<std::string>()));
  } else if (json.is_boolean()) {
    becomes(Value::Kind::boolean, json.get<bool>() ? "true" : "false");
  } else if (json.is_array()) {
    becomes(Value::Kind::list, {});
    for (const auto& element : json) add(element, {});
  } else if (json.is_object()) {
    becomes(Value::Kind::object, {});
    for (const auto& [name, member] : json.items()) add(member, keep(name));
  }
  list_[place].span = static_cast<std::uint32_t>(list_.size() - place);
}

}  // namespace milepost::crfconnect
