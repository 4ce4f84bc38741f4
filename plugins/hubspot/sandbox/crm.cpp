#include "plugins/hubspot/sandbox/crm.hpp"

#include <algorithm>
#include <charconv>

#include "milepost/testing/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {"contacts", "0-1"}, {"companies", "0-2"},           {"deals", "0-3"},    {"tickets", "0-5"},
    {"notes", "0-46"},   {"postal_mail", "postal_mail"}, {"p_loan", "2-3456"}};
/// Per type (properties guide, read 2026-11).
constexpr std::size_t kMostUnique = 10;

std::string folded(const std::string& property, std::string value) {
  if (property == "email")
    for (auto& c : value) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return value;
}

bool is_decimal(std::string_view text) {
  double value = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && stop == text.data() + text.size();
}

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  return at != text.npos && at > 0 && text.find('.', at) != text.npos && text.find(' ') == text.npos;
}

/// As HubSpot words it: the value stands in the message, which is why nobody should log it.
Problem invalid(const std::string& property, const std::string& what, const std::string& code) {
  return {400, "VALIDATION_ERROR", "Property values were not valid: " + what, code, property};
}

std::string modified_property(const std::string& type) {
  return type == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
}
std::string created_property(const std::string& type) {
  return type == "notes" || type == "postal_mail" ? "hs_createdate" : "createdate";
}

std::string value_of(const Json& properties, const Record* existing, const std::string& name) {
  if (const auto found = properties.find(name); found != properties.end())
    return found->is_string() ? found->get<std::string>() : "";
  if (existing == nullptr) return {};
  const auto old = existing->properties.find(name);
  return old != existing->properties.end() ? old->second : std::string();
}

}  // namespace

Crm::Crm() { seed(); }

std::optional<std::string> Crm::type_of(std::string_view name_or_id) const {
  for (const auto& [name, id] : kTypes)
    if (name == name_or_id || id == name_or_id) return std::string(name);
  return std::nullopt;
}
std::string Crm::type_id(const std::string& type) {
  for (const auto& [name, id] : kTypes)
    if (name == type) return std::string(id);
  return type;
}

const std::vector<Pipeline>& Crm::pipelines(const std::string& type) const {
  static const std::vector<Pipeline> none;
  const auto found = pipelines_.find(type);
  return found != pipelines_.end() ? found->second : none;
}
const std::map<std::string, Record>& Crm::records(const std::string& type) const {
  static const std::map<std::string, Record> none;
  const auto found = records_.find(type);
  return found != records_.end() ? found->second : none;
}

std::optional<Problem> Crm::define(const std::string& type, Definition definition) {
  auto& all = definitions_.at(type);
  if (all.contains(definition.name))
    return Problem{409,
                   "OBJECT_ALREADY_EXISTS",
                   "A property named '" + definition.name + "' already exists.",
                   "",
                   "",
                   "Properties.PROPERTY_WITH_NAME_EXISTS"};
  const auto unique = std::count_if(all.begin(), all.end(),
                                    [](const auto& entry) { return entry.second.unique && !entry.second.read_only; });
  if (definition.unique && static_cast<std::size_t>(unique) >= kMostUnique)
    return Problem{400, "VALIDATION_ERROR", "Only 10 properties of a type may have unique values."};
  all.emplace(definition.name, std::move(definition));
  return std::nullopt;
}

Record* Crm::find(const std::string& type, const std::string& id) {
  const auto found = records_[type].find(id);
  return found != records_[type].end() && !found->second.archived ? &found->second : nullptr;
}
Record* Crm::find_by(const std::string& type, const std::string& property, const std::string& value) {
  const auto found = unique_.find({type, property, folded(property, value)});
  return found != unique_.end() ? find(type, found->second) : nullptr;
}

std::optional<Problem> Crm::check(const std::string& type, const Json& properties, const Record* existing) const {
  const auto& known = definitions_.at(type);
  for (const auto& [name, value] : properties.items()) {
    const auto definition = known.find(name);
    if (definition == known.end())
      return invalid(name, "Property \"" + name + "\" does not exist", "PROPERTY_DOESNT_EXIST");
    if (value.is_null()) continue;
    if (!value.is_string())
      return Problem{400, "VALIDATION_ERROR", "Invalid input JSON: the value of " + name + " is no string", "", name};
    const auto& text = value.get_ref<const std::string&>();
    const auto& rule = definition->second;
    if (rule.read_only) return invalid(name, "\"" + name + "\" is a read only property", "READ_ONLY_VALUE");
    if (text.empty()) continue;
    if (rule.type == "number" && !is_decimal(text))
      return invalid(name, text + " was not a valid number.", "INVALID_NUMBER");
    if (name == "email" && !is_email(text))
      return invalid(name, "Email address " + text + " is invalid", "INVALID_EMAIL");
    if (!rule.options.empty() && std::find(rule.options.begin(), rule.options.end(), text) == rule.options.end())
      return invalid(name, text + " was not one of the allowed options", "INVALID_OPTION");
    if (!rule.unique) continue;
    const auto taken = unique_.find({type, name, folded(name, text)});
    if (taken == unique_.end() || (existing != nullptr && taken->second == existing->id)) continue;
    if (name == "email") return Problem{409, "CONFLICT", "Contact already exists. Existing ID: " + taken->second};
    return Problem{409, "CONFLICT", "A record with " + name + " already has this unique value.", "",
                   name};  // its category: UNCONFIRMED
  }
  if (type == "deals") {
    if (auto wrong = check_stage(properties, existing)) return wrong;
  }
  return existing == nullptr ? check_minimum(type, properties) : std::nullopt;
}

std::optional<Problem> Crm::check_stage(const Json& properties, const Record* existing) const {
  if (!properties.contains("dealstage") && !properties.contains("pipeline")) return std::nullopt;
  const auto& all = pipelines("deals");
  const auto wanted = value_of(properties, existing, "pipeline");
  const auto pipeline = std::find_if(all.begin(), all.end(),
                                     [&](const auto& one) { return one.id == (wanted.empty() ? "default" : wanted); });
  if (pipeline == all.end())
    return invalid("pipeline", wanted + " was not one of the allowed options", "INVALID_OPTION");
  const auto stage = value_of(properties, existing, "dealstage");
  const bool known =
      std::any_of(pipeline->stages.begin(), pipeline->stages.end(), [&](const auto& one) { return one.id == stage; });
  if (!known) return invalid("dealstage", stage + " was not one of the allowed options", "INVALID_OPTION");
  return std::nullopt;
}

std::optional<Problem> Crm::check_minimum(const std::string& type, const Json& properties) const {
  const auto has = [&](const char* name) { return !value_of(properties, nullptr, name).empty(); };
  const auto missing = [](const std::string& name) {
    return Problem{400, "VALIDATION_ERROR", "Required property " + name + " is missing.", "REQUIRED_PROPERTY_MISSING",
                   name};
  };
  if (type == "contacts" && !has("email") && !has("firstname") && !has("lastname")) return missing("email");
  if (type == "companies" && !has("name") && !has("domain")) return missing("name");
  if (type == "deals" && !has("dealname")) return missing("dealname");
  if (type == "deals" && !has("dealstage")) return missing("dealstage");
  if (type == "deals" && pipelines("deals").size() > 1 && !has("pipeline")) return missing("pipeline");
  if ((type == "notes" || type == "postal_mail") && !has("hs_timestamp")) return missing("hs_timestamp");
  return std::nullopt;
}

void Crm::set(const std::string& type, Record& record, const std::string& property, const std::string& value) {
  const auto definition = definitions_.at(type).find(property);
  if (definition != definitions_.at(type).end() && definition->second.unique) {
    if (const auto old = record.properties.find(property); old != record.properties.end())
      unique_.erase({type, property, folded(property, old->second)});
    if (!value.empty()) unique_[{type, property, folded(property, value)}] = record.id;
  }
  if (value.empty())
    record.properties.erase(property);
  else
    record.properties[property] = folded(property, value);
}

Record& Crm::create(const std::string& type, const Json& properties, Time now) {
  const auto id = std::to_string(next_id_[type]++);
  auto& record = records_[type][id];
  record.id = id;
  record.created = now;
  set(type, record, "hs_object_id", id);
  set(type, record, created_property(type), testing::iso_time(now));
  update(type, record, properties, now);
  return record;
}

void Crm::update(const std::string& type, Record& record, const Json& properties, Time now) {
  for (const auto& [name, value] : properties.items())
    set(type, record, name, value.is_string() ? value.get<std::string>() : "");
  record.updated = now;
  set(type, record, modified_property(type), testing::iso_time(now));
}

void Crm::archive(const std::string& type, Record& record) {
  record.archived = true;
  std::erase_if(unique_,
                [&](const auto& entry) { return std::get<0>(entry.first) == type && entry.second == record.id; });
}

bool Crm::associate(const std::string& from, const std::string& id, const std::string& to, const std::string& to_id) {
  if (find(from, id) == nullptr || find(to, to_id) == nullptr) return false;
  ties_.insert({from, id, to, to_id});
  ties_.insert({to, to_id, from, id});
  return true;
}

std::vector<std::string> Crm::associated(const std::string& from, const std::string& id, const std::string& to) const {
  std::vector<std::string> out;
  for (auto at = ties_.lower_bound({from, id, to, ""});
       at != ties_.end() && std::get<0>(*at) == from && std::get<1>(*at) == id && std::get<2>(*at) == to; ++at)
    out.push_back(std::get<3>(*at));
  return out;
}

Json Crm::state() const {
  Json out = Json::object();
  for (const auto& [type, all] : records_) {
    Json list = Json::array();
    for (const auto& [id, record] : all) {
      Json entry{{"id", id}, {"properties", record.properties}, {"archived", record.archived}};
      for (const auto& [name, type_number] : kTypes)
        if (auto tied = associated(type, id, std::string(name)); !tied.empty())
          entry["associations"][std::string(name)] = std::move(tied);
      list.push_back(std::move(entry));
    }
    if (!list.empty()) out[type] = std::move(list);
  }
  return out;
}

}  // namespace milepost::hubspot::sandbox
