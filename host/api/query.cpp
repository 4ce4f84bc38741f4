#include "host/api/query.hpp"

#include <algorithm>
#include <charconv>

#include "host/config/fault.hpp"

namespace milepost::api {
namespace {

constexpr std::size_t kMostBytes = 256;

std::unexpected<Error> wrong(std::string_view name, const std::string& why) {
  return fail(ErrorKind::permanent, std::string(name) + ": " + why);
}

/// As forms write it: %XX and + for a space.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned value = 0;
    const char* const first = text.data() + i + 1;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [stop, fault] = std::from_chars(first, first + 2, value, 16);
    if (fault != std::errc() || stop != first + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

Status check(const Parameter& parameter, const std::string& value) {
  if (value.empty()) return wrong(parameter.name, "is empty: give it a value, or leave it out");
  if (parameter.most != 0) {
    std::uint64_t number = 0;
    const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (fault != std::errc() || stop != value.data() + value.size() || number < parameter.least ||
        number > parameter.most)
      return wrong(parameter.name, "write a whole number from " + std::to_string(parameter.least) + " to " +
                                       std::to_string(parameter.most));
  } else if (!parameter.choices.empty()) {
    if (std::ranges::find(parameter.choices, value) == parameter.choices.end())
      return wrong(parameter.name, "write one of " + listed(parameter.choices));
  } else if (value.size() > kMostBytes) {
    return wrong(parameter.name, "is longer than " + std::to_string(kMostBytes) + " bytes");
  }
  return {};
}

std::unexpected<Error> unknown(const std::string& name, const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  std::vector<std::string_view> views;
  for (const auto& parameter : parameters) {
    names.emplace_back(parameter.name);
    views.push_back(parameter.name);
  }
  const std::string shown = "\"" + name.substr(0, 64) + "\"";
  if (names.empty()) return wrong(shown, "is unknown: this address takes no parameters");
  const auto near = config::nearest(name, names);
  if (!near.empty()) return wrong(shown, "is unknown; did you mean \"" + near + "\"?");
  return wrong(shown, "is unknown; there are " + listed(views));
}

}  // namespace

Result<Query> Query::read(std::string_view raw, const std::vector<Parameter>& parameters) {
  Query out;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const auto pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode(pair.substr(0, equals));
    const auto value = decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return wrong("the query", "holds a broken %XX: encode % itself as %25");
    const auto known = std::ranges::find(parameters, *name, &Parameter::name);
    if (known == parameters.end()) return unknown(*name, parameters);
    if (auto checked = check(*known, *value); !checked) return fail(checked.error());
    if (!out.values_.emplace(*name, *value).second) return wrong(*name, "stands twice: write it once");
  }
  return out;
}

std::optional<std::string> Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::uint64_t Query::number(std::string_view name, std::uint64_t otherwise) const {
  const auto found = values_.find(name);
  std::uint64_t number = otherwise;
  if (found != values_.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

}  // namespace milepost::api
