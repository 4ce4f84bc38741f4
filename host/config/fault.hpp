// A fault in a config folder: where, what, and the remedy. The same text on the command line, in logs and in the API.
#pragma once

#include <string>
#include <vector>

namespace milepost::config {

/// Lines and columns count from 1; 0 means "the file as a whole".
struct Position {
  std::string file;  ///< relative to the config folder
  int line = 0;
  int column = 0;
};

struct Fault {
  std::string code;     ///< stable: "MP1042"; fault_codes.hpp lists them all
  Position at;
  std::string path;     ///< where in the document: "steps[2].with.object"; may be empty
  std::string message;  ///< what is wrong, with the nearest valid name where there is one
  std::string remedy;   ///< what to do; may be empty where the message says it
  bool warning = false; ///< told, but the folder still runs
};
using Faults = std::vector<Fault>;

/// "pipelines/a.yaml:12:5: MP1042 steps[2].usee: unknown key; did you mean "use"?" without the remedy.
std::string to_string(const Fault& fault);

/// The valid name nearest to `name` (edit distance, at most a third of its length), or "".
std::string nearest(const std::string& name, const std::vector<std::string>& valid);

}  // namespace milepost::config
