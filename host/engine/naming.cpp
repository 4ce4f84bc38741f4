#include "host/engine/naming.hpp"

#include <algorithm>

#include "host/config/host_events.hpp"
#include "host/journal/host_event.hpp"
#include "host/loans/consequences.hpp"
#include "host/loans/due.hpp"
#include "host/loans/holdings.hpp"
#include "host/loans/merging.hpp"
#include "host/loans/pieces.hpp"

namespace milepost::engine {
namespace {

bool of_a_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }

/// Where `name` stands in `text` as a word of its own; npos.
std::size_t find_word(const std::string& text, const std::string& name, std::size_t from) {
  for (auto at = text.find(name, from); at != text.npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !of_a_word(text[at - 1])) && (end == text.size() || !of_a_word(text[end]))) return at;
  }
  return text.npos;
}

}  // namespace

std::string other_name(const Json& with) {
  for (const char* key : {"/merged_into", "/known_as"})
    if (auto name = get<std::string>(with, key); name && !name->empty()) return *name;
  return "";
}

void become(journal::Writer& writer, const journal::Event& event, const std::string& old, const std::string& now, const loans::Model& model, const audit::Entry& row) {
  const auto before = writer.loan(old), target = writer.loan(now);
  const auto state_of = [](const auto& revision) { return revision ? read_json(revision->state).value_or(nullptr) : Json(nullptr); };
  Json state = loans::joined(state_of(target), state_of(before), model);
  const auto theirs = writer.holdings(now);
  for (const auto& [system, held] : writer.holdings(old)) {
    const auto same = theirs.find(system);
    if (same == theirs.end()) continue;
    auto holdings = loans::Holdings::from(same->second);
    holdings.join(loans::Holdings::from(held));
    writer.put_holding(now, system, holdings.json());
  }
  writer.rename(old, now);
  if (const auto held_out = writer.state(loans::kHeldOutScope, old); held_out && !writer.state(loans::kHeldOutScope, now))
    writer.put_state(loans::kHeldOutScope, now, held_out->value, 0);
  if (state.is_object()) {
    const auto believed = model.believed(event.time, event.accepted_at);
    writer.append({now, (target ? target->revision : 0) + 1, event.sequence, believed, text(state)});
    writer.set_loan_timer(now, loans::next_look(now, state, model, writer.now()));
    loans::tell_owed(writer, now, state, model, {{"event", event.receipt}, {"pipeline", event.pipeline}, {"why", "merged"}});
    // What is under way under the old name sees the loan as it is at this moment.
    state["became"] = now;
    writer.append({old, (before ? before->revision : 0) + 1, event.sequence, believed, text(state)});
  }
  for (const auto& subject : {old, now}) {
    auto told = row;
    told.action = "loan.renamed";
    told.subject = subject;
    told.outcome = target ? "merged" : "renumbered";
    told.details = {{"from", old}, {"to", now}};
    audit::append(writer, told);
  }
}

std::vector<std::string> under_other_names(const std::string& text, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) {
    if (name.empty() || find_word(text, name, 0) == text.npos) continue;
    for (const auto& other : names) {
      if (other == name) continue;
      std::string same = text;
      for (auto at = find_word(same, name, 0); at != same.npos; at = find_word(same, name, at + other.size())) same.replace(at, name.size(), other);
      out.push_back(std::move(same));
    }
  }
  return out;
}

}  // namespace milepost::engine
