// The process: Poco's ServerApplication around the command table (daemon mode, waiting for termination).
#pragma once

namespace milepost::cli {

/// Runs what was typed; the process's exit status. Called once, by main.
int application(int argc, char** argv);

/// Blocks the signals that end a server, so that every thread that is started later inherits that. Before any thread.
void block_termination();
/// Returns when SIGTERM, SIGINT or SIGQUIT arrives. After block_termination().
void wait_for_termination();

}  // namespace milepost::cli
