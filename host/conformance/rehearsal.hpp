// A plugin's sample, played once against its double: what `milepost plugins dev` shows.
#pragma once

#include <string>

namespace milepost::conformance {

struct Rehearsal {
  std::string shown;    ///< each delivery, page and exchange, in order, for a person
  bool ended = false;   ///< false: the child crashed or hung; `shown` says how and after what
  bool passed = false;  ///< nothing in it failed
};

/// In a child process. `library`: acme.so, with its double and its sample beside it, as for conform().
Rehearsal rehearse(const std::string& library, const std::string& executable = "/proc/self/exe");

/// In the child: main() calls it first of all when argv[1] is "--rehearsal".
int rehearsal_child(const std::string& job);

}  // namespace milepost::conformance
