#include "host/cli/command.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "host/config/fault.hpp"

namespace milepost::cli {
namespace {

std::string option_text(const Option& option) { return "--" + option.name + (option.argument.empty() ? "" : " " + option.argument); }

void print_help(const Command& command) {
  fmt::print("{}\n\nUsage: milepost {}{}{}\n\nOptions:\n", command.summary, command.name, command.usage.empty() ? "" : " ", command.usage);
  std::vector<Option> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  std::size_t width = 0;
  for (const auto& option : options) width = std::max(width, option_text(option).size());
  for (const auto& option : options) fmt::print("  {:<{}}  {}\n", option_text(option), width, option.help);
  if (!command.more.empty()) fmt::print("\n{}\n", command.more);
}

void print_overview(std::FILE* out) {
  fmt::print(out, "Milepost runs pipelines between a lender's systems.\n\nUsage: milepost COMMAND [OPTIONS]\n\nCommands:\n");
  std::size_t width = 0;
  for (const auto& command : commands()) width = std::max(width, command.name.size());
  for (const auto& command : commands()) fmt::print(out, "  {:<{}}  {}\n", command.name, width, command.summary);
  fmt::print(out, "\n`milepost COMMAND --help` tells more. Exit: 0 done, 1 it found faults, 2 wrong use.\n");
}

/// The longest command whose words begin `arguments`.
const Command* match(const std::vector<std::string>& arguments, std::size_t& words) {
  const Command* best = nullptr;
  words = 0;
  for (const auto& command : commands()) {
    const auto count = static_cast<std::size_t>(std::count(command.name.begin(), command.name.end(), ' ')) + 1;
    std::string typed;
    for (std::size_t i = 0; i < count && i < arguments.size(); ++i) typed += (i ? " " : "") + arguments[i];
    if (typed == command.name && count > words) best = &command, words = count;
  }
  return best;
}

int unknown_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> names, rest;
  for (const auto& command : commands()) {
    names.push_back(command.name);
    if (command.name.starts_with(arguments[0] + " ")) rest.push_back(command.name);
  }
  if (!rest.empty()) {
    fmt::print(stderr, "milepost: `{}` is one of:\n", arguments[0]);
    for (const auto& name : rest) fmt::print(stderr, "  milepost {}\n", name);
    return kWrongUse;
  }
  const auto near = config::nearest(arguments[0], names);
  return wrong_use("there is no command `" + arguments[0] + "`" + (near.empty() ? "" : "; did you mean `" + near + "`?"));
}

}  // namespace

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {{"config", "DIR", "the config folder (default: the current one)"},
                                              {"json", "", "print JSON"},
                                              {"help", "", "this text"}};
  return options;
}

int wrong_use(const std::string& message) {
  fmt::print(stderr, "milepost: {}\n", message);
  return kWrongUse;
}

int failed(const Error& error) {
  fmt::print(stderr, "milepost: {}\n", error.message);
  return kFaults;
}

int run_command(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    print_overview(arguments.empty() ? stderr : stdout);
    return arguments.empty() ? kWrongUse : kDone;
  }
  if (arguments[0] == "--version") {
    fmt::print("{}\n", kVersion);
    return kDone;
  }
  std::size_t words = 0;
  const Command* command = match(arguments, words);
  if (command == nullptr) return unknown_command(arguments);

  std::vector<Option> known = command->options;
  known.insert(known.end(), common_options().begin(), common_options().end());
  Arguments parsed;
  bool only_positional = false;
  for (std::size_t i = words; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (only_positional || !word.starts_with("--")) {
      parsed.positional.push_back(word);
      continue;
    }
    if (word == "--") {
      only_positional = true;
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    const auto option = std::find_if(known.begin(), known.end(), [&](const Option& one) { return one.name == name; });
    if (option == known.end()) {
      std::vector<std::string> names;
      for (const auto& one : known) names.push_back(one.name);
      const auto near = config::nearest(name, names);
      return wrong_use("`" + command->name + "` has no option --" + name + (near.empty() ? "" : "; did you mean --" + near + "?"));
    }
    if (!option->argument.empty() && parsed.has(name) && !option->many) return wrong_use("--" + name + " is given twice");
    if (option->argument.empty()) {
      if (equals != word.npos) return wrong_use("--" + name + " takes no value");
      parsed.options[name] = "1";
    } else if (equals != word.npos || i + 1 < arguments.size()) {
      const auto value = equals != word.npos ? word.substr(equals + 1) : arguments[++i];
      auto& kept = parsed.options[name];
      kept += (kept.empty() ? "" : "\n") + value;
    } else {
      return wrong_use("--" + name + " needs a value: " + option_text(*option));
    }
  }
  if (parsed.has("help")) {
    print_help(*command);
    return kDone;
  }
  return command->run(parsed);
}

}  // namespace milepost::cli
