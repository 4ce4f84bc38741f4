#include "plugins/hubspot/write.hpp"

#include <algorithm>

namespace milepost::hubspot {

const Settings<UpsertSettings>& upsert_settings() {
  static const auto spec = [] {
    Settings<UpsertSettings> settings("Creates the record, or updates it, by a unique property.");
    settings
        .required("object", &UpsertSettings::object,
                  "Type of record: contacts, deals, companies, or a custom object's name or type id.")
        .required("key", &UpsertSettings::key,
                  "The unique property that says which record is meant, with its value: {loan_id: L-1001}.",
                  {{"type", "object"}, {"minProperties", 1}, {"maxProperties", 1}})
        .optional("properties", &UpsertSettings::properties, Json::object(),
                  "What to write. Null leaves a property as it is, an empty text clears it. dealstage: by label or id.",
                  {{"type", "object"}})
        .optional("associations", &UpsertSettings::associations, Json::object(),
                  "Records to tie it to: object type to an id, or a list of ids.", {{"type", "object"}});
    return settings;
  }();
  return spec;
}

std::vector<std::string> Write::names() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : properties.items()) out.push_back(name);
  return out;
}

namespace {

std::unexpected<Error> wrong(std::string what) { return fail(ErrorKind::permanent, std::move(what)); }

Status add_properties(const Json& from, Write& write) {
  if (!from.is_object()) return wrong("properties: expected names with values");
  for (const auto& [name, value] : from.items()) {
    if (!is_name(name)) return wrong("properties: a key is no property's name");
    if (value.is_null()) continue;
    const auto text = scalar_text(value);
    if (!text)
      return wrong("properties." + name + ": expected text, a number or true/false, found " + value.type_name());
    if (name == write.key_property && *text != write.key)
      return wrong("properties." + name + ": differs from the key, which cannot change");
    write.properties[name] = *text;
  }
  return {};
}

}  // namespace

Result<Write> to_write(const Json& with, const std::string& trace) {
  auto settings = upsert_settings().parse(with);
  if (!settings) return fail(settings.error());
  Write write;
  write.object = object_name(settings->object);
  write.trace = trace;
  if (!is_name(write.object)) return wrong("object: no object type");
  if (!settings->key.is_object() || settings->key.size() != 1)
    return wrong("key: expected one property with its value, such as {loan_id: L-1001}");
  const auto key = settings->key.begin();
  write.key_property = key.key();
  if (!is_name(write.key_property)) return wrong("key: no property's name");
  const auto value = scalar_text(*key);
  if (!value || value->find_first_not_of(' ') == value->npos)
    return wrong("key." + write.key_property + ": has no value");
  write.key = *value;
  write.properties = Json{{write.key_property, write.key}};
  if (auto added = add_properties(settings->properties, write); !added) return fail(added.error());
  auto targets = to_targets(settings->associations, "associations");
  if (!targets) return fail(targets.error());
  write.associations = std::move(*targets);
  return write;
}

Json to_batch(std::span<const Write* const> writes) {
  Json inputs = Json::array();
  for (const auto* write : writes)
    inputs.push_back({{"id", write->key},
                      {"idProperty", write->key_property},
                      {"properties", write->properties},
                      {"objectWriteTraceId", write->trace}});
  return {{"inputs", std::move(inputs)}};
}

namespace {

/// It says another key than the one that was written. Not so of e-mail addresses: a contact may have several.
bool is_another(const Json& record, const Write& write) {
  const auto* key = find(record, "/properties/" + write.key_property);
  const auto text = key != nullptr ? scalar_text(*key) : std::nullopt;
  return text && !write.by_email() && *text != write.key;
}

}  // namespace

std::vector<Fate> read_batch(const Json& answer, std::span<const Write* const> writes) {
  std::vector<Fate> fates(writes.size());
  const auto entries = [&](const char* pointer) {
    std::vector<const Json*> out;
    if (const auto* list = find(answer, pointer); list != nullptr && list->is_array())
      for (const auto& entry : *list) out.push_back(&entry);
    return out;
  };
  const auto traced = [&](const std::string& trace) -> Fate* {
    for (std::size_t i = 0; i < writes.size(); ++i)
      if (!trace.empty() && writes[i]->trace == trace) return &fates[i];
    return nullptr;
  };
  const auto keyed = [&](const Json& record) -> Fate* {
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const auto* found = find(record, "/properties/" + writes[i]->key_property);
      const auto key = found != nullptr ? scalar_text(*found).value_or("") : "";
      const bool same = writes[i]->by_email() ? same_text(key, writes[i]->key) : key == writes[i]->key;
      if (same) return &fates[i];
    }
    return nullptr;
  };
  for (const auto* record : entries("/results")) {
    auto* fate = traced(get<std::string>(*record, "/objectWriteTraceId").value_or(""));
    if (fate == nullptr) fate = keyed(*record);
    if (fate != nullptr) fate->record = record;
  }
  for (const auto* entry : entries("/errors")) {
    const auto* traces = find(*entry, "/context/objectWriteTraceId");
    if (traces == nullptr) continue;
    for (const auto& trace : traces->is_array() ? *traces : Json::array({*traces}))
      if (auto* fate = traced(scalar_text(trace).value_or("")); fate != nullptr && fate->record == nullptr)
        fate->refusal = entry;
  }
  if (writes.size() == 1 && fates[0].record == nullptr && fates[0].refusal == nullptr) {
    if (const auto errors = entries("/errors"); !errors.empty())
      fates[0].refusal = errors[0];
    else if (const auto results = entries("/results");
             results.size() == 1 && !is_another(*results[0], *writes[0]))
      fates[0].record = results[0];
  }
  return fates;
}

Result<Answer> to_answer(const Write& write, const Json& record, Answer::Effect effect) {
  const auto id = id_at(record, "/id");
  if (id.empty()) return fail(ErrorKind::permanent, "the answer's record has no id");
  const auto url = get<std::string>(record, "/url").value_or("");
  Answer answer;
  answer.effect = effect;
  answer.body = {{"id", id}, {"object", write.object}, {"new", effect == Answer::Effect::created}};
  if (!url.empty()) answer.body["url"] = url;
  answer.record = Record{"hubspot", write.object, id, get<std::string>(record, "/updatedAt").value_or(""), url};
  return answer;
}

}  // namespace milepost::hubspot
