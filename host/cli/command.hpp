// The command line's shape: one file a command, one table of them. Exit: 0 done, 1 it found faults, 2 wrong use.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::cli {

inline constexpr const char* kVersion = "milepost 0.1.0";

enum Exit { kDone = 0, kFaults = 1, kWrongUse = 2 };

struct Option {
  std::string name;      ///< "config": written --config DIR or --config=DIR
  std::string argument;  ///< "DIR"; "" for a switch
  std::string help;
  bool many = false;     ///< may be given again: its values are joined by line feeds
};

/// What was typed, checked against the command's options.
struct Arguments {
  std::vector<std::string> positional;
  std::map<std::string, std::string> options;  ///< switches: "1"
  bool has(const std::string& name) const { return options.contains(name); }
  std::string get(const std::string& name, const std::string& fallback = "") const {
    const auto found = options.find(name);
    return found == options.end() ? fallback : found->second;
  }
  std::string folder() const { return get("config", "."); }
  bool json() const { return has("json"); }
};

struct Command {
  std::string name;      ///< "events list"
  std::string summary;   ///< one line
  std::string usage;     ///< after the name: "PIPELINE [FILE]"
  std::vector<Option> options;
  std::string more;      ///< further text of --help: examples
  int (*run)(const Arguments&);
};

/// Those that every command has.
const std::vector<Option>& common_options();
/// In the order of the overview. Each is defined in its own file.
const std::vector<Command>& commands();

/// Dispatches; prints help and wrong use. `arguments` without the program's name.
int run_command(const std::vector<std::string>& arguments);

/// "milepost: …" on stderr, and the exit code for wrong use.
int wrong_use(const std::string& message);
/// The same for something that could not be done.
int failed(const Error& error);

}  // namespace milepost::cli
