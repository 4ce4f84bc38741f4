// JSON that comes out as it went in. `Json` is nlohmann's ordered_json (key order kept); what nlohmann would change on
// the way (25000.00, 1e400, an integer past 64 bits) is kept as a Number: its source text. Thread: [any], no state.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "milepost/detail/quick_reader.hpp"
#include "milepost/error.hpp"
#include "milepost/number.hpp"

namespace milepost {

/// True for nlohmann's own numbers and for a kept Number.
inline bool is_number(const Json& value) noexcept {
  return value.is_number() || (value.is_binary() && value.get_binary().subtype() == Number::kSubtype);
}

namespace detail {
inline void append_quoted(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(text, plain)) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  // Replaces broken UTF-8 instead of throwing: this writer also reports errors.
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}
}  // namespace detail

/// The token of a number, exactly as it was read. REQUIRES: is_number(value).
inline std::string number_text(const Json& value) {
  if (value.is_binary()) return {value.get_binary().begin(), value.get_binary().end()};
  return value.dump();
}

namespace detail {
inline void write(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, member] : value.items()) {
        if (!std::exchange(first, false)) out += ',';
        append_quoted(out, key);
        out += ':';
        write(out, member);
      }
      out += '}';
      return;
    }
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const auto& element : value) {
        if (!std::exchange(first, false)) out += ',';
        write(out, element);
      }
      out += ']';
      return;
    }
    case Json::value_t::string: append_quoted(out, value.get_ref<const std::string&>()); return;
    case Json::value_t::binary: out += is_number(value) ? number_text(value) : std::string("null"); return;
    case Json::value_t::discarded: out += "null"; return;
    default: out += value.dump(); return;
  }
}
}  // namespace detail

/// Compact text of a value: numbers by their source text, key order kept, broken UTF-8 replaced. Never throws on content.
inline std::string text(const Json& value) {
  std::string out;
  detail::write(out, value);
  return out;
}

struct JsonLimits {
  std::size_t depth = 64;  ///< nesting; 200,000 levels parse, then overflow the stack on copy
};

namespace detail {

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

}  // namespace detail

/// Reads one JSON text, whole. Refuses (`permanent`, with the reason and the byte, never the content): anything outside RFC
/// 8259, a byte order mark, invalid UTF-8, lone surrogates, duplicate keys, nesting past the limit.
inline Result<Json> read_json(std::string_view source, JsonLimits limits = {}) {
  if (auto value = detail::QuickReader(source, limits.depth).read()) return std::move(*value);
  return detail::read_thoroughly(source, limits);
}

/// The value at a JSON Pointer (RFC 6901), or nullptr. Never throws. "" is the whole.
inline const Json* find(const Json& root, std::string_view pointer) noexcept {
  const Json* at = &root;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string token(pointer.substr(0, end));
    pointer.remove_prefix(end);
    for (std::size_t i = 0; (i = token.find('~', i)) != token.npos; ++i) {
      if (i + 1 >= token.size() || (token[i + 1] != '0' && token[i + 1] != '1')) return nullptr;
      token.replace(i, 2, 1, token[i + 1] == '0' ? '~' : '/');
    }
    if (at->is_object()) {
      const auto member = at->find(token);
      if (member == at->end()) return nullptr;
      at = &*member;
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto [stop, fault] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (fault != std::errc() || stop != token.data() + token.size() || index >= at->size()) return nullptr;
      if (token.size() > 1 && token[0] == '0') return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

namespace detail {
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
Result<T> convert(const Json& value, std::string_view pointer) {
  const auto wrong = [&](std::string_view wanted) {
    return fail(ErrorKind::permanent,
                std::string(pointer) + ": expected " + std::string(wanted) + ", found " +
                    (is_number(value) ? "a number" : value.type_name()));
  };
  if constexpr (std::is_same_v<T, Json>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean() ? Result<T>(value.get<bool>()) : Result<T>(wrong("true or false"));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string() ? Result<T>(value.get_ref<const std::string&>()) : Result<T>(wrong("text"));
  } else if constexpr (std::is_same_v<T, Number>) {
    return is_number(value) ? Result<T>(Number{number_text(value)}) : Result<T>(wrong("a number"));
  } else if constexpr (std::is_integral_v<T>) {
    if (!is_number(value)) return wrong("an integer");
    const std::string token = number_text(value);
    T number{};
    const auto [stop, fault] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (fault != std::errc() || stop != token.data() + token.size()) return wrong("an integer in range");
    return number;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!is_number(value)) return wrong("a number");
    return static_cast<T>(std::strtod(number_text(value).c_str(), nullptr));
  } else {
    static_assert(std::is_same_v<T, void>, "get<T>: use bool, an integer, double, std::string, Number or Json");
  }
}
}  // namespace detail

/// Typed access by JSON Pointer; the error (`permanent`) names the pointer and the types, never the value. T: bool, an
/// integer, double (never for money), std::string, Number, Json, or std::optional of one: then missing and null are nullopt.
template <class T>
Result<T> get(const Json& root, std::string_view pointer) {
  const Json* value = find(root, pointer);
  if constexpr (detail::is_optional<T>::value) {
    if (value == nullptr || value->is_null()) return T(std::nullopt);
    auto inner = detail::convert<typename T::value_type>(*value, pointer);
    if (!inner) return fail(inner.error());
    return T(std::move(*inner));
  } else {
    if (value == nullptr) return fail(ErrorKind::permanent, std::string(pointer) + ": missing");
    return detail::convert<T>(*value, pointer);
  }
}

/// A JSON text together with its value, which is parsed at the first look. Copies share both. Thread: [any].
class Document {
 public:
  Document() : Document(std::string("null")) {}
  explicit Document(std::string source) : state_(std::make_shared<State>(std::move(source))) {}
  /// A template, since much converts to Json: a string_view would become a JSON text in quotes.
  template <std::same_as<Json> T>
  explicit Document(const T& value) : Document(milepost::text(value)) {}

  /// Exactly the bytes that arrived.
  const std::string& text() const { return state_->source; }
  /// The value; null when the text is no JSON (the host hands out no such payload).
  const Json& json() const {
    std::call_once(state_->once, [&] {
      if (auto value = read_json(state_->source)) state_->value = std::move(*value);
    });
    return state_->value;
  }

 private:
  struct State {
    explicit State(std::string text) : source(std::move(text)) {}
    std::string source;
    std::once_flag once;
    Json value;
  };
  std::shared_ptr<State> state_;
};

}  // namespace milepost
