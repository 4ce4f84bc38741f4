// An earlier version of a pipeline, back in its file and live.
#include <algorithm>

#include "host/config/fault_text.hpp"
#include "host/config/files.hpp"
#include "host/deploy/live.hpp"
#include "host/deploy/write_file.hpp"

namespace milepost::deploy {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

/// What else but this pipeline a plan would change; "" for nothing.
std::string others(const Plan& plan, const std::string& pipeline) {
  std::string out;
  const auto add = [&](const char* kind, const std::string& name) { out.append(out.empty() ? "" : ", ").append(kind).append(name); };
  for (const auto& change : plan.pipelines)
    if (change.name != pipeline) add("pipeline ", change.name);
  for (const auto& change : plan.connections) add("connection ", change.name);
  if (!plan.loans.empty()) add("", "loans.yaml");
  return out;
}

/// Why the folder, with the earlier text in it, is not what was asked for; "" when it is.
std::string wrong(const Planned& planned, const std::string& pipeline, const std::string& version) {
  if (!planned.sound()) {
    const auto fault = std::ranges::find(planned.deployment->faults, false, &config::Fault::warning);
    return "with it the folder has a fault: " + config::to_string(*fault);
  }
  if (const auto more = others(planned.plan, pipeline); !more.empty())
    return "the folder has other changes that do not run yet (" + more + "): apply them, or take them back, first";
  const auto found = planned.after.pipelines.find(pipeline);
  if (found == planned.after.pipelines.end() || found->second.version != version)
    return "beside the other files as they are now it would be another version: a schema that it names, or a plugin's defaults, changed since. Edit the file instead";
  return "";
}

}  // namespace

Result<Plan> Live::revert(const Reversion& wanted) {
  const std::lock_guard turn(turn_);
  try {
    const auto found = find_version(parts_.store, wanted.pipeline, wanted.version);
    if (!found) return fail(found.error());
    const auto text = found->row.source.empty() ? std::nullopt : parts_.store.definition(found->row.source);
    if (!text) return fail(ErrorKind::permanent, "the text of that version was not kept");
    const auto running = current();
    const auto runs = running->folder.pipelines.find(wanted.pipeline);
    const auto file = runs != running->folder.pipelines.end() ? runs->second.at.file : found->row.file;
    for (const auto& [name, other] : running->folder.pipelines)
      if (name != wanted.pipeline && other.at.file == file)
        return fail(ErrorKind::permanent, file + " holds another pipeline now, " + name + ": put that into a file of its own first");
    const auto path = std::filesystem::path(running->root) / file;
    const auto before = config::read_file(path, kMostBytes);
    if (!before && !before.error().missing) return fail(ErrorKind::permanent, file + " cannot be read: " + before.error().message);
    const auto live = running->texts.find(file);
    if (before && before.value() == *text && runs != running->folder.pipelines.end() && runs->second.version == found->row.version)
      return fail(ErrorKind::permanent, wanted.pipeline + " runs on that version, and its file says so");
    const bool edited = live == running->texts.end() ? before.has_value() : !before || before.value() != live->second;
    if (edited && !wanted.discard)
      return fail(ErrorKind::permanent, file + " was edited since it went live: apply the edit, or give it up with --discard");

    if (auto written = write_file(path.string(), *text); !written) return fail(written.error());
    const auto back = [&] {
      const auto undone = before ? write_file(path.string(), before.value()) : remove_file(path.string());
      return undone ? std::string() : ". Nor could the file be put back: " + undone.error().message;
    };
    try {
      const auto planned = planner_.look();
      if (const auto why = wrong(planned, wanted.pipeline, found->row.version); !why.empty()) return fail(ErrorKind::permanent, why + back());
      auto taken = take(planned, {"revert", wanted.user, wanted.reason});
      if (!taken) return fail(taken.error().kind, taken.error().message + back());
      return taken;
    } catch (...) {
      back();
      throw;
    }
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

}  // namespace milepost::deploy
