#include "host/deploy/planner.hpp"

#include <algorithm>

namespace milepost::deploy {
namespace {

constexpr std::size_t kMostKept = 8;
constexpr std::size_t kShortestHash = 8;

/// "pipelines loan-milestones, alerts".
std::string names_of(const Plan& plan) {
  std::string out;
  for (const auto& [changes, word] : {std::pair(&plan.pipelines, "pipeline "), {&plan.connections, "connection "}})
    for (const auto& change : *changes) out.append(out.empty() ? "" : ", ").append(word).append(change.name);
  if (!plan.loans.empty()) out.append(out.empty() ? "" : ", ").append("loans.yaml");
  for (const auto& key : plan.next_start) out.append(out.empty() ? "" : ", ").append(key.path);
  return out;
}

}  // namespace

struct Planner::Kept {
  Kept(Planned made, const journal::Store& store)
      : planned(std::move(made)), versions(store, planned.deployment->registry, planned.deployment->programs) {
    versions.set_loans(planned.deployment->loans);
  }
  const Planned planned;
  engine::Versions versions;
};

Planner::Planner(journal::Store& store, std::function<std::shared_ptr<const Deployment>()> read, std::function<State()> before)
    : store_(store), read_(std::move(read)), before_(std::move(before)) {}
Planner::~Planner() = default;

Planned Planner::look() const {
  Planned out;
  out.deployment = read_();
  out.before = before_();
  out.after = state_of(*out.deployment);
  out.plan = compare(out.before, out.after);
  return out;
}

Planned Planner::plan() {
  auto out = look();
  if (!out.sound()) return out;
  auto kept = std::make_shared<Kept>(out, store_);
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& one) { return one->planned.plan.hash == out.plan.hash; });
  kept_.push_front(std::move(kept));
  if (kept_.size() > kMostKept) kept_.pop_back();
  return out;
}

std::optional<Planned> Planner::find(const std::string& hash) const {
  if (hash.size() < kShortestHash) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (const auto& one : kept_)
    if (one->planned.plan.hash.starts_with(hash)) return one->planned;
  return std::nullopt;
}

Result<engine::Replayed> Planner::shadow(const std::string& hash, const journal::EventFilter& selection, std::size_t limit) {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : kept_)
      if (!kept && hash.size() >= kShortestHash && one->planned.plan.hash.starts_with(hash)) kept = one;
  }
  if (!kept) return fail(ErrorKind::permanent, "there is no plan " + hash + " any more: make it again");
  return engine::replay(store_, kept->versions, selection, std::nullopt, limit);
}

std::string what_moved(const Planned& then, const Planned& now) {
  std::string out;
  if (digest(then.before) != digest(now.before))
    out = "what runs is not what it was planned against (" + names_of(compare(then.before, now.before)) + ")";
  if (digest(then.after) != digest(now.after))
    out.append(out.empty() ? "" : ", and ").append("the folder was edited since (" + names_of(compare(then.after, now.after)) + ")");
  return out;
}

}  // namespace milepost::deploy
