// A catalog as the plugin registry would give it: the built-ins and two vendors.
#pragma once

#include <map>

#include "host/config/catalog.hpp"

namespace milepost::config {

class FakeCatalog : public Catalog {
 public:
  FakeCatalog() {
    const Json anything = {{"type", "object"}};
    put(sources_, {.name = "webhook", .settings = schema(R"({})"), .webhook = true});
    put(sources_, {.name = "schedule", .settings = schema(R"({"every": {"type": "string", "format": "duration"},
                                       "cron": {"type": "string", "format": "cron"},
                                       "zone": {"type": "string", "format": "zone"}})")});
    put(sources_, {.name = "events",
                   .settings = schema(R"({"pipelines": {"type": "array", "items": {"type": "string"}},
                                       "types": {"type": "array", "items": {"type": "string"}}})")});
    put(sources_, {.name = "crm.webhook",
                   .settings = schema(R"({"portal": {"type": "integer"}})"),
                   .webhook = true,
                   .verify = Json::parse(R"({"secret_header": {"header": "X-Key", "secret": {"!secret": "k"}}})"),
                   .connector = "crm"});
    put(sources_, {.name = "crm.poll", .settings = anything, .connection = true, .connector = "crm"});
    put(sources_,
        {.name = "hubspot.changes", .settings = anything, .connection = true, .connector = "hubspot", .polling = true});

    put(steps_, {.name = "validate", .settings = schema(R"({
      "schema": {"type": "string"},
      "rules": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["check"],
                "properties": {"check": {"type": "string"}, "message": {"type": "string"}}}}})")});
    put(steps_, {.name = "track", .settings = anything});
    put(steps_, {.name = "audit", .settings = schema(R"({"action": {"type": "string"}, "note": {"type": "string"}})")});
    put(steps_, {.name = "set", .settings = anything});
    put(steps_, {.name = "emit", .settings = schema(R"({"type": {"type": "string"}, "payload": {}})")});
    put(steps_, {.name = "hubspot.upsert",
                 .settings = schema(R"({
      "object": {"type": "string", "enum": ["deals", "contacts"], "description": "What to write."},
      "key": {"type": "object"}, "properties": {"type": "object"},
      "attempts": {"type": "integer", "minimum": 1, "maximum": 9}, "ratio": {"type": "number"}, "dry": {"type": "boolean", "default": false},
      "version": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}},
      "wait": {"type": "string", "format": "duration"}, "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
      "to": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"city": {"type": "string"}}}]},
      "nested": {"type": "object", "properties": {"count": {"type": "integer"}}}})",
                                    R"(["object"])"),
                 .connection = true,
                 .connector = "hubspot"});
    put(steps_, {.name = "hubspot.note", .settings = anything, .connection = true, .connector = "hubspot"});
    put(steps_, {.name = "postcard.send",
                 .settings = schema(R"({"design": {"type": "string"}, "to": {}, "tracking_code": {"type": "string"}})"),
                 .connection = true,
                 .connector = "postcard"});

    const char* account = R"({"base_url": {"type": "string", "default": "https://api.example"},
                              "token": {"type": "string", "x-secret": true, "description": "Service key."}})";
    put(connectors_, {.name = "hubspot", .settings = schema(account, R"(["token"])"), .connector = "hubspot"});
    put(connectors_, {.name = "postcard", .settings = schema(account), .connector = "postcard"});
  }

  const Component* source(const std::string& use) const override { return get(sources_, use); }
  const Component* step(const std::string& use) const override { return get(steps_, use); }
  const Component* connector(const std::string& use) const override { return get(connectors_, use); }
  std::vector<std::string> sources() const override { return names(sources_); }
  std::vector<std::string> steps() const override { return names(steps_); }
  std::vector<std::string> connectors() const override { return names(connectors_); }
  std::string refusal(const std::string& connector) const override {
    return connector == "old" ? "old.so speaks ABI 3, this host speaks 1 to 2" : "";
  }

 private:
  using Components = std::map<std::string, Component>;
  static Json schema(const char* properties, const char* required = "[]") {
    return {{"type", "object"},
            {"additionalProperties", false},
            {"required", Json::parse(required)},
            {"properties", Json::parse(properties)}};
  }
  static void put(Components& to, Component component) { to.emplace(component.name, component); }
  static const Component* get(const Components& from, const std::string& name) {
    const auto found = from.find(name);
    return found == from.end() ? nullptr : &found->second;
  }
  static std::vector<std::string> names(const Components& from) {
    std::vector<std::string> out;
    for (const auto& [name, component] : from) out.push_back(name);
    return out;
  }

  Components sources_, steps_, connectors_;
};

}  // namespace milepost::config
