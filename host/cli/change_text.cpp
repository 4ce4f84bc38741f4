#include "host/cli/change_text.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"

namespace milepost::cli {
namespace {

constexpr std::size_t kWidest = 100;

std::string under_way_text(const Json& counts, bool removed) {
  std::string out;
  std::uint64_t all = 0;
  for (const auto& [member, word] : {std::pair("/open", "under way"), {"/waiting", "waiting"}, {"/in_doubt", "in doubt"}}) {
    const auto count = get<std::uint64_t>(counts, member).value_or(0);
    all += count;
    if (count > 0) out.append(out.empty() ? "" : ", ").append(fmt::format("{} {}", count, word));
  }
  if (all == 0) return "no event under way";
  return out + (removed ? ": they still end" : ": those that have begun end as they began");
}

std::string one(const Json& change, std::size_t width, const Json* under_way) {
  const auto kind = field(change, "/kind"), name = field(change, "/name");
  const bool restarts = get<bool>(change, "/restarts").value_or(true);
  std::string says = kind == "added" ? "new" : kind == "removed" ? "taken away" : restarts ? "restarts" : "goes on undisturbed";
  if (const Json* counts = under_way == nullptr || !under_way->contains(name) ? nullptr : &(*under_way)[name]; counts != nullptr && kind != "added" && restarts)
    says += "; " + under_way_text(*counts, kind == "removed");
  auto out = fmt::format("  {} {:<{}}  {}\n", kind == "added" ? "+" : kind == "removed" ? "-" : "~", name, width, says);
  if (const Json* keys = find(change, "/keys")) out += keys_text(*keys, "      ");
  if (const Json* others = find(change, "/others"))
    for (const auto& other : *others) out += "      " + other.get<std::string>() + "\n";
  return out;
}

}  // namespace

std::string keys_text(const Json& keys, const std::string& indent) {
  std::size_t width = 0;
  for (const auto& key : keys) width = std::max(width, std::min<std::size_t>(field(key, "/path").size(), 40));
  std::string out;
  for (const auto& key : keys) {
    const auto before = shortened(field(key, "/before"), kWidest), after = shortened(field(key, "/after"), kWidest);
    const auto change = before.empty() ? "new: " + after : after.empty() ? "gone: " + before : before + " → " + after;
    out += fmt::format("{}{:<{}}  {}\n", indent, field(key, "/path"), width, change);
  }
  return out;
}

std::string change_text(const Json& plan, const Json* under_way) {
  std::size_t width = 0;
  for (const char* list : {"/pipelines", "/connections"})
    for (const auto& change : *find(plan, list)) width = std::max(width, field(change, "/name").size());
  std::string out;
  for (const auto& [list, title] : {std::pair("/pipelines", "Pipelines"), {"/connections", "Connections"}}) {
    if (find(plan, list)->empty()) continue;
    out.append(title).append("\n");
    const bool pipelines = std::string_view(list) == "/pipelines";
    for (const auto& change : *find(plan, list)) out += one(change, width, pipelines ? under_way : nullptr);
  }
  if (const Json& keys = *find(plan, "/loans"); !keys.empty()) out += "Loans (loans.yaml), for events that begin from then on\n" + keys_text(keys, "      ");
  if (const Json& keys = *find(plan, "/next_start"); !keys.empty()) out += "Only at the next start (milepost.yaml)\n" + keys_text(keys, "      ");
  return out;
}

}  // namespace milepost::cli
