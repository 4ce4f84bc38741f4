#include "host/deploy/plan.hpp"

#include <algorithm>

#include "host/config/load.hpp"

namespace milepost::deploy {
namespace {

constexpr std::size_t kMostText = 200;
constexpr std::size_t kBeforeIt = 40;  // what is shown before the place where two long texts part

/// A value as a person writes it, whole.
std::string whole(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_object() && value.size() == 1 && value.begin().key().starts_with('!') && value.begin()->is_string())
    return value.begin().key() + " " + value.begin()->get<std::string>();
  return value.is_string() ? value.get<std::string>() : text(value);
}

bool within_character(const std::string& text, std::size_t at) { return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; }

/// From there on, as much as is read.
std::string cut(const std::string& text, std::size_t from) {
  while (from > 0 && within_character(text, from)) --from;
  std::size_t end = std::min(text.size(), from + kMostText);
  while (end > from && within_character(text, end)) --end;
  return (from > 0 ? "…" : "") + text.substr(from, end - from) + (end < text.size() ? "…" : "");
}

std::string written(const Json& value) { return cut(whole(value), 0); }

/// Of two long texts what they differ in.
KeyChange written(std::string path, const Json& before, const Json& after) {
  const auto was = whole(before), is = whole(after);
  const auto parted = static_cast<std::size_t>(std::ranges::mismatch(was, is).in1 - was.begin());
  const bool far = std::max(was.size(), is.size()) > kMostText && parted > 2 * kBeforeIt;
  const auto from = far ? parted - kBeforeIt : 0;
  return {std::move(path), cut(was, from), cut(is, from)};
}

void differ(const Json& before, const Json& after, const std::string& path, std::vector<KeyChange>& out);

std::string id_of(const Json& entry) { return get<std::string>(entry, "/id").value_or(""); }

/// Steps by their ids: one that only moved is told once, and not as many that changed.
void differ_in_steps(const Json& before, const Json& after, std::vector<KeyChange>& out) {
  const auto at = [](const Json& list, const std::string& id) -> const Json* {
    const auto found = std::ranges::find(list, id, id_of);
    return found == list.end() ? nullptr : &*found;
  };
  std::vector<std::string> then, now;  // the ids that both have, in each one's order
  for (const auto& step : before) {
    const auto* other = at(after, id_of(step));
    if (other == nullptr) out.push_back({"steps." + id_of(step), written(step), ""});
    else then.push_back(id_of(step));
  }
  for (const auto& step : after) {
    const auto* other = at(before, id_of(step));
    if (other == nullptr) out.push_back({"steps." + id_of(step), "", written(step)});
    else now.push_back(id_of(step));
    if (other != nullptr) differ(*other, step, "steps." + id_of(step), out);
  }
  const auto listed = [](const std::vector<std::string>& ids) {
    std::string text;
    for (const auto& id : ids) text.append(text.empty() ? "" : ", ").append(id);
    return text;
  };
  if (then != now) out.push_back({"steps, in order", listed(then), listed(now)});
}

void differ(const Json& before, const Json& after, const std::string& path, std::vector<KeyChange>& out) {
  if (text(before) == text(after)) return;
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  const auto leaf = [](const Json& value) { return !value.is_object() || (value.size() == 1 && value.begin().key().starts_with('!')); };
  if (path == "steps" && before.is_array() && after.is_array()) return differ_in_steps(before, after, out);
  if (before.is_array() && after.is_array() && before.size() == after.size() && std::ranges::all_of(before, &Json::is_object)) {
    for (std::size_t i = 0; i < before.size(); ++i) differ(before[i], after[i], path + (before.size() > 1 ? "[" + std::to_string(i) + "]" : ""), out);
    return;
  }
  if (leaf(before) || leaf(after)) {
    out.push_back(written(path, before, after));
    return;
  }
  for (const auto& [key, value] : before.items()) differ(value, after.contains(key) ? after[key] : Json(nullptr), below(key), out);
  for (const auto& [key, value] : after.items())
    if (!before.contains(key)) differ(nullptr, value, below(key), out);
}

/// "another value of secret crm_token", for what both know.
void differ_outside(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after,
                    const std::string& what, std::vector<std::string>& out) {
  for (const auto& [name, digest] : after)
    if (const auto was = before.find(name); was != before.end() && was->second != digest) out.push_back(what + name);
}

std::vector<Change> compare(const std::map<std::string, Part>& before, const std::map<std::string, Part>& after,
                            const std::set<std::string>& silent, const std::set<std::string>& faulty) {
  std::vector<Change> out;
  for (const auto& [name, part] : after) {
    const auto was = before.find(name);
    Change change{Change::Kind::added, name, part.file, "", part.version, {}, {}, true};
    if (was != before.end()) {
      change.kind = Change::Kind::changed;
      change.before = was->second.version;
      if (change.before != change.after) change.keys = deploy::compare(was->second.definition, part.definition);
      if (was->second.known && part.known) {
        differ_outside(was->second.libraries, part.libraries, "another build of the plugin ", change.others);
        differ_outside(was->second.outside, part.outside, "another value of ", change.others);
      }
      change.restarts = change.before != change.after || !change.others.empty();
      if (!change.restarts && was->second.file != part.file) change.others.push_back("it is in another file: before, " + was->second.file);
      if (!change.restarts && was->second.source != part.source && !part.source.empty())
        change.others.push_back("only its text: comments, order or form");
      if (!change.restarts && change.others.empty()) continue;
    }
    out.push_back(std::move(change));
  }
  for (const auto& [name, part] : before)
    if (!after.contains(name) && !silent.contains(name) && !faulty.contains(part.file)) out.push_back({Change::Kind::removed, name, part.file, part.version, "", {}, {}, true});
  return out;
}

Json hashed(const std::map<std::string, Part>& parts, bool outside) {
  Json out = Json::object();
  for (const auto& [name, part] : parts) {
    Json& one = out[name] = {{"version", part.version}, {"file", part.file}, {"source", part.source}, {"libraries", Json::object()}, {"outside", Json::object()}};
    for (const auto& [key, digest] : part.libraries) one["libraries"][key] = digest;
    if (!outside) continue;
    for (const auto& [key, digest] : part.outside) one["outside"][key] = digest;
  }
  return out;
}

std::string digest(const State& state, bool outside) {
  return config::digest({{"pipelines", hashed(state.pipelines, outside)}, {"connections", hashed(state.connections, outside)}, {"loans", state.loans}, {"host", state.host}});
}

}  // namespace

std::vector<KeyChange> compare(const Json& before, const Json& after) {
  std::vector<KeyChange> out;
  differ(before, after, "", out);
  return out;
}

std::string digest(const State& state) { return digest(state, true); }

Plan compare(const State& before, const State& after) {
  Plan plan;
  plan.pipelines = compare(before.pipelines, after.pipelines, after.broken, after.faulty);
  plan.connections = compare(before.connections, after.connections, {}, after.faulty);
  plan.loans = compare(before.loans, after.loans);
  if (!before.host.is_null()) plan.next_start = compare(before.host, after.host);
  // The salt of a process that ends here would give a hash that nobody can ever see again.
  const bool host = !before.host.is_null();
  plan.hash = config::digest({{"from", digest(before, host)}, {"to", digest(after, host)}});
  return plan;
}

std::string_view name(Change::Kind kind) {
  return kind == Change::Kind::added ? "added" : kind == Change::Kind::removed ? "removed" : "changed";
}

}  // namespace milepost::deploy
