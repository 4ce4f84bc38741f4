// Reads one mapping of a definition: hands out its values by key, checked, and then reports the keys that nobody asked
// for. With a shape (shapes.hpp) keys, bounds, words and defaults come from there.
#pragma once

#include <chrono>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/report.hpp"
#include "host/config/units.hpp"
#include "host/config/yaml.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

/// "a list", "nothing", "\"010\"": what stands there, for messages.
std::string describe(const yaml::Node& node);

/// The text of a scalar as it was written, or a fault. `where` is the path.
std::optional<std::string> read_text(const yaml::Node& node, const std::string& where, Report& report);

class Mapping {
 public:
  /// `node` may be nullptr (the key is absent: every value is) or no mapping, which is a fault.
  Mapping(const yaml::Node* node, std::string path, Report& report);
  /// The same with a shape: asking for a key that it does not have throws std::logic_error, here and below.
  Mapping(const yaml::Node* node, std::string_view shape, std::string path, Report& report);

  bool given() const { return node_ != nullptr; }
  const yaml::Node& node() const { return *node_; }  ///< REQUIRES: given()
  std::string path(std::string_view key) const;

  /// The value of a key, which counts as known from now on; nullptr when it is absent.
  const yaml::Node* take(std::string_view key);
  /// The same, and a fault when it is absent. `remedy` says what to add.
  const yaml::Node* need(std::string_view key, std::string remedy);

  std::optional<std::string> text(std::string_view key);
  /// Text for the host itself, where `!env NAME` stands for the variable.
  std::optional<std::string> host_text(std::string_view key);
  std::optional<std::string> needed_text(std::string_view key, std::string remedy);
  std::optional<std::size_t> integer(std::string_view key, std::size_t least, std::size_t most);
  std::optional<std::chrono::milliseconds> duration(std::string_view key, std::chrono::milliseconds least,
                                                    std::chrono::milliseconds most);
  std::optional<std::size_t> size(std::string_view key, std::size_t least, std::size_t most);
  std::optional<Rate> rate(std::string_view key);
  /// The index of the word that stands there.
  std::optional<std::size_t> choice(std::string_view key, std::initializer_list<std::string_view> words);
  /// Texts: a list of them, or one alone.
  std::optional<std::vector<std::string>> texts(std::string_view key);

  // By the shape, which they need: its bounds and words, and its default (nullopt: none) where the key is absent. So do
  // text(), host_text() and texts() where there is a shape.
  std::optional<std::size_t> integer(std::string_view key);
  std::optional<std::chrono::milliseconds> duration(std::string_view key);
  std::optional<std::size_t> size(std::string_view key);
  std::optional<std::size_t> choice(std::string_view key);

  /// Reports the keys that were never taken, each with the nearest that was.
  void refuse_the_rest();
  /// Throws std::logic_error when a key of the shape was never taken: its reader has forgotten it.
  void complete() const;

 private:
  std::optional<std::size_t> one_of(std::string_view key, const std::vector<std::string>& valid);
  const Json& rule(std::string_view key) const;  ///< REQUIRES: a shape
  /// The default of a key that is absent and has one.
  std::optional<Json> standard(std::string_view key) const;

  const yaml::Node* node_ = nullptr;
  const Json* shape_ = nullptr;
  std::string path_;
  Report& report_;
  std::vector<std::string> known_;
};

}  // namespace milepost::config
