// A JSON text as a flat list of its values, each object and list right before what it holds, texts and numbers as views. A
// lead is looked at twice and then forgotten: to build a tree of it would cost most of what it takes to accept one.
#pragma once

#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::crfconnect {

struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, text, list, object } kind = Kind::null;
  bool plain = false;      ///< key and text are printable ASCII without quotes and backslashes: they are written as they read
  std::string_view key;    ///< of an object's member
  std::string_view text;   ///< a text's characters, a number's token, true, false, null; "" of what holds others
  std::uint32_t span = 1;  ///< itself and all that it holds

  bool is(Kind wanted) const { return kind == wanted; }

  /// What an object or a list holds, in order.
  struct Iterator {
    const Value* at;
    const Value& operator*() const { return *at; }
    Iterator& operator++() {
      at += at->span;
      return *this;
    }
    bool operator==(const Iterator&) const = default;
  };
  Iterator begin() const { return {this + 1}; }
  Iterator end() const { return {this + span}; }

  const Value* find(std::string_view member) const;  ///< nullptr: it has none
};

/// Owns the list. The text that was read must outlive it.
class Values {
 public:
  /// As read_json(): the same texts are refused, for the same reasons.
  static Result<Values> read(std::string_view source, const JsonLimits& limits = {});
  explicit Values(const Json& json);

  const Value& root() const { return list_.front(); }

 private:
  friend class ValueReader;
  Values() = default;
  void add(const Json& json, std::string_view key);
  std::string_view keep(std::string text) { return kept_.emplace_front(std::move(text)); }

  std::vector<Value> list_;
  std::forward_list<std::string> kept_;  ///< texts that are written in another way than they read
};

}  // namespace milepost::crfconnect
