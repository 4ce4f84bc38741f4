// The sources and steps that the host itself has, declared like a plugin's.
#include "host/engine/program.hpp"

namespace milepost::engine {
namespace {

Json object(Json properties, Json required = Json::array(), bool open = false) {
  Json out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", open}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}
Json text_setting(const char* description) { return {{"type", "string"}, {"description", description}}; }

config::Component component(std::string name, std::string summary, Json settings) {
  config::Component out;
  out.name = std::move(name);
  out.summary = std::move(summary);
  out.settings = std::move(settings);
  return out;
}

}  // namespace

std::vector<config::Component> built_in_steps() {
  const Json rule = object({{"check", text_setting("An expression that must hold.")},
                            {"message", text_setting("What is said when it does not.")}},
                           {"check", "message"});
  Json task = object({{"id", {{"description", "What names it among the loan's tasks."}}},
                      {"state", text_setting("assigned or cleared; default of a new one: assigned.")},
                      {"due", text_setting("RFC 3339, or a date: then the end of that day in the calendar's zone.")}},
                     {"id"}, true);
  task["description"] = "A task or condition of the loan, with whatever else is known of it.";
  Json piece = object({{"id", {{"description", "What names the piece: the vendor's order, or the tracking code."}}},
                       {"state", text_setting("What is told of it, such as delivered.")},
                       {"by", text_setting("How the borrower responded, such as qr, url or phone; nothing where the post tells it.")}},
                      {"id", "state"});
  piece["description"] = "What is told of a piece of mail that went to the loan's borrower.";
  return {
      component("validate", "Refuses an event whose payload breaks a JSON Schema or a rule.", object({{"schema", text_setting("A JSON Schema file under the folder, for the payload.")},
                                    {"rules", {{"type", "array"}, {"items", rule}, {"description", "Further conditions."}}}})),
      component("track", "Merges fields into the loan's state, by event time.",
                object({{"stage", {{"description", "The loan's stage, in the source's own words: loans.yaml says what they mean."}}},
                        {"reason", text_setting("Why the stage goes back, where it does; default: the event's reason.")},
                        {"task", task},
                        {"tasks", {{"description", "Several of them; a list."}}},
                        {"piece", piece}},
                       Json::array(), true)),
      component("audit", "Writes a row of its own into the audit trail.", object({{"action", text_setting("What was done, as the audit trail names it.")},
                                 {"note", text_setting("Free text; kept among the row's details.")},
                                 {"reason", text_setting("Why; default: the event's reason.")}},
                                {"action"})),
      component("set", "Works out values that later steps use as its answer.", object(Json::object(), Json::array(), true)),
      component("wait", "Waits for a time; later events of the subject go on.", object({{"for", {{"type", "string"}, {"format", "duration"}, {"description", "How long."}}},
                                {"until", text_setting("Until when: RFC 3339.")}})),
      component("compare", "Holds what another system says of the loan against what we say; each mismatch is an event of the host's.",
                object({{"system", text_setting("The other system's name, as mismatches, metrics and signals show it; its words of stages are looked up under it.")},
                        {"found", {{"description", "Whether the other system has such a record; default: it has."}}},
                        {"fields", {{"type", "object"}, {"description", "By field, what is held against each other."},
                                    {"additionalProperties",
                                     object({{"ours", {{"description", "What we say; nothing: it is not compared."}}},
                                             {"theirs", {{"description", "What they say."}}},
                                             {"as", {{"type", "string"}, {"enum", {"auto", "exact", "text", "phone", "number", "date", "stage"}}, {"default", "auto"},
                                                     {"description", "How: auto, the same text or number; exact, the same text; text, but for case and spaces; phone, its digits; number; date, the day; stage, the same stage of loans.yaml."}}}},
                                            {"ours", "theirs"})}}}},
                       {"system", "fields"})),
      component("emit", "Brings about an event that other pipelines may follow.", object({{"type", text_setting("The event's type.")},
                                {"subject", text_setting("What it is about; default: the event's subject.")},
                                {"payload", {{"description", "Its payload; default: an empty object."}}}},
                               {"type"})),
  };
}

std::vector<config::Component> built_in_sources() {
  auto webhook = component("webhook", "Takes JSON that a sender posts.", object({{"format", {{"type", "string"}, {"enum", {"json", "cloudevents"}}, {"default", "json"}, {"description", "What a body holds: any JSON, or CloudEvents 1.0."}}}}));
  webhook.webhook = true;
  auto schedule = component(
      "schedule", "Brings an event at each time of a timetable.",
      object({{"cron", {{"type", "string"}, {"format", "cron"}, {"description", "When: minute, hour, day, month, day of the week."}}},
              {"zone", {{"type", "string"}, {"format", "zone"}, {"description", "On whose clock: an IANA name such as America/New_York."}}},
              {"missed", {{"type", "string"}, {"enum", {"latest", "all", "skip"}}, {"default", "latest"},
                          {"description", "What becomes of times that passed while the host was down."}}}},
             {"cron", "zone"}));
  auto loans = component(
      "loans", "Brings each loan at each time of a timetable, with its state.",
      object({{"cron", {{"type", "string"}, {"format", "cron"}, {"description", "When: minute, hour, day, month, day of the week."}}},
              {"zone", {{"type", "string"}, {"format", "zone"}, {"description", "On whose clock: an IANA name such as America/New_York."}}},
              {"missed", {{"type", "string"}, {"enum", {"latest", "skip"}}, {"default", "latest"},
                          {"description", "What becomes of times that passed while the host was down."}}},
              {"stages", {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", "Loans in these stages. Default: in any, or none yet."}}},
              {"ended", {{"type", "string"}, {"default", "7d"}, {"description", "How long after it came to the last stage or an end a loan is still brought: a duration, or forever."}}},
              {"changed", {{"type", "string"}, {"format", "duration"}, {"description", "Loans that something was told of within that time. Default: all."}}}},
             {"cron", "zone"}));
  const Json names = {{"type", "array"}, {"items", {{"type", "string"}}}};
  const auto named = [&](const char* description) {
    Json out = names;
    out["description"] = description;
    return out;
  };
  auto events = component("events", "Follows events of other pipelines, and the host's own.", object({{"pipelines", named("Whose events; milepost: the host's own. Default: everyone else's.")},
                                            {"types", named("Which; lead.* are all that begin so. Default: all.")}}));
  return {webhook, schedule, events, loans};
}

}  // namespace milepost::engine
