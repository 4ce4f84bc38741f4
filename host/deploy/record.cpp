#include "host/deploy/record.hpp"

#include <algorithm>

#include "host/audit/trail.hpp"
#include "host/config/load.hpp"

namespace milepost::deploy {
namespace {

constexpr std::size_t kLongestHistory = 10'000;
constexpr std::size_t kShortestVersion = 4;

struct Entry {
  audit::Entry audit;
  journal::VersionRow row;
  std::string definition, text;  ///< "": there already, or none
};

Entry entry_of(const Change& change, const Part* part, bool pipeline, const Cause& cause, const std::string& plan) {
  Entry out;
  out.audit.kind = "admin";
  out.audit.user = cause.user;
  out.audit.action = (pipeline ? "pipeline." : "connection.") + cause.deed;
  if (pipeline) out.audit.pipeline = change.name;
  out.audit.version = change.after;
  out.audit.outcome = std::string(name(change.kind));
  out.audit.details = {{"reason", cause.reason}, {"file", change.file}, {"before", change.before}, {"plan", plan}};
  if (!pipeline) out.audit.details["connection"] = change.name;
  if (!change.others.empty()) out.audit.details["others"] = change.others;
  out.row = {0, pipeline ? "pipeline" : "connection", change.name, change.after, change.file, part == nullptr ? "" : part->source};
  return out;
}

}  // namespace

journal::Work record(const Plan& plan, const State& after, const Deployment& deployment, const Cause& cause) {
  auto entries = std::make_shared<std::vector<Entry>>();
  const std::string hash = cause.deed == "apply" ? plan.hash : "";  // of others nobody has seen it
  for (const bool pipeline : {true, false}) {
    const auto& parts = pipeline ? after.pipelines : after.connections;
    for (const auto& change : pipeline ? plan.pipelines : plan.connections) {
      const auto part = parts.find(change.name);
      auto entry = entry_of(change, part == parts.end() ? nullptr : &part->second, pipeline, cause, hash);
      if (part != parts.end()) {
        // In full, and not as it is shown: events run on it.
        const auto found = deployment.folder.pipelines.find(change.name);
        entry.definition = text(pipeline && found != deployment.folder.pipelines.end() ? found->second.effective : part->second.definition);
        if (const auto source = deployment.texts.find(change.file); source != deployment.texts.end()) entry.text = source->second;
      }
      entries->push_back(std::move(entry));
    }
  }
  if (!plan.loans.empty()) {
    Entry entry;
    entry.row = {0, "loans", "loans", config::digest(after.loans), "loans.yaml", ""};
    entry.audit.kind = "admin";
    entry.audit.user = cause.user;
    entry.audit.action = "loans." + cause.deed;
    entry.audit.version = entry.row.version;
    entry.audit.outcome = "changed";
    entry.audit.details = {{"reason", cause.reason}, {"file", entry.row.file}, {"plan", hash}};
    entry.definition = text(after.loans);
    entries->push_back(std::move(entry));
  }
  return [entries](journal::Writer& writer) {
    for (const auto& entry : *entries) {
      if (!entry.definition.empty()) writer.put_definition(entry.row.version, entry.row.kind, entry.row.name, entry.definition);
      if (!entry.row.source.empty()) writer.put_definition(entry.row.source, "source", entry.row.file, entry.text);
      auto row = entry.row;
      row.audit = audit::append(writer, entry.audit);
      writer.put(row);
    }
  };
}

std::vector<Lived> history(const journal::Store& store, const std::string& pipeline, std::size_t limit) {
  std::vector<Lived> out;
  for (auto& row : store.versions("pipeline", pipeline, limit)) {
    Lived lived{std::move(row), {}, ""};
    for (auto& record : store.audit({.after = lived.row.audit - 1, .limit = 1})) {
      const auto details = record.details ? read_json(record.details->body).value_or(nullptr) : Json(nullptr);
      lived.reason = get<std::string>(details, "/reason").value_or("");
      lived.audit = std::move(record.row);
    }
    out.push_back(std::move(lived));
  }
  return out;
}

Result<Lived> find_version(const journal::Store& store, const std::string& pipeline, const std::string& version) {
  const auto rows = store.versions("pipeline", pipeline, kLongestHistory);
  if (rows.empty()) return fail(ErrorKind::permanent, "no pipeline \"" + pipeline + "\" has ever run here");
  if (version.size() < kShortestVersion)
    return fail(ErrorKind::permanent, "write at least " + std::to_string(kShortestVersion) + " characters of a version; `milepost pipelines history " + pipeline + "` lists them");
  const journal::VersionRow* found = nullptr;
  for (const auto& row : rows) {
    if (!row.version.starts_with(version)) continue;
    if (found != nullptr && found->version != row.version)
      return fail(ErrorKind::permanent, "several versions of " + pipeline + " begin with " + version + ": write more of it");
    if (found == nullptr) found = &row;
  }
  if (found == nullptr)
    return fail(ErrorKind::permanent, "no version of " + pipeline + " begins with " + version + "; `milepost pipelines history " + pipeline + "` lists them");
  return Lived{*found, {}, ""};
}

}  // namespace milepost::deploy
