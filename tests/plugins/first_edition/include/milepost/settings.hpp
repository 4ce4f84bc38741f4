// Settings, declared once: key, member, default, sentence, secret or not. The host checks YAML against schema() before any instance is
// made, so that every fault has a line; parse() then fills the struct. Thread: [any] once built.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "milepost/json.hpp"

namespace milepost {

/// "250ms", "10s", "5m", "2h", "7d", "1w" as milliseconds; nullopt when it is none.
inline std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  long long count = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
  using namespace std::chrono;
  if (unit == "ms") return milliseconds(count);
  if (unit == "s") return milliseconds(seconds(count));
  if (unit == "m") return milliseconds(minutes(count));
  if (unit == "h") return milliseconds(hours(count));
  if (unit == "d") return milliseconds(hours(24 * count));
  if (unit == "w") return milliseconds(hours(24 * 7 * count));
  return std::nullopt;
}
/// The shortest text that parse_duration reads back.
inline std::string duration_text(std::chrono::milliseconds value) {
  const long long ms = value.count();
  for (auto [unit, size] : {std::pair{"d", 86'400'000LL}, {"h", 3'600'000LL}, {"m", 60'000LL}, {"s", 1'000LL}})
    if (ms != 0 && ms % size == 0) return std::to_string(ms / size) + unit;
  return std::to_string(ms) + "ms";
}

namespace detail {
template <class M>
Json setting_schema() {
  if constexpr (is_optional<M>::value) return setting_schema<typename M::value_type>();
  else if constexpr (std::is_same_v<M, bool>) return {{"type", "boolean"}};
  else if constexpr (std::is_same_v<M, std::string>) return {{"type", "string"}};
  else if constexpr (std::is_same_v<M, std::chrono::milliseconds>) return {{"type", "string"}, {"format", "duration"}};
  else if constexpr (std::is_unsigned_v<M>) return {{"type", "integer"}, {"minimum", 0}};
  else if constexpr (std::is_integral_v<M>) return {{"type", "integer"}};
  else if constexpr (std::is_floating_point_v<M>) return {{"type", "number"}};
  else if constexpr (std::is_same_v<M, std::vector<std::string>>) return {{"type", "array"}, {"items", {{"type", "string"}}}};
  else return Json::object();  // Json: anything
}

template <class M>
Result<M> setting_value(const Json& value, const std::string& key) {
  if constexpr (is_optional<M>::value) {
    auto inner = setting_value<typename M::value_type>(value, key);
    if (!inner) return fail(inner.error());
    return M(std::move(*inner));
  } else if constexpr (std::is_same_v<M, std::chrono::milliseconds>) {
    if (!value.is_string()) return fail(ErrorKind::permanent, key + ": expected a duration such as 10s");
    const auto parsed = parse_duration(value.get_ref<const std::string&>());
    if (!parsed) return fail(ErrorKind::permanent, key + ": expected a duration such as 250ms, 10s, 5m, 2h or 7d");
    return *parsed;
  } else if constexpr (std::is_same_v<M, std::vector<std::string>>) {
    if (!value.is_array()) return fail(ErrorKind::permanent, key + ": expected a list of texts");
    M list;
    for (const auto& element : value) {
      if (!element.is_string()) return fail(ErrorKind::permanent, key + ": expected a list of texts");
      list.push_back(element.get<std::string>());
    }
    return list;
  } else {
    return convert<M>(value, key);
  }
}

template <class M>
Json setting_json(const M& value) {
  if constexpr (is_optional<M>::value) return value ? setting_json(*value) : Json(nullptr);
  else if constexpr (std::is_same_v<M, std::chrono::milliseconds>) return duration_text(value);
  else return Json(value);
}
}  // namespace detail

/// The settings of one thing. M may be bool, an integer, double, std::string, std::chrono::milliseconds ("10s"),
/// std::vector<std::string>, Json (anything) or std::optional of one (then the default is "not given").
template <class T>
class Settings {
 public:
  explicit Settings(std::string summary) : summary_(std::move(summary)) {}

  /// `more` is merged into the key's schema: {"enum": […]}, {"maxLength": 40}, or the shape of a Json member.
  template <class M>
  Settings& required(std::string key, M T::*member, std::string sentence, Json more = Json::object()) {
    add(key, member, std::move(sentence), std::move(more), true);
    return *this;
  }
  template <class M, class D>
  Settings& optional(std::string key, M T::*member, D fallback, std::string sentence, Json more = Json::object()) {
    const M value(std::move(fallback));
    if (auto shown = detail::setting_json(value); !shown.is_null()) more["default"] = std::move(shown);
    add(key, member, std::move(sentence), std::move(more), false);
    fields_.back().fill = [member, value](T& out) { out.*member = value; };
    return *this;
  }
  /// Stays in the host: it has no member, and the plugin gets "***" in its place. `needed` false: it may be left out.
  Settings& secret(std::string key, std::string sentence, bool needed = true) {
    fields_.push_back({std::move(key), {{"type", "string"}, {"description", std::move(sentence)}, {"x-secret", true}}, needed, {}, {}});
    return *this;
  }

  const std::string& summary() const { return summary_; }

  /// JSON Schema (draft-07) of the whole.
  Json schema() const {
    Json properties = Json::object(), needed = Json::array();
    for (const auto& field : fields_) {
      properties[field.key] = field.schema;
      if (field.needed) needed.push_back(field.key);
    }
    Json out{{"type", "object"}, {"description", summary_}, {"properties", properties}, {"additionalProperties", false}};
    if (!needed.empty()) out["required"] = needed;
    return out;
  }

  /// Fills a T, defaults included; `permanent` names every fault in one line. Keys that are missing, unknown or of another type are
  /// faults; an enum's value is checked too.
  Result<T> parse(const Json& source) const {
    T out{};
    std::string faults;
    const auto fault = [&](const std::string& text) { faults += (faults.empty() ? "" : "; ") + text; };
    if (!source.is_object()) return fail(ErrorKind::permanent, "expected settings, found " + std::string(source.type_name()));
    for (const auto& [key, value] : source.items()) {
      bool known = false;
      for (const auto& field : fields_) known = known || field.key == key;
      if (!known) fault(key + ": unknown key");
    }
    for (const auto& field : fields_) {
      const auto value = source.find(field.key);
      if (value == source.end() || (value->is_null() && !field.needed)) {
        if (field.needed && field.set) fault(field.key + ": missing");
        else if (field.fill) field.fill(out);
        continue;
      }
      if (!field.set) continue;
      if (auto done = field.set(*value, out); !done) fault(done.error().message);
      else if (const auto choice = field.schema.find("enum"); choice != field.schema.end() &&
               std::find(choice->begin(), choice->end(), *value) == choice->end())
        fault(field.key + ": expected one of " + milepost::text(*choice));
    }
    if (!faults.empty()) return fail(ErrorKind::permanent, faults);
    return out;
  }

 private:
  struct Field {
    std::string key;
    Json schema;
    bool needed = false;
    std::function<Status(const Json&, T&)> set;  // empty for secrets
    std::function<void(T&)> fill;                // the default
  };
  template <class M>
  void add(const std::string& key, M T::*member, std::string sentence, Json more, bool needed) {
    Json schema = detail::setting_schema<M>();
    schema["description"] = std::move(sentence);
    schema.update(more);
    fields_.push_back({key, std::move(schema), needed,
                       [member, key](const Json& value, T& out) -> Status {
                         auto parsed = detail::setting_value<M>(value, key);
                         if (!parsed) return fail(parsed.error());
                         out.*member = std::move(*parsed);
                         return {};
                       },
                       {}});
  }

  std::string summary_;
  std::vector<Field> fields_;
};

}  // namespace milepost
