// `milepost completion` and `milepost man`: what shells and man(1) want to know, from the table of commands.
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <set>

#include "host/cli/command.hpp"

namespace milepost::cli {
namespace {

/// All options of a command, those that every command has included.
std::vector<Option> options_of(const Command& command) {
  auto out = command.options;
  out.insert(out.end(), common_options().begin(), common_options().end());
  return out;
}

/// 'it'\''s': one word for a shell.
std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

/// "template new" before "template": a shell takes the first that fits.
std::vector<Command> longest_first() {
  auto out = commands();
  std::ranges::stable_sort(out, std::greater<>(), [](const Command& command) { return std::ranges::count(command.name, ' '); });
  return out;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// ---- bash ----

/// The words typed so far, up to the first option, decide: either more words of a command follow, or its options.
std::string bash() {
  std::string names, cases;
  for (const auto& command : longest_first()) {
    names += command.name + "\n";
    std::string words;
    for (const auto& option : options_of(command)) words += (words.empty() ? "" : " ") + ("--" + option.name);
    cases += "    " + shell_word(command.name) + "|" + shell_word(command.name + " ") + "*) options=" + shell_word(words) + " ;;\n";
  }
  return R"(# bash completion of milepost: source it, or put it into /usr/share/bash-completion/completions/milepost
_milepost() {
  local current="${COMP_WORDS[COMP_CWORD]}" typed="" name words="" options="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] && break
    typed+="${typed:+ }${COMP_WORDS[i]}"
  done
  if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then
    COMPREPLY=($(compgen -d -- "$current"))
    return
  fi
  if [[ $current == -* ]]; then
    case "$typed" in
)" + cases + R"(    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  while read -r name; do
    [[ $name == "${typed:+$typed }"* && $name != "$typed" ]] || continue
    name="${name#"${typed:+$typed }"}"
    words+=" ${name%% *}"
  done <<<)" + shell_word(names) + R"(
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _milepost milepost
)";
}

// ---- zsh ----

/// "name:what" for _describe.
std::string described(const std::string& word, const std::string& about) {
  std::string escaped;
  for (const char c : word) escaped += c == ':' ? "\\:" : std::string(1, c);
  return shell_word(escaped + ":" + first_line(about));
}

std::string zsh() {
  std::map<std::string, std::vector<std::string>> next;  // words typed -> what may follow
  std::set<std::pair<std::string, std::string>> told;
  std::string options;
  for (const auto& command : longest_first()) {
    const auto space = command.name.find(' ');
    const auto first = command.name.substr(0, space);
    if (told.emplace("", first).second) next[""].push_back(described(first, space == command.name.npos ? command.summary : "several commands"));
    if (space != command.name.npos) next[first].push_back(described(command.name.substr(space + 1), command.summary));
    std::string words;
    for (const auto& option : options_of(command)) words += " " + described("--" + option.name, option.help);
    options += "  " + shell_word(command.name) + "|" + shell_word(command.name + " ") + "*) options=(" + words + " ) ;;\n";
  }
  std::string follow;
  for (const auto& [typed, words] : next) {
    follow += "  " + shell_word(typed) + ") next=(";
    for (const auto& word : words) follow += " " + word;
    follow += " ) ;;\n";
  }
  return R"(#compdef milepost
# zsh completion of milepost: put it into a folder of $fpath as _milepost
local typed="" i
local -a next options
for ((i = 2; i < CURRENT; i++)); do
  [[ ${words[i]} == -* ]] && break
  typed+="${typed:+ }${words[i]}"
done
case "$typed" in
)" + follow + "esac\ncase \"$typed\" in\n" + options + R"(esac
if [[ ${words[CURRENT - 1]} == --config ]]; then
  _files -/
elif [[ ${words[CURRENT]} == -* ]]; then
  _describe option options
elif (( $#next )); then
  _describe command next
else
  _files
fi
)";
}

// ---- man ----

/// A text for roff: what it would read as its own is escaped.
std::string roff(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i == 0 || text[i - 1] == '\n';
    if (begins && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    if (text[i] == '\\') out += "\\e";
    else if (text[i] == '-') out += "\\-";
    else out += text[i];
  }
  return out;
}

std::string man_page() {
  std::string out = std::string(".TH MILEPOST 1 \"\" \"") + kVersion + "\" \"User Commands\"\n.SH NAME\nmilepost \\- runs pipelines between a lender's systems\n"
                    ".SH SYNOPSIS\n.B milepost\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  for (const auto& command : commands()) {
    out += ".SS milepost " + roff(command.name) + (command.usage.empty() ? "" : " \\fI" + roff(command.usage) + "\\fR") + "\n" + roff(command.summary) + ".\n";
    for (const auto& option : command.options)
      out += ".TP\n\\fB\\-\\-" + roff(option.name) + "\\fR" + (option.argument.empty() ? "" : " \\fI" + roff(option.argument) + "\\fR") + "\n" +
             (option.help.empty() ? "\\&" : roff(option.help)) + "\n";
    if (!command.more.empty()) out += ".PP\n.nf\n" + roff(command.more) + "\n.fi\n";
  }
  out += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const auto& option : common_options())
    out += ".TP\n\\fB\\-\\-" + roff(option.name) + "\\fR" + (option.argument.empty() ? "" : " \\fI" + roff(option.argument) + "\\fR") + "\n" + roff(option.help) + "\n";
  return out + ".SH EXIT STATUS\n0 done, 1 it found faults, 2 wrong use.\n";
}

}  // namespace

int completion(const Arguments& arguments) {
  const auto shell = arguments.positional.size() == 1 ? arguments.positional[0] : "";
  if (shell != "bash" && shell != "zsh") return wrong_use("name a shell: milepost completion bash, or zsh");
  fmt::print("{}", shell == "bash" ? bash() : zsh());
  return kDone;
}

int man(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`man` takes no argument");
  fmt::print("{}", man_page());
  return kDone;
}

}  // namespace milepost::cli
