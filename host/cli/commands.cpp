// Every command, in the order of the overview.
#include "host/cli/command.hpp"

namespace milepost::cli {

int run(const Arguments&);
int check(const Arguments&);
int explain(const Arguments&);
int try_payload(const Arguments&);
int sandbox(const Arguments&);
int events_list(const Arguments&);
int events_show(const Arguments&);
int audit_list(const Arguments&);
int audit_verify(const Arguments&);
int audit_export(const Arguments&);
int plugins_list(const Arguments&);
int plugins_describe(const Arguments&);

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"run", "Run the pipelines of a folder", "", {{"log", "FORM", "human or json (default: human on a terminal)"},
        {"debug", "", "log every decision"}, {"daemon", "", "go to the background"}, {"pidfile", "FILE", "with --daemon: where its process id is written"}},
       "Stops on SIGTERM: it refuses new webhooks, lets what is in flight finish, and leaves the rest to the journal.", run},
      {"check", "Find every fault of a folder, without running it", "", {}, "", check},
      {"explain", "Say what a fault's code means", "CODE", {}, "Example: milepost explain MP1042", explain},
      {"try", "Show what a pipeline would do with a payload; nothing is sent", "PIPELINE [FILE]",
       {}, "FILE is one payload as JSON; without it, or with -, standard input is read.\nExample: milepost try loan-milestones event.json --config examples", try_payload},
      {"sandbox", "Serve local doubles of the vendors", "[VENDOR…]", {{"listen", "ADDRESS", "default 127.0.0.1:9090"}}, "", sandbox},
      {"events list", "List events, newest first", "", {{"pipeline", "NAME", ""}, {"subject", "SUBJECT", "such as a loan's id"},
        {"state", "STATE", "open, waiting, in_doubt, dead or done"}, {"type", "TYPE", ""}, {"limit", "N", "default 50, at most 500"}}, "", events_list},
      {"events show", "Show one event: its payload, steps and audit rows", "ID", {}, "ID is the sender's id or our receipt.", events_show},
      {"audit list", "List rows of the audit trail", "", {{"subject", "SUBJECT", ""}, {"pipeline", "NAME", ""}, {"event", "RECEIPT", ""},
        {"kind", "KIND", "event, intent, outcome, decision or admin"}, {"limit", "N", "default 100, at most 500"}}, "", audit_list},
      {"audit verify", "Check the audit trail's chain", "[EXPORT]", {}, "EXPORT is a file that `milepost audit export` wrote; without it the folder's own store is checked.", audit_verify},
      {"audit export", "Write the audit trail as JSON lines", "", {}, "docs/audit.md specifies the lines; anyone can check them without Milepost.", audit_export},
      {"plugins list", "List installed plugins, and refused ones with the reason", "", {}, "", plugins_list},
      {"plugins describe", "Show a plugin's settings, sources and actions", "NAME", {}, "", plugins_describe},
  };
  return all;
}

}  // namespace milepost::cli
