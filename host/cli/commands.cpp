// Every command, in the order of the overview.
#include "host/cli/command.hpp"

namespace milepost::cli {

int run(const Arguments&);
int check(const Arguments&);
int explain(const Arguments&);
int schema(const Arguments&);
int completion(const Arguments&);
int man(const Arguments&);
int template_list(const Arguments&);
int template_show(const Arguments&);
int template_new(const Arguments&);
int template_upgrade(const Arguments&);
int template_short(const Arguments&);
int doctor(const Arguments&);
int show(const Arguments&);
int try_payload(const Arguments&);
int test(const Arguments&);
int sandbox(const Arguments&);
int events_list(const Arguments&);
int events_show(const Arguments&);
int events_dead_letters(const Arguments&);
int events_retry(const Arguments&);
int events_in_doubt(const Arguments&);
int events_resolve(const Arguments&);
int why(const Arguments&);
int replay(const Arguments&);
int loans_list(const Arguments&);
int loans_show(const Arguments&);
int loans_history(const Arguments&);
int loans_signals(const Arguments&);
int mail_suppress(const Arguments&);
int mail_unsuppress(const Arguments&);
int mail_suppressed(const Arguments&);
int audit_list(const Arguments&);
int audit_verify(const Arguments&);
int audit_export(const Arguments&);
int plan(const Arguments&);
int apply(const Arguments&);
int pipelines_list(const Arguments&);
int pipelines_history(const Arguments&);
int pipelines_diff(const Arguments&);
int pipelines_revert(const Arguments&);
int connections_list(const Arguments&);
int connections_pause(const Arguments&);
int connections_resume(const Arguments&);
int connections_probe(const Arguments&);
int plugins_list(const Arguments&);
int plugins_describe(const Arguments&);
int plugins_docs(const Arguments&);
int plugins_new(const Arguments&);
int plugins_dev(const Arguments&);
int plugins_test(const Arguments&);

namespace {

const Option kPipeline{"pipeline", "NAME", ""};
const Option kSince{"since", "WHEN", "accepted at or after: a time (RFC 3339), or how long ago: 2d"};
const Option kUntil{"until", "WHEN", "accepted before"};
const Option kLimit{"limit", "N", "default 50, at most 500"};
const Option kSet{"set", "NAME=VALUE", "a parameter; once for each", true};
const Option kReason{"reason", "TEXT", "why; stands in the audit trail"};
constexpr const char* kWhichId = "ID is the sender's id or our receipt; --pipeline tells apart events of one id.";

/// What selects events, and then some.
std::vector<Option> some(std::vector<Option> more) {
  std::vector<Option> options = {kPipeline, {"subject", "SUBJECT", ""}, {"type", "TYPE", ""}, {"step", "ID", "the step at which it stands"}, kSince, kUntil};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"run", "Run the pipelines of a folder", "", {{"log", "FORM", "human or json (default: human on a terminal)"},
        {"debug", "", "log every decision"}, {"daemon", "", "go to the background"}, {"pidfile", "FILE", "with --daemon: where its process id is written"}},
       "Stops on SIGTERM: it refuses new webhooks, lets what is in flight finish, and leaves the rest to the journal.\n"
       "Takes the folder as it is now on SIGHUP, pipeline by pipeline; a folder with a fault leaves all as it was.", run},
      {"check", "Find every fault of a folder, without running it", "",
       {{"format", "FORM", "text, json, or github: annotations for a workflow"}, {"strict", "", "warnings count as faults"}}, "", check},
      {"explain", "Say what a fault's code means", "[CODE]", {}, "Without a code it lists them all.\n\n  milepost explain MP1042", explain},
      {"show", "Show the configuration as it takes effect, and where each value comes from", "[pipeline|connection NAME]", {},
       "Without a name the host's settings. Secrets are shown by name, never by value.\n\n  milepost show pipeline loan-milestones", show},
      {"doctor", "Find what would keep a folder from running well here; changes nothing", "", {},
       "Ports, disk, clock, certificate, plugins, store, secrets, and each connection by its plugin's probe. It works beside a running host.", doctor},
      {"template list", "List the folder's templates", "", {}, "", template_list},
      {"template show", "Show a template's parameters and locked parts", "TEMPLATE", {}, "", template_show},
      {"template new", "Write a pipeline that is a copy of a template, and remembers it", "TEMPLATE NAME", {kSet},
       "The copy is pipelines/NAME.yaml, yours to edit but for what the template locks.\n\n  milepost template new branch duluth --set branch=duluth", template_new},
      {"template upgrade", "Bring a copy up to date with its template; what was edited here is kept", "NAME",
       {{"dry-run", "", "show what would change, and write nothing"}, kSet}, "NAME is the copy's file without .yaml. --set gives parameters that the newer version wants.", template_upgrade},
      {"template", "Short for `template new`: milepost template branch duluth --set branch=duluth", "TEMPLATE [NAME]", {kSet}, "", template_short},
      {"schema", "Print JSON Schema for a folder's files, for exactly the plugins installed", "[KIND]",
       {{"write", "", "write those of all kinds into .milepost/schemas, and say how an editor finds them"}},
       "KIND is host, connection, pipeline, template, loans or cases; without it the kinds are listed.\n\n  milepost schema pipeline\n  milepost schema --write", schema},
      {"try", "Show what a pipeline would do with a payload; nothing is sent", "PIPELINE [FILE]",
       {{"event", "ID", "an event of the journal instead of a file; PIPELINE may be left out"}, {"loan", "FILE", "the loan's fields, as JSON (default: what the store knows)"},
        {"step", "ID", "show just this step"}, {"explain", "EXPR", "show what an expression gives, and what each path in it is"},
        {"save", "FILE", "add it to a file of test cases, such as tests/approval.yaml"}},
       "FILE is one payload as JSON; without it, or with -, standard input is read.\n"
       "The vendors' doubles answer, so each request is shown as it would go out.\n"
       "A pipeline on a schedule or on the host's own events needs none: it is tried with its next event, or a sample.\n\n"
       "  milepost try loan-milestones event.json --config examples\n  milepost try --event evt-42 --step card\n"
       "  milepost try loan-milestones event.json --explain 'payload.loan.amount > 500000'", try_payload},
      {"test", "Play the cases of a folder's tests/ against the vendors' doubles, in virtual time", "[FILE…]",
       {{"only", "TEXT", "just the cases whose name holds it"}, {"update", "", "write what came into the files, where something else was expected"},
        {"show", "", "print all that came of each case"}, {"junit", "FILE", "write the results as JUnit's XML"}, {"debug", "", "log every decision"}},
       "Each case has a world of its own: the real engine, journal and plugins, and time that passes as the case says.\n"
       "At the end: which steps no case ran, and which conditions never said both yes and no.\ndocs/testing-pipelines.md says how a case is written.\n\n"
       "  milepost test\n  milepost test tests/approval.yaml --only card --update", test},
      {"sandbox", "Serve local doubles of the vendors", "[VENDOR…]", {{"listen", "ADDRESS", "default 127.0.0.1:9090"}}, "", sandbox},
      {"events list", "List events, newest first", "", {{"pipeline", "NAME", ""}, {"subject", "SUBJECT", "such as a loan's id"},
        {"state", "STATE", "open, waiting, in_doubt, dead or done"}, {"type", "TYPE", ""}, {"id", "ID", "the sender's id"}, kSince, kUntil, kLimit}, "", events_list},
      {"events show", "Show one event: its payload, each step and attempt, its audit rows", "ID", {kPipeline}, kWhichId, events_show},
      {"events dead-letters", "List the events that a step gave up on, newest first", "", some({kLimit}), "", events_dead_letters},
      {"events retry", "Open dead letters again, at the step that failed", "[ID]",
       some({{"all", "", "every dead letter"}, {"began", "", "on the version that each began with (default: the current one)"}, kReason}),
       std::string(kWhichId) + "\nDone steps keep their answers, and a step that was sent keeps its idempotency key.\n\n"
       "  milepost events retry evt-42 --reason \"the address is corrected\"\n"
       "  milepost events retry --pipeline loan-milestones --since 2d --reason \"the vendor is back\"", events_retry},
      {"events in-doubt", "List the events whose effect nobody could settle, newest first", "", some({kLimit}), "", events_in_doubt},
      {"events resolve", "Settle an event in doubt", "ID",
       {{"as", "WHAT", "done: the vendor has it; retry: it has not, send it again; abandon: give it up"}, kReason,
        {"answer", "JSON", "with done: what later steps see as the step's answer"}, kPipeline, {"began", "", "on the version that it began with"}},
       std::string(kWhichId) + "\n\n  milepost events resolve evt-42 --as done --answer '{\"order_id\": \"o-77\"}' --reason \"it is in the vendor's portal\"", events_resolve},
      {"why", "Say what became of a loan's events, and why a step did not run", "SUBJECT",
       {{"event", "ID", "one event instead"}, kPipeline, {"limit", "N", "how many events, the newest (default 20)"}},
       "Each step with what it did, each attempt, and each condition that said no with the values that it saw.\n\n  milepost why L-1001", why},
      {"replay", "Show what today's pipelines would have done with events that have ended; do what never ran", "",
       {kSince, kUntil, kPipeline, {"subject", "SUBJECT", ""}, {"type", "TYPE", ""}, {"dry-run", "", "send nothing, change nothing (the default)"},
        {"apply", "", "open the events with a step that would run and did not; what was done is kept"}, kReason},
       "Each event goes through the pipelines as they are now, with its own payload, loan and answers.\n\n"
       "  milepost replay --since 7d\n  milepost replay --since 7d --pipeline loan-milestones --apply --reason \"the new step for last week's loans\"", replay},
      {"loans list", "List loans as they stand now", "",
       {{"stage", "STAGE", ""}, {"branch", "BRANCH", ""}, {"broker", "BROKER", ""}, {"type", "TYPE", "the loan's"}, {"stuck", "", "past the service level of their stage"},
        {"overdue", "", "with an overdue task"}, {"after", "LOAN", "go on after this one"}, kLimit},
       "Stages, service levels and the calendar are loans.yaml's: docs/loans.md.\n\n  milepost loans list --stuck --branch duluth", loans_list},
      {"loans show", "Show one loan: its state, its way through the stages, its tasks and mail", "LOAN", {}, "", loans_show},
      {"loans history", "Show what became of a loan, revision by revision, newest first", "LOAN", {{"before", "N", "only revisions before this one"}, kLimit}, "", loans_history},
      {"loans signals", "Tell days in stage, overdue, mismatch, mail to close and automation of a period", "",
       {{"by", "FIELD", "a group for each branch, broker or loan_type"}, {"since", "WHEN", "a time, or how long ago (default: 30d)"}, {"until", "WHEN", "default: now"},
        {"branch", "BRANCH", "only its loans"}, {"broker", "BROKER", "only his loans"}, {"type", "TYPE", "only loans of it"}, {"csv", "", "a line for each figure"}},
       "docs/signals.md defines each figure.\n\n  milepost loans signals --by branch --since 90d --csv", loans_signals},
      {"mail suppress", "Send no mail to a loan or borrower any more", "KEY", {kReason}, "KEY is what mail.suppress in loans.yaml gives: a loan, a borrower's id. Needs a reason.", mail_suppress},
      {"mail unsuppress", "Let mail go there again", "KEY", {kReason}, "", mail_unsuppress},
      {"mail suppressed", "List who gets no mail", "", {{"after", "KEY", "go on after this one"}, kLimit}, "", mail_suppressed},
      {"audit list", "List rows of the audit trail", "", {{"subject", "SUBJECT", ""}, {"pipeline", "NAME", ""}, {"event", "RECEIPT", ""},
        {"kind", "KIND", "event, intent, outcome, decision or admin"}, {"limit", "N", "default 100, at most 500"}}, "", audit_list},
      {"audit verify", "Check the audit trail's chain", "[EXPORT]", {}, "EXPORT is a file that `milepost audit export` wrote; without it the folder's own store is checked.", audit_verify},
      {"audit export", "Write the audit trail as JSON lines", "", {}, "docs/audit.md specifies the lines; anyone can check them without Milepost.", audit_export},
      {"plan", "Show what the folder would change, and what last week's events would have done with it", "",
        {{"since", "WHEN", "how far back events are tried: a time, or how long ago (default 7d)"}, {"no-replay", "", "try no events"},
         {"price", "AMOUNT", "what a piece of mail costs, such as 0.89: then the plan says how much more or less the change costs"}},
       "Against what runs, or, where no host runs, what ran last. Nothing is sent and nothing changed. Exit: 1 when the folder has a fault.\n\n"
       "  milepost plan\n  milepost apply 3f2a91c07b44d0e1 --reason \"cards from appraisal on\"", plan},
      {"apply", "Apply exactly the plan of that hash, or refuse", "HASH", {kReason},
       "Refused when the folder, or what runs, has moved since the plan was made. Two at once: one wins, and the other is told.", apply},
      {"pipelines list", "List pipelines and their versions", "", {}, "", pipelines_list},
      {"pipelines history", "Say which version of a pipeline went live when, by whom and why", "NAME", {kLimit}, "", pipelines_history},
      {"pipelines diff", "Show the settings in which two versions of a pipeline differ", "NAME [A [B]]", {},
       "Without B the latest, without A the one before it. A version may be shortened.", pipelines_diff},
      {"pipelines revert", "Take an earlier version of a pipeline back: its file as it was, and live", "NAME",
       {{"to", "VERSION", "as `pipelines history` lists it"}, kReason, {"discard", "", "also when the file was edited since it went live: the edit is lost"}},
       "Both are done, or neither. Comments and order come back as they were.\n\n  milepost pipelines revert loan-milestones --to 3f2a91c07b44 --reason \"too many cards\"", pipelines_revert},
      {"connections list", "List connections and their state", "", {}, "", connections_list},
      {"connections pause", "Hold a connection's deliveries until it is resumed", "NAME", {kReason}, "The pause outlives a restart. What is held loses neither attempts nor time.", connections_pause},
      {"connections resume", "Let a paused connection go on", "NAME", {kReason}, "", connections_resume},
      {"connections probe", "Ask the vendor whether a connection's account works; changes nothing", "NAME", {}, "", connections_probe},
      {"plugins list", "List installed plugins, and refused ones with the reason", "", {}, "", plugins_list},
      {"plugins describe", "Show a plugin's settings, sources and actions", "NAME", {}, "", plugins_describe},
      {"plugins docs", "Print a plugin's page: settings, sources, actions, and what a repeat would do", "NAME", {}, "Markdown, from what the plugin says of itself.", plugins_docs},
      {"plugins new", "Write a new plugin's folder: plugin, double, tests, sample", "NAME",
       {{"action", "ACTION", "begin with an action of this name (default: send)"}, {"source", "KIND", "begin with a source instead: webhook or poll"}},
       "Looks first whether this machine can build it. The folder is written whole, or not at all.\n\n  milepost plugins new acme --action send\n  milepost plugins new acme --source webhook", plugins_new},
      {"plugins dev", "Build a plugin and play its sample against its double, again at each change", "[FOLDER]", {{"once", "", "one turn; exit 0 when all went well"}},
       "The sample is conformance.json. The plugin runs in a child process: a crash is shown, and the loop goes on.\n\n  milepost plugins dev acme", plugins_dev},
      {"plugins test", "Prove a plugin against its double: errors, keys, settings, memory", "PLUGIN.so",
       {{"sample", "FILE", "default PLUGIN.conformance.json beside it"}, {"sandbox", "FILE", "its double; default PLUGIN-sandbox.so beside it"},
        {"only", "TEXT", "just the checks whose name holds it"}, {"deliveries", "N", "of the check for memory (default 5000)"}, {"glibc", "VERSION", "the oldest that it must run on (default 2.36)"}},
       "docs/conformance.md lists the checks, and says what a sample holds. Exit: 0 when all passed.\n\n  milepost plugins test build/plugins/acme.so --deliveries 100000", plugins_test},
      {"completion", "Print what a shell needs to complete these commands", "bash|zsh", {}, "  source <(milepost completion bash)", completion},
      {"man", "Print the manual page, for man", "", {}, "  milepost man | man -l -", man},
  };
  return all;
}

}  // namespace milepost::cli
