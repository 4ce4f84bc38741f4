#include "host/config/mapping.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "host/config/fault_codes.hpp"
#include "host/config/shapes.hpp"
#include "host/config/words.hpp"

namespace milepost::config {

std::string describe(const yaml::Node& node) {
  if (!node.tag.empty()) return node.tag;
  switch (node.kind) {
    case yaml::Node::Kind::null:
      return "nothing";
    case yaml::Node::Kind::list:
      return "a list";
    case yaml::Node::Kind::map:
      return "a mapping";
    default:
      return in_quotes(node.text);
  }
}

std::optional<std::string> read_text(const yaml::Node& node, const std::string& where, Report& report) {
  if (node.broken) {
    report.spoil();
  } else if (node.is_null()) {
    report.fault(code::kEmpty, node, where, "has no value", "give it one, or remove the key");
  } else if (!node.scalar()) {
    report.fault(code::kShape, node, where, "expected text, found " + describe(node));
  } else if (!node.tag.empty()) {
    report.fault(code::kSecretHere, node, where, "no secret may stand here", "use it in a setting that is a secret");
  } else {
    return node.text;
  }
  return std::nullopt;
}

Mapping::Mapping(const yaml::Node* node, std::string path, Report& report) : path_(std::move(path)), report_(report) {
  if (node == nullptr) return;
  if (node->is_map())
    node_ = node;
  else
    report.fault(code::kShape, *node, path_, "expected a mapping (key: value), found " + describe(*node));
}

Mapping::Mapping(const yaml::Node* node, std::string_view shape, std::string path, Report& report)
    : Mapping(node, std::move(path), report) {
  shape_ = &config::shape(shape);
}

std::string Mapping::path(std::string_view key) const { return join(path_, key); }

const Json& Mapping::rule(std::string_view key) const {
  const auto& properties = shape_->at("properties");
  const auto found = properties.find(std::string(key));
  if (found == properties.end()) throw std::logic_error("the shape at " + path(key) + " has no such key");
  return *found;
}

std::optional<Json> Mapping::standard(std::string_view key) const {
  if (shape_ == nullptr || (node_ != nullptr && node_->find(key) != nullptr)) return std::nullopt;
  const auto& known = rule(key);
  const auto found = known.find("default");
  return found == known.end() ? std::nullopt : std::optional(*found);
}

const yaml::Node* Mapping::take(std::string_view key) {
  if (shape_ != nullptr) rule(key);
  known_.emplace_back(key);
  return node_ == nullptr ? nullptr : node_->find(key);
}

const yaml::Node* Mapping::need(std::string_view key, std::string remedy) {
  const yaml::Node* value = take(key);
  if (value == nullptr && node_ != nullptr)
    report_.fault(code::kMissingKey, *node_, path_, "the key " + in_quotes(key) + " is missing", std::move(remedy));
  return value;
}

std::optional<std::string> Mapping::text(std::string_view key) {
  const yaml::Node* value = take(key);
  if (value != nullptr) return read_text(*value, path(key), report_);
  const auto otherwise = standard(key);
  return otherwise ? std::optional(otherwise->get<std::string>()) : std::nullopt;
}

std::optional<std::string> Mapping::host_text(std::string_view key) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return text(key);
  if (value->tag != "!env") return read_text(*value, path(key), report_);
  if (const char* variable = std::getenv(value->text.c_str())) return variable;
  report_.fault(code::kUnsetVariable, *value, path(key),
                "the environment variable " + in_quotes(value->text) + " is not set", "set it for the process");
  return std::nullopt;
}

std::optional<std::string> Mapping::needed_text(std::string_view key, std::string remedy) {
  const yaml::Node* value = need(key, std::move(remedy));
  if (value == nullptr) return std::nullopt;
  auto text = read_text(*value, path(key), report_);
  if (text && text->empty()) {
    report_.fault(code::kEmpty, *value, path(key), "is empty");
    return std::nullopt;
  }
  return text;
}

std::optional<std::size_t> Mapping::integer(std::string_view key, std::size_t least, std::size_t most) {
  const yaml::Node* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto wrong = [&](std::string_view code, const std::string& message) {
    report_.fault(code, *value, path(key), message);
    return std::nullopt;
  };
  const std::string bounds = " from " + std::to_string(least) + " to " + std::to_string(most);
  if (value->kind != yaml::Node::Kind::plain)
    return wrong(code::kInteger, "expected a whole number" + bounds + ", found " + describe(*value) +
                                     (value->scalar() && value->tag.empty() ? " in quotes" : ""));
  const std::string& digits = value->text;
  if (digits.find_first_not_of("0123456789") != digits.npos)
    return wrong(code::kInteger, "expected a whole number" + bounds + ", found " + in_quotes(digits));
  if (digits.size() > 1 && digits[0] == '0')
    return wrong(code::kInteger, in_quotes(digits) + " has a leading zero, which some read as octal");
  std::size_t number = 0;
  const auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (fault != std::errc() || number < least || number > most) return wrong(code::kRange, digits + " is not" + bounds);
  return number;
}

std::optional<std::chrono::milliseconds> Mapping::duration(std::string_view key, std::chrono::milliseconds least,
                                                           std::chrono::milliseconds most) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const yaml::Node& value = *node_->find(key);
  const auto parsed = parse_duration(*written);
  if (!parsed) {
    report_.fault(code::kDuration, value, path(key), parsed.error().message);
  } else if (*parsed < least || *parsed > most) {
    report_.fault(code::kRange, value, path(key),
                  *written + " is not from " + duration_text(least) + " to " + duration_text(most));
  } else {
    return *parsed;
  }
  return std::nullopt;
}

std::optional<std::size_t> Mapping::size(std::string_view key, std::size_t least, std::size_t most) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const yaml::Node& value = *node_->find(key);
  const auto parsed = parse_size(*written);
  if (!parsed) {
    report_.fault(code::kSize, value, path(key), parsed.error().message);
  } else if (*parsed < least || *parsed > most) {
    report_.fault(code::kRange, value, path(key),
                  *written + " is not from " + size_text(least) + " to " + size_text(most));
  } else {
    return *parsed;
  }
  return std::nullopt;
}

std::optional<Rate> Mapping::rate(std::string_view key) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const auto parsed = parse_rate(*written);
  if (parsed) return *parsed;
  report_.fault(code::kRate, *node_->find(key), path(key), parsed.error().message);
  return std::nullopt;
}

std::optional<std::size_t> Mapping::choice(std::string_view key, std::initializer_list<std::string_view> words) {
  return one_of(key, std::vector<std::string>(words.begin(), words.end()));
}

std::optional<std::size_t> Mapping::one_of(std::string_view key, const std::vector<std::string>& valid) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  const auto found = std::ranges::find(valid, *written);
  if (found != valid.end()) return static_cast<std::size_t>(found - valid.begin());
  report_.fault(code::kChoice, *node_->find(key), path(key),
                "expected " + std::string(valid.size() > 1 ? "one of " : "") + listed(valid) + ", found " +
                    in_quotes(*written) + did_you_mean(*written, valid));
  return std::nullopt;
}

std::optional<std::vector<std::string>> Mapping::texts(std::string_view key) {
  const yaml::Node* value = take(key);
  if (value == nullptr) {
    const auto otherwise = standard(key);
    return otherwise ? std::optional(otherwise->get<std::vector<std::string>>()) : std::nullopt;
  }
  std::vector<std::string> out;
  if (!value->is_list()) {
    auto one = read_text(*value, path(key), report_);
    if (!one) return std::nullopt;
    out.push_back(std::move(*one));
    return out;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i)
    if (auto one = read_text(*value->items[i], item(path(key), i), report_)) out.push_back(std::move(*one));
  return out;
}

std::optional<std::size_t> Mapping::integer(std::string_view key) {
  const auto& bounds = rule(key);
  if (const auto otherwise = standard(key)) return take(key), otherwise->get<std::size_t>();
  return integer(key, bounds.at("minimum").get<std::size_t>(), bounds.at("maximum").get<std::size_t>());
}

std::optional<std::chrono::milliseconds> Mapping::duration(std::string_view key) {
  const auto of = [](const Json& text) { return *parse_duration(text.get_ref<const std::string&>()); };
  const auto& bounds = rule(key);
  if (const auto otherwise = standard(key)) return take(key), of(*otherwise);
  return duration(key, of(bounds.at("x-least")), of(bounds.at("x-most")));
}

std::optional<std::size_t> Mapping::size(std::string_view key) {
  const auto of = [](const Json& text) { return *parse_size(text.get_ref<const std::string&>()); };
  const auto& bounds = rule(key);
  if (const auto otherwise = standard(key)) return take(key), of(*otherwise);
  return size(key, of(bounds.at("x-least")), of(bounds.at("x-most")));
}

std::optional<std::size_t> Mapping::choice(std::string_view key) {
  return one_of(key, rule(key).at("enum").get<std::vector<std::string>>());
}

void Mapping::complete() const {
  if (shape_ == nullptr) return;
  for (const auto& [key, rule] : shape_->at("properties").items())
    if (std::ranges::find(known_, key) == known_.end()) throw std::logic_error("nobody reads the key " + path(key));
}

void Mapping::refuse_the_rest() {
  complete();
  if (node_ == nullptr) return;
  for (const auto& member : node_->members) {
    const std::string& key = member.key->text;
    if (std::ranges::find(known_, key) != known_.end()) continue;
    const std::string near = nearest(key, known_);
    report_.fault(code::kUnknownKey, *member.key, path(in_path(key)), "unknown key" + did_you_mean(key, known_),
                  near.empty() ? "the keys here are " + listed(known_) : "rename it to " + near);
  }
}

}  // namespace milepost::config
