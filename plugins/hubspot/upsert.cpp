#include "plugins/hubspot/upsert.hpp"

#include <algorithm>
#include <utility>

namespace milepost::hubspot {
namespace {

/// Groups are named by what one batch call has in common.
using Group = std::pair<std::string, std::string>;  // object, key property

/// Where a new property goes: the object type's first group, whatever it is called.
std::string first_group(const Json& answer) { return get<std::string>(answer, "/results/0/name").value_or(""); }

}  // namespace

std::vector<Result<Answer>> Upsert::run(std::span<const Delivery> batch, const Call& call) {
  unusable_.clear();
  reading_.reset();
  std::vector<Item> items(batch.size());
  std::map<Group, Items> groups;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto write = to_write(batch[i].with, batch[i].idempotency_key);
    if (write) {
      if (auto prepared = prepare(*write, call); !prepared) write = fail(prepared.error());
    }
    if (!write) {
      items[i].result = fail(write.error());
      continue;
    }
    items[i].write = std::move(*write);
    groups[{items[i].write.object, items[i].write.key_property}].push_back(&items[i]);
  }
  for (auto& [group, waiting] : groups) {
    while (!waiting.empty()) {
      // One key at most once in a call: HubSpot refuses a batch with duplicates. The host sees to it (batch_key) but
      // for the case of emails.
      Items now, later;
      for (auto* item : waiting) {
        const bool taken = std::any_of(now.begin(), now.end(),
                                       [&](const Item* other) { return same_text(other->write.key, item->write.key); });
        (taken ? later : now).push_back(item);
      }
      send(now, call);
      waiting = std::move(later);
    }
  }
  std::vector<Result<Answer>> results;
  for (auto& item : items) {
    if (item.result->has_value()) {
      if (auto tied = associate(item, call); !tied) item.result = fail(tied.error());
    }
    const auto outcome = item.result->has_value() ? name((**item.result).effect) : name(item.result->error().kind);
    host_.metrics().count("items", 1, {{"action", "upsert"}, {"outcome", outcome}});
    results.push_back(std::move(*item.result));
  }
  return results;
}

Status Upsert::prepare(Write& write, const Call& call) {
  if (write.object == "deals") {
    if (auto placed = place_deal(write, call); !placed) return placed;
  }
  return write.by_email() ? Status() : ensure_key(write.object, write.key_property, call);
}

/// Labels to ids. A stage that the connection did not see when it opened may be new: the pipelines are then read once
/// more.
Status Upsert::place_deal(Write& write, const Call& call) {
  const auto stage = write.properties.find("dealstage");
  if (stage == write.properties.end() || stage->get_ref<const std::string&>().empty()) return {};
  const auto own = write.properties.find("pipeline");
  const auto within = own != write.properties.end() ? own->get<std::string>() : connection_.account().deal_pipeline;
  auto found = place(pipelines_ ? *pipelines_ : connection_.pipelines(), within, stage->get<std::string>());
  if (!found && !reading_) {
    auto fresh = connection_.fetch_pipelines(call);
    reading_ = fresh ? Status() : Status(fail(fresh.error()));
    if (fresh) pipelines_ = std::move(*fresh);
    if (fresh) found = place(*pipelines_, within, stage->get<std::string>());
  }
  // Not known to be unknown: a limit or a missing scope must not cost the event.
  if (!found && !*reading_) return *reading_;
  if (!found) return fail(found.error());
  write.properties["pipeline"] = found->pipeline;
  write.properties["dealstage"] = found->stage;
  return {};
}

Status Upsert::ensure_key(const std::string& object, const std::string& property, const Call& call) {
  if (unique_.contains({object, property})) return {};
  if (const auto known = unusable_.find({object, property}); known != unusable_.end()) return fail(known->second);
  auto usable = look_at_key(object, property, call);
  if (usable)
    unique_.insert({object, property});
  else
    unusable_.emplace(Key(object, property), usable.error());
  return usable;
}

Status Upsert::look_at_key(const std::string& object, const std::string& property, const Call& call) {
  auto reply = client_.read("property", client_.paths().properties(object) + '/' + property, call);
  if (reply && !get<bool>(*reply, "/hasUniqueValue").value_or(false))
    return fail(ErrorKind::permanent,
                "key: " + object + " has a property " + property +
                    " but its values need not be unique, and that is fixed when it is created: use another property");
  if (!reply && reply.error().status != 404) return fail(std::move(reply.error().error));
  if (!reply) {
    if (!connection_.account().create_properties)
      return fail(ErrorKind::permanent, "key: " + object + " has no property " + property +
                                            ": create it in HubSpot as a text that requires unique values, or set "
                                            "create_properties: true on the connection");
    return create_key(object, property, call);
  }
  return {};
}

Status Upsert::create_key(const std::string& object, const std::string& property, const Call& call) {
  const auto root = client_.paths().properties(object);
  auto groups = client_.read("property_groups", root + "/groups", call);
  if (!groups) return fail(std::move(groups.error().error));
  const Json body{{"name", property},
                  {"label", property},
                  {"type", "string"},
                  {"fieldType", "text"},
                  {"groupName", first_group(*groups)},
                  {"hasUniqueValue", true}};
  auto created = client_.send("create_property", "POST", root, body, Intent::repeatable, {property}, call);
  // Another instance may have been faster; whether it made it unique shows at the next look.
  if (!created && created.error().status == 409)
    return fail(ErrorKind::retryable, "the property " + property + " has just been created by another");
  if (!created) return fail(std::move(created.error().error));
  host_.log().info("property_created", {{"object", object}, {"property", property}});
  return {};
}

/// REQUIRES: the items share object and key property, and no two of them a key.
void Upsert::send(const Items& items, const Call& call) {
  if (items.empty()) return;
  if (call.stopped()) {
    for (auto* item : items) item->result = fail(ErrorKind::cancelled, "stopped before it was sent");
    return;
  }
  std::vector<const Write*> writes;
  for (const auto* item : items) writes.push_back(&item->write);
  const auto target = client_.paths().objects(writes[0]->object) + "/batch/upsert";
  const Asked asked{"hubspot: POST " + target, Intent::repeatable, writes[0]->names()};
  auto reply = client_.send("batch_upsert", "POST", target, to_batch(writes), Intent::repeatable, asked.names, call);
  if (!reply) {
    const bool about_an_input = reply.error().status == 400 || reply.error().status == 409;
    if (about_an_input && items.size() > 1) return halve(items, call);
    for (auto* item : items) {
      item->result = reply.error().existing_id.empty() ? Result<Answer>(fail(reply.error().error))
                                                       : adopt(item->write, reply.error().existing_id, call);
    }
    return;
  }
  const auto fates = read_batch(*reply, writes);
  const bool has_errors = find(*reply, "/errors/0") != nullptr;
  Items open;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto* record = fates[i].record) {
      const bool created = get<bool>(*record, "/new").value_or(false);
      items[i]->result = to_answer(*writes[i], *record, created ? Answer::Effect::created : Answer::Effect::updated);
    } else if (const auto* entry = fates[i].refusal) {
      auto refused = client_.of_item(*entry, {asked.origin, asked.intent, writes[i]->names()});
      items[i]->result = refused.existing_id.empty() ? Result<Answer>(fail(std::move(refused.error)))
                                                     : adopt(*writes[i], refused.existing_id, call);
    } else {
      open.push_back(items[i]);
    }
  }
  if (open.size() > 1 && has_errors) return halve(open, call);  // errors that name no input
  for (auto* item : open)
    item->result = fail(ErrorKind::retryable, "the batch answer says nothing of this item", asked.origin);
}

/// Isolates the bad input of a call that failed as a whole: at most 2n calls, each of them repeatable.
void Upsert::halve(const Items& items, const Call& call) {
  const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
  send(Items(items.begin(), middle), call);
  send(Items(middle, items.end()), call);
}

/// A contact that carries our email but not yet our key becomes ours. One that carries another's key is another person
/// (couples share addresses): refused, never overwritten.
Result<Answer> Upsert::adopt(const Write& write, const std::string& existing_id, const Call& call) {
  const auto target = client_.paths().objects(write.object) + '/' + existing_id;
  auto existing = client_.read("get", target + "?properties=" + write.key_property, call);
  if (!existing) return fail(std::move(existing.error().error));
  const auto* key = find(*existing, "/properties/" + write.key_property);
  if (key != nullptr && key->is_string() && !key->get_ref<const std::string&>().empty() && *key != write.key)
    return fail(ErrorKind::permanent,
                write.object + " " + existing_id + " has one of these unique values, but another " + write.key_property,
                "hubspot: GET " + target);
  auto updated = client_.send("update", "PATCH", target, {{"properties", write.properties}}, Intent::repeatable,
                              write.names(), call);
  if (!updated) return fail(std::move(updated.error().error));
  return to_answer(write, *updated, Answer::Effect::updated);
}

Status Upsert::associate(const Item& item, const Call& call) {
  const auto id = get<std::string>((**item.result).body, "/id").value_or("");
  for (const auto& target : item.write.associations) {
    const auto path = client_.paths().association(item.write.object, id, target.object, target.id);
    auto tied = client_.send("associate", "PUT", path, nullptr, Intent::repeatable, {}, call);
    if (!tied) return fail(std::move(tied.error().error));
  }
  return {};
}

}  // namespace milepost::hubspot
