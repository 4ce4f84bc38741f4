// What the double holds: records by type, their properties' definitions, pipelines, associations; and HubSpot's rules
// for writing them. No HTTP here. Sources: using object APIs, properties, pipelines and associations guides (read
// 2026-11).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "milepost/event.hpp"
#include "milepost/json.hpp"

namespace milepost::hubspot::sandbox {

/// A refusal in HubSpot's terms.
struct Problem {
  int status = 400;
  std::string category = "VALIDATION_ERROR";
  std::string message;
  std::string code = {};      ///< of the one entry of `errors`; "" for none
  std::string property = {};  ///< that entry's context
  std::string sub_category = {};
};

struct Definition {
  std::string name, label;
  std::string type = "string", field_type = "text", group = {};
  bool unique = false, read_only = false;
  std::vector<std::string> options = {};
};

struct Stage {
  std::string id, label, probability;
};
struct Pipeline {
  std::string id, label;
  std::vector<Stage> stages;
};

struct Record {
  std::string id;
  std::map<std::string, std::string> properties;
  Time created, updated;
  bool archived = false;
};

class Crm {
 public:
  Crm();  ///< seeded: seed.cpp

  /// "deals" for "deals" and "0-3"; nullopt: no such type.
  std::optional<std::string> type_of(std::string_view name_or_id) const;
  static std::string type_id(const std::string& type);

  const std::map<std::string, Definition>& definitions(const std::string& type) const { return definitions_.at(type); }
  std::optional<Problem> define(const std::string& type, Definition definition);
  const std::vector<Pipeline>& pipelines(const std::string& type) const;

  /// Not among archived ones. Pointers stay valid until reset.
  Record* find(const std::string& type, const std::string& id);
  /// By a unique property; email compares without case.
  Record* find_by(const std::string& type, const std::string& property, const std::string& value);
  const std::map<std::string, Record>& records(const std::string& type) const;

  /// What HubSpot would say to these properties, for a new record or for an existing one. `properties` must be an
  /// object.
  std::optional<Problem> check(const std::string& type, const Json& properties, const Record* existing) const;
  /// REQUIRES: check() said nothing.
  Record& create(const std::string& type, const Json& properties, Time now);
  void update(const std::string& type, Record& record, const Json& properties, Time now);
  void archive(const std::string& type, Record& record);

  /// Ties both ways; repeating it is harmless. False when either is missing.
  bool associate(const std::string& from, const std::string& id, const std::string& to, const std::string& to_id);
  std::vector<std::string> associated(const std::string& from, const std::string& id, const std::string& to) const;

  Json state() const;

 private:
  void set(const std::string& type, Record& record, const std::string& property, const std::string& value);
  std::optional<Problem> check_stage(const Json& properties, const Record* existing) const;
  std::optional<Problem> check_minimum(const std::string& type, const Json& properties) const;
  void seed();

  std::map<std::string, std::map<std::string, Definition>> definitions_;
  std::map<std::string, std::vector<Pipeline>> pipelines_;
  std::map<std::string, std::map<std::string, Record>> records_;
  std::map<std::string, long long> next_id_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> unique_;  // type, property, value -> id
  std::set<std::tuple<std::string, std::string, std::string, std::string>> ties_;    // from, id, to, to id
};

}  // namespace milepost::hubspot::sandbox
