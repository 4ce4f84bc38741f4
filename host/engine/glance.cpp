#include "host/engine/glance.hpp"

#include <simdjson.h>

#include <optional>

namespace milepost::engine {
namespace {

namespace ondemand = simdjson::ondemand;

/// nullopt: it is no object, or what read_json() is to judge.
std::optional<Json> members_of(std::string_view text, const std::set<std::string>& wanted) {
  thread_local ondemand::parser parser;
  const simdjson::padded_string padded(text);
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  Json found = Json::object();
  for (auto field : object) {
    if (found.size() == wanted.size()) return found;
    std::string_view key, source;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return std::nullopt;
    const std::string name(key);
    if (!wanted.contains(name)) continue;
    if (simdjson::to_json_string(field.value()).get(source) != simdjson::SUCCESS) return std::nullopt;
    auto value = read_json(source);  // a number keeps its text
    if (!value) return std::nullopt;
    found[name] = std::move(*value);
  }
  return found;
}

}  // namespace

Json glance(std::string_view text, const std::set<std::string>& members) {
  if (auto found = members_of(text, members)) return *std::move(found);
  return read_json(text).value_or(nullptr);
}

}  // namespace milepost::engine
