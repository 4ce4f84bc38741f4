// A value against compiled Rules.
#include <algorithm>
#include <unordered_set>

#include "host/config/pointer.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/utf8.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

constexpr std::size_t kMostViolations = 20;
/// Schemas that are tried on values, in one check. `anyOf` within `anyOf` multiplies; a sender picks the value.
constexpr std::size_t kMostWork = 5'000'000;
constexpr std::size_t kDeepestValue = 256;

std::string plural(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

class Check {
 public:
  std::vector<Violation> run(const Rules& rules, const Json& value) {
    apply(rules, value);
    std::ranges::stable_sort(found_, {}, &Found::order);
    std::vector<Violation> out;
    for (auto& found : found_) out.push_back(std::move(found.violation));
    if (exhausted_) out.push_back({"", "checking it takes too long: the schema has alternatives within alternatives"});
    return out;
  }

 private:
  struct Found {
    std::vector<std::size_t> order;  ///< the way from the root, by index: document order
    Violation violation;
  };
  struct Step {
    std::string token;
    std::size_t index;
  };

  bool enough() const { return exhausted_ || (quiet_ == 0 && found_.size() >= kMostViolations); }

  void violation(std::string message) {
    failed_ = true;
    if (quiet_ > 0 || found_.size() >= kMostViolations) return;
    Found found;
    for (const auto& step : way_) {
      found.violation.pointer += "/" + step.token;
      found.order.push_back(step.index);
    }
    found.violation.message = std::move(message);
    found_.push_back(std::move(found));
  }

  /// Whether the value fits, without a word.
  bool fits(const Rules& rules, const Json& value) {
    const bool before = std::exchange(failed_, false);
    ++quiet_;
    apply(rules, value);
    --quiet_;
    return !std::exchange(failed_, before);
  }

  void child(const Rules& rules, const Json& value, std::string token, std::size_t index) {
    way_.push_back({std::move(token), index});
    apply(rules, value);
    way_.pop_back();
  }

  void apply(const Rules& rules, const Json& value) {
    if (enough() || (quiet_ > 0 && failed_)) return;
    if (++work_ > kMostWork) {
      exhausted_ = failed_ = true;
      return;
    }
    if (way_.size() > kDeepestValue) return violation("nested too deep");
    if (rules.ref != nullptr) return apply(*rules.ref, value);
    if (rules.never) return violation("nothing is allowed here");
    if (!type(rules, value)) return;
    if (rules.choices) choice(rules, value);
    if (value.is_string())
      string(rules, value.get_ref<const std::string&>());
    else if (is_number(value))
      number(rules, value);
    else if (value.is_array())
      array(rules, value);
    else if (value.is_object())
      object(rules, value);
    combine(rules, value);
  }

  bool type(const Rules& rules, const Json& value) {
    if (rules.types == 0) return true;
    unsigned is = value.is_null()      ? Rules::kNull
                  : value.is_boolean() ? Rules::kBoolean
                  : value.is_string()  ? Rules::kString
                  : value.is_array()   ? Rules::kArray
                  : value.is_object()  ? Rules::kObject
                                       : Rules::kNumber;
    if ((rules.types & is) != 0) return true;
    if (is == Rules::kNumber && (rules.types & Rules::kInteger) != 0 && is_number(value) &&
        is_integer(number_text(value)))
      return true;
    std::vector<std::string> wanted;
    const auto want = [&](unsigned bit, const char* word) {
      if ((rules.types & bit) != 0) wanted.emplace_back(word);
    };
    want(Rules::kNull, "null");
    want(Rules::kBoolean, "true or false");
    want(Rules::kString, "text");
    want(Rules::kNumber, "a number");
    if ((rules.types & Rules::kNumber) == 0) want(Rules::kInteger, "a whole number");
    want(Rules::kArray, "an array");
    want(Rules::kObject, "an object");
    std::string out = "must be ";
    for (std::size_t i = 0; i < wanted.size(); ++i) out += (i == 0 ? "" : " or ") + wanted[i];
    violation(std::move(out));
    return false;
  }

  void choice(const Rules& rules, const Json& value) {
    if (std::ranges::find(*rules.choices, equality_key(value)) == rules.choices->end())
      violation((rules.choices->size() == 1 ? "must be " : "must be one of ") + rules.choices_text);
  }

  void number(const Rules& rules, const Json& value) {
    if (!rules.minimum && !rules.maximum && !rules.above && !rules.below && !rules.multiple_of) return;
    const auto decimal = Decimal::parse(number_text(value));
    if (!decimal) return violation("must be a number");
    if (rules.minimum && *decimal < *rules.minimum) violation("must be at least " + rules.minimum_text);
    if (rules.maximum && *decimal > *rules.maximum) violation("must be at most " + rules.maximum_text);
    if (rules.above && *decimal <= *rules.above) violation("must be more than " + rules.above_text);
    if (rules.below && *decimal >= *rules.below) violation("must be less than " + rules.below_text);
    if (rules.multiple_of && !rules.multiple_of->divides(*decimal))
      violation("must be a multiple of " + rules.multiple_of_text);
  }

  void string(const Rules& rules, const std::string& text) {
    if (rules.min_length || rules.max_length) {
      const auto length = utf8_length(text);
      if (rules.min_length && length < *rules.min_length)
        violation("must have at least " + plural(*rules.min_length, "character"));
      if (rules.max_length && length > *rules.max_length)
        violation("must have at most " + plural(*rules.max_length, "character"));
    }
    if (rules.pattern && !RE2::PartialMatch(text, *rules.pattern))
      violation("must match the pattern " + rules.pattern->pattern());
    if (rules.format != nullptr && !rules.format(text)) violation("must be a valid " + rules.format_name);
  }

  void array(const Rules& rules, const Json& value) {
    if (rules.min_items && value.size() < *rules.min_items)
      violation("must have at least " + plural(*rules.min_items, "element"));
    if (rules.max_items && value.size() > *rules.max_items)
      violation("must have at most " + plural(*rules.max_items, "element"));
    if (rules.unique) {
      std::unordered_set<std::string> seen;
      for (const auto& element : value) {
        if (seen.insert(equality_key(element)).second) continue;
        violation("must not hold the same element twice");
        break;
      }
    }
    if (rules.contains != nullptr &&
        std::ranges::none_of(value, [&](const Json& element) { return fits(*rules.contains, element); }))
      violation("lacks an element of the kind that `contains` wants");
    for (std::size_t i = 0; i < value.size() && !enough(); ++i) {
      const Rules* rule = i < rules.items.size() ? rules.items[i] : rules.other_items;
      if (rule != nullptr) child(*rule, value[i], std::to_string(i), i);
    }
  }

  void object(const Rules& rules, const Json& value) {
    if (rules.min_properties && value.size() < *rules.min_properties)
      violation("must have at least " + std::to_string(*rules.min_properties) + " members");
    if (rules.max_properties && value.size() > *rules.max_properties)
      violation("must have at most " + std::to_string(*rules.max_properties) + " members");
    for (const auto& key : rules.required)
      if (!value.contains(key)) violation("lacks " + in_quotes(key));
    for (const auto& [key, others] : rules.needs)
      if (value.contains(key))
        for (const auto& other : others)
          if (!value.contains(other)) violation("lacks " + in_quotes(other) + ", which goes with " + in_quotes(key));
    members(rules, value);
  }

  void members(const Rules& rules, const Json& value) {
    if (rules.properties.empty() && rules.pattern_properties.empty() && rules.other_properties == nullptr &&
        rules.property_names == nullptr)
      return;
    std::size_t index = 0;
    for (const auto& [key, member] : value.items()) {
      if (enough()) return;
      const std::size_t at = index++;
      if (rules.property_names != nullptr && !fits(*rules.property_names, Json(key))) {
        way_.push_back({pointer_token(key), at});
        violation("this name is not allowed here");
        way_.pop_back();
      }
      bool named = false;
      if (const auto rule = rules.properties.find(key); rule != rules.properties.end()) {
        named = true;
        child(*rule->second, member, pointer_token(key), at);
      }
      for (const auto& [pattern, rule] : rules.pattern_properties) {
        if (!RE2::PartialMatch(key, *pattern)) continue;
        named = true;
        child(*rule, member, pointer_token(key), at);
      }
      if (!named && rules.other_properties != nullptr) {
        if (rules.other_properties->never) {
          way_.push_back({pointer_token(key), at});
          violation("the schema knows no such property");
          way_.pop_back();
        } else {
          child(*rules.other_properties, member, pointer_token(key), at);
        }
      }
    }
  }

  void combine(const Rules& rules, const Json& value) {
    for (const Rules* each : rules.all) apply(*each, value);
    const auto fitting = [&](const Rules* each) { return fits(*each, value); };
    if (!rules.any.empty() && std::ranges::none_of(rules.any, fitting)) alternatives(rules.any, value);
    if (!rules.one.empty()) {
      const auto count = std::ranges::count_if(rules.one, fitting);
      if (count == 0) alternatives(rules.one, value);
      if (count > 1) violation("fits " + std::to_string(count) + " alternatives where one is wanted");
    }
    if (rules.no != nullptr && fits(*rules.no, value)) violation("is what the schema excludes");
    if (rules.condition != nullptr) {
      const Rules* branch = fits(*rules.condition, value) ? rules.then : rules.otherwise;
      if (branch != nullptr) apply(*branch, value);
    }
    if (value.is_object())
      for (const auto& [key, rule] : rules.dependent)
        if (value.contains(key)) apply(*rule, value);
  }

  /// With one alternative its own words are the best; with several nobody knows which was meant.
  void alternatives(const std::vector<const Rules*>& rules, const Json& value) {
    if (rules.size() == 1) return apply(*rules.front(), value);
    violation("fits none of the " + std::to_string(rules.size()) + " alternatives");
  }

  std::vector<Step> way_;
  std::vector<Found> found_;
  std::size_t work_ = 0;
  unsigned quiet_ = 0;  ///< within fits()
  bool failed_ = false;
  bool exhausted_ = false;
};

}  // namespace

std::string equality_key(const Json& value) {
  if (is_number(value)) {
    const auto decimal = Decimal::parse(number_text(value));
    return decimal ? decimal->key() : number_text(value);
  }
  if (value.is_array()) {
    std::string out = "[";
    for (const auto& element : value) out += equality_key(element) + ",";
    return out + "]";
  }
  if (value.is_object()) {
    std::vector<std::string> members;
    for (const auto& [key, member] : value.items()) members.push_back(text(Json(key)) + ":" + equality_key(member));
    std::ranges::sort(members);
    std::string out = "{";
    for (const auto& member : members) out += member + ",";
    return out + "}";
  }
  return text(value);
}

std::optional<std::set<std::string>> JsonSchema::members() const {
  const Rules& root = *compiled_->root;
  const bool at_others = root.choices || !root.pattern_properties.empty() || root.other_properties != nullptr || root.property_names != nullptr ||
                         root.min_properties || root.max_properties || !root.needs.empty() || !root.dependent.empty();
  if (at_others || !root.in_place().empty()) return std::nullopt;
  std::set<std::string> found(root.required.begin(), root.required.end());
  for (const auto& [name, rules] : root.properties) found.insert(name);
  return found;
}

std::vector<Violation> JsonSchema::check(const Json& value) const { return Check().run(*compiled_->root, value); }

}  // namespace milepost::config
