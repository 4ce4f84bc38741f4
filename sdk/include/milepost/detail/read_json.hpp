// How read_json() reads: quickly where it can, thoroughly where something is unusual or wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/detail/quick_reader.hpp"
#include "milepost/json.hpp"

namespace milepost::detail {

/// nlohmann refuses 1e400, and turns -0 into 0, before its SAX handler sees the token. Such tokens are rare: one look for
/// an exponent, a very long run of digits or a "-0" decides whether the slower path below is needed.
inline bool may_change(std::string_view source) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    // Not after a digit: dates are in every payload.
    if (c == '-' && digits == 0 && i + 1 < source.size() && source[i + 1] == '0') return true;
    const bool digit = c >= '0' && c <= '9';
    if ((c == 'e' || c == 'E') && digits > 0) return true;
    digits = (digit || (digits > 0 && c == '.')) ? digits + 1 : 0;
    if (digits > 300) return true;
  }
  return false;
}

/// Whether the token is a number of RFC 8259.
inline bool well_formed_number(std::string_view token) {
  const auto digits = [&] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count;
  };
  const auto take = [&](std::string_view choice) {
    const bool found = !token.empty() && choice.find(token.front()) != choice.npos;
    if (found) token.remove_prefix(1);
    return found;
  };
  take("-");
  if (!take("0") && digits() == 0) return false;
  if (take(".") && digits() == 0) return false;
  if (take("eE")) {
    take("+-");
    if (digits() == 0) return false;
  }
  return token.empty();
}

/// Those tokens, by their place among all numbers of the text, and the text with a plain 0 and blanks instead of each: every
/// other byte keeps its place. (A mark in the text itself could be forged by whoever wrote the text.)
struct Hidden {
  std::string source;
  std::vector<std::pair<std::size_t, std::string>> tokens;
};
inline Hidden hide_numbers(std::string_view source) {
  Hidden hidden{std::string(source), {}};
  std::size_t numbers = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t end = std::min(source.find_first_not_of("+-.eE0123456789", i), source.size());
      std::string token(source.substr(i, end - i));
      // A token that is not well-formed is left for nlohmann to report.
      if (well_formed_number(token) && (token == "-0" || !std::isfinite(std::strtod(token.c_str(), nullptr)))) {
        std::fill(hidden.source.begin() + static_cast<std::ptrdiff_t>(i), hidden.source.begin() + static_cast<std::ptrdiff_t>(end), ' ');
        hidden.source[i] = '0';
        hidden.tokens.emplace_back(numbers, std::move(token));
      }
      ++numbers;
      i = end - 1;
    }
  }
  return hidden;
}

/// Builds a Json, refuses what two readers could understand differently, keeps what nlohmann would change.
class Reader : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(JsonLimits limits, Hidden hidden = {}) : limits_(limits), hidden_(std::move(hidden)) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return hidden_number() || put(value); }
  bool number_unsigned(number_unsigned_t value) override { return hidden_number() || put(value); }
  bool number_float(number_float_t value, const string_t& token) override {
    if (hidden_number()) return true;
    const bool exact = std::isfinite(value) && Json(value).dump() == token;
    return exact ? put(value) : put(Number{token}.json());
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary is not JSON"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    if (!keys_.back().insert(value).second) return refuse("duplicate key \"" + value.substr(0, 64) + "\"");
    key_ = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    // nlohmann names what it read, which may be a borrower's data: keep only the place, and the kind of fault.
    const std::string_view what = error.what();
    std::string reason = "not valid JSON";
    if (error.id == 101 && what.find("UTF-8") != what.npos) reason = "invalid UTF-8";
    if (error.id == 101 && what.find("surrogate") != what.npos) reason = "a lone surrogate";
    if (error.id == 406 || what.find("out of range") != what.npos) reason = "a number out of range";
    return refuse(reason + " at byte " + std::to_string(position));
  }

  Json take() { return std::move(root_); }
  const std::string& fault() const { return fault_; }

 private:
  bool refuse(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
    return false;
  }
  Json* place(Json value) {
    if (stack_.empty()) return &(root_ = std::move(value));
    if (stack_.back()->is_array()) return &stack_.back()->emplace_back(std::move(value));
    // Keys are known to be new: the map's own linear search for each insert would make wide objects quadratic.
    auto& object = stack_.back()->get_ref<Json::object_t&>();
    static_cast<std::vector<Json::object_t::value_type>&>(object).emplace_back(std::move(key_), std::move(value));
    return &object.back().second;
  }
  /// The number at hand, where it is one of the hidden ones.
  bool hidden_number() {
    const std::size_t number = numbers_++;
    if (next_ >= hidden_.tokens.size() || hidden_.tokens[next_].first != number) return false;
    return put(Number{std::move(hidden_.tokens[next_++].second)}.json());
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (stack_.size() >= limits_.depth) return refuse("nested deeper than " + std::to_string(limits_.depth));
    stack_.push_back(place(std::move(value)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    return true;
  }

  JsonLimits limits_;
  Hidden hidden_;
  std::size_t numbers_ = 0;  ///< met so far
  std::size_t next_ = 0;     ///< of the hidden ones
  Json root_;
  std::string key_;
  std::string fault_;
  std::vector<Json*> stack_;
  std::vector<std::set<std::string>> keys_;  // ordered: hashes of keys could be made to collide
};

/// read_json() as it is defined; what the quick reader does not take comes here.
inline Result<Json> read_thoroughly(std::string_view source, JsonLimits limits) {
  // nlohmann skips a byte order mark, and takes a NUL for the end: another reader may not.
  if (source.starts_with("\xEF\xBB\xBF")) return fail(ErrorKind::permanent, "a byte order mark at byte 1");
  if (const auto nul = source.find('\0'); nul != source.npos)
    return fail(ErrorKind::permanent, "not valid JSON at byte " + std::to_string(nul + 1));
  detail::Hidden hidden;
  if (detail::may_change(source)) hidden = detail::hide_numbers(source);
  const std::string input = hidden.tokens.empty() ? std::string() : std::move(hidden.source);
  const std::string_view parsed = hidden.tokens.empty() ? source : std::string_view(input);
  detail::Reader reader(limits, std::move(hidden));
  if (!Json::sax_parse(parsed.begin(), parsed.end(), &reader, Json::input_format_t::json, true)) {
    return fail(ErrorKind::permanent, reader.fault().empty() ? "not valid JSON" : reader.fault());
  }
  return reader.take();
}

inline Result<Json> read(std::string_view source, JsonLimits limits) {
  if (auto value = QuickReader(source, limits.depth).read()) return std::move(*value);
  return read_thoroughly(source, limits);
}

}  // namespace milepost::detail
