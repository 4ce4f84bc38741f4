#include "host/cli/story.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "host/cli/store_link.hpp"

namespace milepost::cli {
namespace {

constexpr std::size_t kWide = 100;

std::string shown(const Json& value) { return value.is_null() ? "nothing" : shortened(text(value), kWide); }

/// A time without its fractions; any other text as it is.
std::string calm(const std::string& text) { return text.size() == 27 && text[10] == 'T' && text.back() == 'Z' ? short_time(text) : text; }

/// "order_id o-1, status processed": an answer's plain members.
std::string plain_members(const Json& value) {
  std::string out;
  if (!value.is_object()) return value.is_null() ? "" : shown(value);
  for (const auto& [key, member] : value.items())
    if (!member.is_structured() && !member.is_null())
      out.append(out.empty() ? "" : ", ").append(key).append(" ").append(member.is_string() ? calm(member.get<std::string>()) : text(member));
  return shortened(out, 80);
}

/// What of a tracked event's shared fields is nothing that its system had to say: "  (email: our own write, back from crm)".
std::string sync_text(const Json& step) {
  std::string out;
  const auto system = field(step, "/sync/system");
  const Json none = Json::object();
  const Json& fields = find(step, "/sync/fields") == nullptr ? none : *find(step, "/sync/fields");
  for (const auto& [name, told] : fields.items()) {
    const auto verdict = told.is_string() ? told.get<std::string>() : "";
    const std::string says = verdict == "echo"        ? "our own write, back from " + system
                             : verdict == "known"     ? "nothing new"
                             : verdict == "stale"     ? system + " has said something later"
                             : verdict == "late"      ? "changed elsewhere since"
                             : verdict == "unowned"   ? "not " + system + "'s to say"
                             : verdict == "kept"      ? "not " + system + "'s: the owner's value stays"
                             : verdict == "overruled" ? "not " + system + "'s, and taken"
                             : verdict == "task"      ? "not " + system + "'s: a person decides"
                             : verdict == "endless"   ? "systems answer each other without end: left as it is"
                                                      : "";
    if (!says.empty()) out += "; " + name + ": " + says;
  }
  if (const Json* told = find(step, "/renamed"); told != nullptr && told->is_array() && !told->empty())
    out += "; " + field(told->front(), "/from") + " is " + field(told->front(), "/to") + " now";
  return out;
}

struct Voice {
  const char* mark;
  std::string says;
};

Voice voice_of(const Json& step) {
  const std::string outcome = field(step, "/outcome"), use = field(step, "/use"), named = field(step, "/step") + ": ";
  std::string reason = field(step, "/reason");
  if (reason.starts_with(named)) reason.erase(0, named.size());
  const auto attempts = step.contains("attempts") ? step["attempts"].size() : 0;
  const std::string because = reason.empty() ? "" : ": " + shortened(reason, kWide);
  if (outcome == "not_run") return {"–", "did not run: " + field(step, "/when")};
  if (outcome == "not_reached") return {"·", "not reached"};
  if (outcome == "failed") return {"✗", use + " failed" + because};
  if (outcome == "in_doubt") return {"?", use + " is in doubt" + because};
  if (outcome == "planned" && field(step, "/gate/outcome") == "queued") return {"…", use + " waits for its turn: " + field(step, "/gate/reason")};
  if (outcome == "planned") return {"…", use + " will be tried" + (attempts ? " again" : "")};
  if (outcome == "sent") return {"…", use + " was sent; no answer yet"};
  if (outcome == "skipped" || outcome == "superseded" || outcome == "refused" || outcome == "lapsed" || outcome == "held_out") return {"–", use + " " + outcome + because};
  if (outcome == "passed") {
    const auto verdict = field(step, "/stage/verdict");
    if (verdict == "refused") return {"✗", "stage " + field(step, "/stage/claimed") + " refused: " + field(step, "/stage/why")};
    if (verdict == "unmapped") return {"✗", "nobody mapped the stage \"" + shortened(field(step, "/stage/claimed"), 40) + "\": name it in loans.yaml"};
    if (step.contains("changes")) return {"✓", plain_members(step["changes"]) + (verdict == "late" ? "  (of the past: later events stand)" : "") + sync_text(step)};
    const auto note = field(step, "/note");
    return {"✓", field(step, "/action") + (note.empty() ? "" : ": " + note)};
  }
  if (outcome == "settled") return {"✓", use + " was done, a person says"};
  if (outcome == "unchanged" && !reason.empty()) return {"–", use + " was not needed" + because};
  std::string says = use + " " + outcome;
  if (step.contains("record")) says += " " + field(step, "/record/type") + " " + field(step, "/record/id");
  else if (const auto members = plain_members(step.contains("answer") ? step["answer"] : Json()); !members.empty()) says += ": " + members;
  if (attempts > 1) says += fmt::format(" (attempt {})", attempts);
  if (attempts > 0 && field(step["attempts"].back(), "/settled_by") == "look_up") says += ", found by look-up: its answer was lost";
  return {"✓", says};
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}
std::string padded(const std::string& text, std::size_t width) { return text + std::string(width - std::min(width, width_of(text)), ' '); }

/// What the condition saw, a line for each path.
void add_values(std::string& out, const Json& step, const std::string& indent) {
  const Json* values = find(step, "/values");
  if (values == nullptr) return;
  std::size_t width = 0;
  for (const auto& [path, value] : values->items()) width = std::max(width, width_of(path));
  for (const auto& [path, value] : values->items()) out += indent + padded(path, width) + "  " + shown(value) + "\n";
}

/// "because payload.type = "x", loan.stage = "y"".
std::string because(const Json& step) {
  std::string out;
  const Json* values = find(step, "/values");
  if (values != nullptr)
    for (const auto& [path, value] : values->items()) out.append(out.empty() ? "because " : ", ").append(path).append(" = ").append(shortened(shown(value), 40));
  return out;
}

void add_attempts(std::string& out, const Json& step, const std::string& indent) {
  const Json* attempts = find(step, "/attempts");
  const auto outcome = field(step, "/outcome");
  if (attempts == nullptr || (attempts->size() < 2 && outcome != "failed" && outcome != "in_doubt" && outcome != "planned" && outcome != "sent")) return;
  for (std::size_t i = 0; i < attempts->size(); ++i) {  // counted anew: a person's retry begins at 1 again
    const Json& attempt = (*attempts)[i];
    std::string says = field(attempt, "/error/message");
    const auto ended = field(attempt, "/outcome");
    if (says.empty()) says = ended.empty() ? "no answer" : ended;
    if (const auto next = field(attempt, "/next"); !next.empty()) says += ", again at " + short_time(next).substr(11);
    if (const auto origin = field(attempt, "/error/origin"); !origin.empty()) says += "  (" + origin + ")";
    out += indent + "attempt " + std::to_string(i + 1) + "  " + short_time(field(attempt, "/at")).substr(11) + "  " +
           shortened(says, kWide) + "\n";
  }
}

std::string label_of(const Json& step) {
  const auto id = field(step, "/step"), use = field(step, "/use");
  return id.starts_with(use + "-") ? use : id;
}

std::string standing(const Json& event) {
  const auto state = field(event, "/state"), fault = field(event, "/fault");
  if (state == "dead") return "dead letter" + (fault.empty() ? "" : ": " + fault);
  if (state == "in_doubt") return "in doubt" + (fault.empty() ? "" : ": " + fault);
  if (state == "waiting") return "waits until " + short_time(field(event, "/resume_at"));
  if (state == "open") return "under way";
  return state;
}

}  // namespace

std::string short_time(const std::string& text) {
  if (text.size() < 19) return text;
  return text.substr(0, 10) + " " + text.substr(11, 8);
}

std::string shortened(const std::string& text, std::size_t most) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && seen++ == most) return text.substr(0, i) + "…";
  return text;
}

std::string subject_text(const Json& why) {
  std::string out = field(why, "/subject");
  if (const Json* names = find(why, "/names"))
    for (const auto& name : *names) out += (&name == &names->front() ? "  before: " : ", ") + name.get<std::string>();
  if (const Json* loan = find(why, "/loan"))
    if (const auto members = plain_members(*loan); !members.empty()) out += "  now " + members;
  if (const Json* path = find(why, "/path"); path != nullptr && path->size() > 1) {
    out += "\n";
    for (const auto& stay : *path) out += (&stay == &path->front() ? "  " : " → ") + field(stay, "/stage") + " " + field(stay, "/since").substr(0, 10);
  }
  return out;
}

std::string story_text(const Json& told) {
  const Json event = find(told, "/event") ? *find(told, "/event") : Json::object();
  std::string out = short_time(field(event, "/time")) + "  " + field(event, "/type") + "  " + field(event, "/id") + "  in " + field(event, "/pipeline") + "\n";
  const Json none = Json::array();
  const Json& steps = find(told, "/steps") ? *find(told, "/steps") : none;
  std::size_t width = 0;
  for (const auto& step : steps) width = std::max(width, width_of(label_of(step)));
  const std::string indent(width + 6, ' ');
  std::string unreached;
  for (const auto& step : steps) {
    const auto voice = voice_of(step);
    if (field(step, "/outcome") == "not_reached") {
      unreached.append(unreached.empty() ? "" : ", ").append(label_of(step));
      continue;
    }
    out += "  " + std::string(voice.mark) + " " + (voice.says.empty() ? label_of(step) : padded(label_of(step), width) + "  " + voice.says) + "\n";
    if (field(step, "/outcome") == "not_run") add_values(out, step, indent);
    else if (const auto why = because(step); !why.empty()) out += indent + shortened(why, kWide) + "\n";
    add_attempts(out, step, indent);
  }
  if (!unreached.empty()) out += "  · not reached: " + unreached + "\n";
  if (const Json* people = find(told, "/people"))
    for (const auto& deed : *people)
      out += "  ↻ " + short_time(field(deed, "/time")) + "  " + field(deed, "/user") + "  " + field(deed, "/action") + " (" + field(deed, "/outcome") + ")" +
             (field(deed, "/reason").empty() ? "" : ": " + field(deed, "/reason")) + "\n";
  if (const auto duplicates = get<unsigned>(told, "/duplicates").value_or(0)) out += fmt::format("  sent {} more time{}, not done again\n", duplicates, duplicates == 1 ? "" : "s");
  return out + "  " + standing(event) + "\n";
}

}  // namespace milepost::cli
