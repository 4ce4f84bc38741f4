// JSON that comes out as it went in. `Json` is nlohmann's ordered_json (key order kept); what nlohmann would change on
// the way (25000.00, 1e400, an integer past 64 bits) is kept as a Number: its source text. Thread: [any], no state.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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
    out += '"';
    out += text;
    out += '"';
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

/// Reads one JSON text, whole. Refuses (`permanent`, with the reason and the byte, never the content): anything outside RFC
/// 8259, a byte order mark, invalid UTF-8, lone surrogates, duplicate keys, nesting past the limit.
Result<Json> read_json(std::string_view source, JsonLimits limits = {});

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

// A plugin outside needs only headers; our own build compiles the reader once (sdk/json.cpp), since it costs every file seconds.
#ifndef MILEPOST_SDK_COMPILED
#include "milepost/detail/read_json.hpp"
inline milepost::Result<milepost::Json> milepost::read_json(std::string_view source, JsonLimits limits) { return detail::read(source, limits); }
#endif
