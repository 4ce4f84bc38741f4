#include "host/config/fault_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/utf8.hpp"

namespace milepost::config {
namespace {

constexpr std::size_t kMostBytes = 4 << 20;
constexpr std::size_t kWidest = 110;  // characters of a source line that are shown

struct Palette {
  const char *fault, *warning, *strong, *dim, *reset;
};
constexpr Palette kColors = {"\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[0m"};
constexpr Palette kPlain = {"", "", "", "", ""};

/// Code points of a line, each printable: a config file must not steer the terminal that shows it.
std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto size = utf8_size(line);
    const auto byte = static_cast<unsigned char>(line.front());
    const bool control =
        size == 0 || byte < 0x20 || byte == 0x7F || (byte == 0xC2 && static_cast<unsigned char>(line[1]) < 0xA0);
    out.push_back(byte == '\t' ? " " : control ? "?" : std::string(line.substr(0, size)));
    line.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

/// From the place to the end of its word, or of the quoted text or `${…}` that begins there.
std::size_t underlined(const std::vector<std::string>& line, std::size_t from) {
  const std::string first = line[from];
  const bool expression = first == "$" && from + 1 < line.size() && line[from + 1] == "{";
  std::size_t to = from + 1;
  if (first == "\"" || first == "'" || expression) {
    const std::string last = expression ? "}" : first;
    while (to < line.size() && line[to] != last) ++to;
    to = std::min(to + 1, line.size());
  } else {
    if (first == "!")
      to = static_cast<std::size_t>(
               std::ranges::find(line.begin() + static_cast<std::ptrdiff_t>(from), line.end(), " ") - line.begin()) +
           1;
    while (to < line.size() && line[to] != " " && line[to] != ":" && line[to] != "," && line[to] != "}" &&
           line[to] != "]")
      ++to;
  }
  return std::clamp<std::size_t>(to - from, 1, line.size() - from);
}

class Printer {
 public:
  Printer(const std::string& root, bool color) : root_(root), paint_(color ? kColors : kPlain) {}

  std::string print(const Faults& faults) {
    std::string out;
    for (const auto& fault : faults) out += one(fault) + "\n";
    return out + summary(faults);
  }

 private:
  std::string one(const Fault& fault) {
    std::string place = fault.at.file.empty() ? root_ : fault.at.file;
    if (fault.at.line > 0) place += ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column);
    std::string out = std::string(fault.warning ? paint_.warning : paint_.fault) +
                      (fault.warning ? "warning " : "fault ") + fault.code + paint_.reset + "  " + paint_.strong +
                      place + paint_.reset + "\n";
    out += "  " + (fault.path.empty() ? "" : fault.path + ": ") + fault.message + "\n";
    if (fault.at.line > 0 && shows_source(fault.code)) out += excerpt(fault.at, column_within(fault));
    if (!fault.remedy.empty()) out += std::string("  ") + paint_.dim + "→ " + paint_.reset + fault.remedy + "\n";
    return out;
  }

  /// "column 3: …" of an expression's fault counts within its text; 0: the message says none.
  static std::size_t column_within(const Fault& fault) {
    constexpr std::string_view kSays = "column ";
    if ((fault.code != code::kExpression && fault.code != code::kUnknownName) || !fault.message.starts_with(kSays)) return 0;
    return std::strtoul(fault.message.c_str() + kSays.size(), nullptr, 10);
  }

  /// `within`: where in the text that begins there, from 1.
  std::string excerpt(const Position& at, std::size_t within) {
    const auto* lines = source(at.file);
    const auto index = static_cast<std::size_t>(at.line - 1);
    if (lines == nullptr || index >= lines->size()) return {};
    auto line = characters((*lines)[index]);
    auto column = std::min(static_cast<std::size_t>(std::max(at.column, 1) - 1), line.size());
    if (within > 0 && column < line.size()) {
      const bool quoted = line[column] == "\"" || line[column] == "'";
      const auto exact = column + within - (quoted ? 0 : 1);
      // A text on lines of its own, or with escapes, has its columns elsewhere.
      const bool plain = line[column] != "|" && line[column] != ">" &&
                         std::find(line.begin() + static_cast<std::ptrdiff_t>(column), line.end(), "\\") == line.end();
      if (plain && exact < line.size()) column = exact;
    }
    if (column > kWidest / 2 && line.size() > kWidest) {  // the part around the place
      const auto cut = column - kWidest / 2;
      line.erase(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(cut));
      line.insert(line.begin(), "…");
      column -= cut - 1;
    }
    if (line.size() > kWidest) {
      line.resize(kWidest);
      line.emplace_back("…");
    }
    std::string shown;
    for (const auto& character : line) shown += character;
    const std::string number = std::to_string(at.line);
    const std::string gutter(number.size(), ' ');
    // At the end of a quoted expression there is the quote alone to point at.
    const bool at_quote = within > 0 && column < line.size() && (line[column] == "\"" || line[column] == "'");
    const auto width = column < line.size() && !at_quote ? underlined(line, column) : 1;
    const std::string bar = std::string(paint_.dim) + " │" + paint_.reset;
    return "\n    " + std::string(paint_.dim) + number + paint_.reset + bar + " " + shown + "\n    " + gutter + bar +
           " " + std::string(column, ' ') + paint_.fault + std::string(width, '^') + paint_.reset + "\n\n";
  }

  const std::vector<std::string>* source(const std::string& file) {
    const auto [entry, fresh] = sources_.try_emplace(file);
    if (fresh) {
      auto content = read_file(std::filesystem::path(root_) / file, kMostBytes).value_or("");
      if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
      for (std::size_t start = 0; start <= content.size();) {
        const auto end = std::min(content.find('\n', start), content.size());
        entry->second.push_back(content.substr(start, end - start - (end > start && content[end - 1] == '\r' ? 1 : 0)));
        start = end + 1;
      }
    }
    return entry->second.empty() ? nullptr : &entry->second;
  }

  std::string summary(const Faults& faults) const {
    const auto count = [](std::size_t number, const std::string& noun) {
      return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
    };
    std::set<std::string> files;
    for (const auto& fault : faults) files.insert(fault.at.file);
    const auto warnings = static_cast<std::size_t>(std::ranges::count(faults, true, &Fault::warning));
    std::string out;
    if (warnings < faults.size()) out = count(faults.size() - warnings, "fault");
    if (warnings > 0) out += (out.empty() ? "" : " and ") + count(warnings, "warning");
    return out + " in " + count(files.size(), "file") + "\n";
  }

  const std::string& root_;
  const Palette& paint_;
  std::map<std::string, std::vector<std::string>> sources_;
};

}  // namespace

std::string render(const Faults& faults, const std::string& root, bool color) {
  return faults.empty() ? "" : Printer(root, color).print(faults);
}

std::string annotations(const Faults& faults, const std::string& folder) {
  // Their own escapes: of a message, and more of a property.
  const auto escaped = [](std::string_view text, bool property) {
    std::string out;
    for (const char c : text) {
      if (c == '%')
        out += "%25";
      else if (c == '\r')
        out += "%0D";
      else if (c == '\n')
        out += "%0A";
      else if (property && c == ':')
        out += "%3A";
      else if (property && c == ',')
        out += "%2C";
      else
        out += c;
    }
    return out;
  };
  std::string out;
  for (const auto& fault : faults) {
    const auto file = (std::filesystem::path(folder) / fault.at.file).lexically_normal().string();
    out += std::string(fault.warning ? "::warning" : "::error") + " file=" + escaped(file, true);
    if (fault.at.line > 0) out += ",line=" + std::to_string(fault.at.line) + ",col=" + std::to_string(fault.at.column);
    const auto remedy = fault.remedy.empty() ? "" : " → " + fault.remedy;
    out += ",title=" + fault.code + "::" + escaped((fault.path.empty() ? "" : fault.path + ": ") + fault.message + remedy, false) + "\n";
  }
  return out;
}

Json to_json(const Fault& fault) {
  Json out = {{"code", fault.code}, {"severity", fault.warning ? "warning" : "fault"}};
  if (!fault.at.file.empty()) out["file"] = fault.at.file;
  if (fault.at.line > 0) {
    out["line"] = fault.at.line;
    out["column"] = fault.at.column;
  }
  if (!fault.path.empty()) out["path"] = fault.path;
  out["message"] = fault.message;
  if (!fault.remedy.empty()) out["remedy"] = fault.remedy;
  return out;
}

}  // namespace milepost::config
