// Collects the faults of one file.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "host/config/fault.hpp"
#include "host/config/yaml.hpp"

namespace milepost::config {

class Report {
 public:
  Report(std::string file, Faults& faults) : file_(std::move(file)), faults_(faults) {}

  Position at(const yaml::Node& node) const { return {file_, node.line, node.column}; }
  const std::string& file() const { return file_; }

  void fault(std::string_view code, Position at, std::string path, std::string message, std::string remedy = {}) {
    ++count_;
    faults_.push_back(
        {std::string(code), std::move(at), std::move(path), std::move(message), std::move(remedy), false});
  }
  void fault(std::string_view code, const yaml::Node& node, std::string path, std::string message,
             std::string remedy = {}) {
    fault(code, at(node), std::move(path), std::move(message), std::move(remedy));
  }
  void warn(std::string_view code, const yaml::Node& node, std::string path, std::string message,
            std::string remedy = {}) {
    faults_.push_back({std::string(code), at(node), std::move(path), std::move(message), std::move(remedy), true});
  }
  /// A fault of this definition that is told elsewhere: it must not be used.
  void spoil() { ++count_; }

  /// No fault so far; warnings do not count.
  bool clean() const { return count_ == 0; }
  std::size_t count() const { return count_; }

 private:
  std::string file_;
  Faults& faults_;
  std::size_t count_ = 0;
};

}  // namespace milepost::config
