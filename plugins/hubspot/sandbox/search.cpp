// The double's search: filters, sorting, pages, the 10,000 results, and an index that lags (search page, read 2026-11).
#include <algorithm>
#include <charconv>

#include "milepost/times.hpp"
#include "plugins/hubspot/names.hpp"
#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

constexpr std::size_t kMostGroups = 5, kMostFilters = 6, kMostLimit = 200, kMostResults = 10'000;

/// Numbers and times by their size, all else as text.
struct Value {
  std::string text;
  std::optional<double> number;

  static Value of(const Definition& definition, const std::string& text) {
    Value out{text, std::nullopt};
    double number = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (definition.type == "datetime") {
      if (const auto time = read_time(text)) out.number = static_cast<double>(milliseconds_of(*time));
    } else if (definition.type == "number" && fault == std::errc() && stop == text.data() + text.size()) {
      out.number = number;
    }
    for (auto& c : out.text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }
  friend bool operator<(const Value& a, const Value& b) {
    return a.number && b.number ? *a.number < *b.number : a.text < b.text;
  }
  friend bool operator==(const Value& a, const Value& b) { return !(a < b) && !(b < a); }
};

bool holds(const Definition& definition, const std::string* held, const Json& filter) {
  const auto op = get<std::string>(filter, "/operator").value_or("");
  if (op == "HAS_PROPERTY") return held != nullptr;
  if (op == "NOT_HAS_PROPERTY") return held == nullptr;
  const bool negative = op == "NEQ" || op == "NOT_IN" || op == "NOT_CONTAINS_TOKEN";
  if (held == nullptr) return negative;
  const auto value = Value::of(definition, *held);
  const auto given = [&](const char* pointer) {
    return Value::of(definition, get<std::string>(filter, pointer).value_or(""));
  };
  const auto wanted = given("/value");
  if (op == "EQ" || op == "NEQ") return (value == wanted) != negative;
  if (op == "LT") return value < wanted;
  if (op == "LTE") return !(wanted < value);
  if (op == "GT") return wanted < value;
  if (op == "GTE") return !(value < wanted);
  if (op == "BETWEEN") return !(value < wanted) && !(given("/highValue") < value);
  if (op == "IN" || op == "NOT_IN") {
    bool in = false;
    if (const auto* values = find(filter, "/values"); values != nullptr && values->is_array())
      for (const auto& one : *values)
        in = in || (one.is_string() && Value::of(definition, one.get<std::string>()) == value);
    return in != negative;
  }
  return (value.text.find(wanted.text) != std::string::npos) != negative;  // CONTAINS_TOKEN, roughly
}

const Json& list_at(const Json& body, const char* pointer) {
  static const Json none = Json::array();
  const auto* found = find(body, pointer);
  return found != nullptr && found->is_array() ? *found : none;
}

}  // namespace

/// Why the search cannot be made.
std::optional<HttpResponse> HubspotSandbox::unfit(const Ask& ask) {
  const auto& known = crm_.definitions(ask.type);
  const auto wrong = [&](const std::string& message) { return refuse({400, "VALIDATION_ERROR", message}); };
  const auto& groups = list_at(ask.body, "/filterGroups");
  if (groups.size() > kMostGroups) return wrong("too many filter groups");
  for (const auto& group : groups) {
    const auto& filters = list_at(group, "/filters");
    if (filters.empty() || filters.size() > kMostFilters) return wrong("a filter group has 1 to 6 filters");
    for (const auto& filter : filters) {
      const auto property = get<std::string>(filter, "/propertyName").value_or("");
      const auto op = get<std::string>(filter, "/operator").value_or("");
      if (!known.contains(property)) return wrong("There was a problem with the request: no property " + property);
      if (!is_operator(op)) return wrong("Invalid input JSON: no such operator");
      if (op == "BETWEEN" && find(filter, "/highValue") == nullptr) return wrong("BETWEEN needs highValue");
    }
  }
  const auto& sorts = list_at(ask.body, "/sorts");
  if (sorts.size() > 1) return wrong("only one sort is supported");
  const auto by = get<std::string>(ask.body, "/sorts/0/propertyName").value_or("");
  if (!sorts.empty() && !known.contains(by)) return wrong("There was a problem with the request: no property " + by);
  if (get<std::string>(ask.body, "/query").value_or("").size() > 3000) return wrong("query is too long");
  if (get<std::size_t>(ask.body, "/limit").value_or(10) > kMostLimit) return wrong("limit must be at most 200");
  return std::nullopt;
}

HttpResponse HubspotSandbox::search(const Ask& ask) {
  if (auto refused = unfit(ask)) return std::move(*refused);
  const auto& known = crm_.definitions(ask.type);
  const auto indexed = host_.clock().now() - limits_.index_lag;
  const auto held = [](const Record& record, const std::string& property) {
    const auto found = record.properties.find(property);
    return found != record.properties.end() ? &found->second : nullptr;
  };
  const auto query = get<std::string>(ask.body, "/query").value_or("");
  const auto& groups = list_at(ask.body, "/filterGroups");
  std::vector<const Record*> found;
  for (const auto& [id, record] : crm_.records(ask.type)) {
    if (record.archived || record.updated > indexed) continue;
    const auto fits = [&](const Json& group) {
      const auto& filters = list_at(group, "/filters");
      return std::all_of(filters.begin(), filters.end(), [&](const Json& filter) {
        const auto property = get<std::string>(filter, "/propertyName").value_or("");
        return holds(known.at(property), held(record, property), filter);
      });
    };
    if (!groups.empty() && std::none_of(groups.begin(), groups.end(), fits)) continue;
    const bool named =
        query.empty() || std::any_of(record.properties.begin(), record.properties.end(),
                                     [&](const auto& one) { return one.second.find(query) != one.second.npos; });
    if (named) found.push_back(&record);
  }
  const auto by = get<std::string>(ask.body, "/sorts/0/propertyName").value_or("hs_object_id");
  const bool falling = get<std::string>(ask.body, "/sorts/0/direction").value_or("") == "DESCENDING";
  const auto key = [&](const Record* record) {
    const auto* value = held(*record, by);
    return Value::of(known.at(by), value != nullptr ? *value : "");
  };
  // Of equal ones HubSpot promises no order: the youngest first, so that nobody relies on ids.
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return std::stoll(a->id) > std::stoll(b->id); });
  std::stable_sort(found.begin(), found.end(),
                   [&](const auto* a, const auto* b) { return falling ? key(b) < key(a) : key(a) < key(b); });

  const auto after_text = get<std::string>(ask.body, "/after").value_or("0");
  std::size_t after = 0;
  std::from_chars(after_text.data(), after_text.data() + after_text.size(), after);
  const auto limit = std::max<std::size_t>(1, get<std::size_t>(ask.body, "/limit").value_or(10));
  if (after + limit > kMostResults) return refuse({400, "VALIDATION_ERROR", "The maximum number of results is 10000."});
  std::string only = "hs_object_id";
  for (const auto& name : list_at(ask.body, "/properties"))
    only += "," + (name.is_string() ? name.get<std::string>() : "");
  Json answer{{"total", found.size()}, {"results", Json::array()}};
  for (std::size_t i = after; i < std::min(after + limit, found.size()); ++i)
    answer["results"].push_back(shown(ask.type, *found[i], only));
  if (after + limit < found.size()) answer["paging"]["next"]["after"] = std::to_string(after + limit);
  return testing::json_answer(200, answer);
}

}  // namespace milepost::hubspot::sandbox
