#include "host/config/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <map>
#include <sstream>
#include <unordered_set>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/words.hpp"
#include "host/config/yaml_source.hpp"

namespace milepost::config::yaml {
namespace {

constexpr std::size_t kMostValues = 100'000;  // aliases expanded
constexpr std::size_t kDeepest = 64;

/// Thrown through yaml-cpp, with the fault already reported.
struct Stop {};

bool is_tag_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !text.empty() && text.size() <= 128 && text.find_first_not_of(kAllowed) == text.npos && text.front() != '.';
}

/// Builds the tree from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(const Source& source, Document& document, Faults& faults, Options options)
      : source_(source), document_(document), faults_(faults), options_(options) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      fault(code::kSecondDocument, mark, "a second YAML document begins here; a file holds one",
            "move it into a file of its own");
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // yaml-cpp takes ~, Null and NULL for null as well and drops the word: here they are text, like every other word.
    Node& node = make(mark, Node::Kind::null, anchor);
    const auto word = word_at(mark);
    if (word == "~" || word == "Null" || word == "NULL") {
      node.kind = Node::Kind::plain;
      node.text = word;
    }
    place(node, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    note_text(mark, tag);
    if (tag != "?") last_quoted_ = mark;
    Node& node = make(mark, tag == "?" ? Node::Kind::plain : Node::Kind::quoted, anchor);
    node.text = value;
    if (tag == "!secret" || tag == "!env") {
      node.tag = tag;
      if (!is_tag_name(value)) {
        fault(code::kTagName, mark, tag + (value.empty() ? " needs a name" : " is followed by a name, not by a value"),
              "write " + tag + " NAME");
        node.broken = true;
      }
    } else if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str") {
      unknown_tag(mark, tag);
      node.broken = true;
    } else if (options_.expressions) {
      check_expressions(node, mark);
    }
    place(node, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    note_next(mark);
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) return;
    for (const auto& frame : stack_) {
      if (frame.node != target->second) continue;
      fault(code::kCycle, mark, "the alias stands inside the value that it names", "remove it");
      throw Stop{};
    }
    place(*target->second, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  /// Tabs matter in indentation, not inside a block or quoted text.
  void report_tabs() {
    for (const int line : source_.tabbed_lines())
      if (!in_text(line)) report_tab(line);
  }
  /// yaml-cpp takes the end of the file for a closing quote: the last quoted text may have swallowed the rest.
  bool report_open_quote() {
    if (last_quoted_.is_null()) return false;
    const auto text = source_.text();
    auto at = source_.offset(last_quoted_.line, last_quoted_.column);
    while (at < text.size() && (text[at] == '!' || text[at] == '&'))  // past its tag and anchor
      at = text.find_first_not_of(" \t\r\n", text.find_first_of(" \t\r\n", at));
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
    const char quote = text[at];
    for (++at; at < text.size(); ++at) {
      const bool escape = quote == '"' ? text[at] == '\\' : text.substr(at, 2) == "''";
      if (escape)
        ++at;
      else if (text[at] == quote)
        return false;
    }
    fault(code::kSyntax, last_quoted_, "this quote is never closed");
    return true;
  }
  bool report_tab_near(int line) {
    for (const int tabbed : source_.tabbed_lines()) {
      if (tabbed > line || in_text(tabbed)) continue;
      report_tab(tabbed);
      return true;
    }
    return false;
  }

 private:
  struct Frame {
    Node* node;
    Node* key = nullptr;  ///< of a map: waiting for its value
    std::string last_key = {};
    YAML::Mark mark;
    std::unordered_set<std::string> seen;
  };

  void fault(std::string_view code, const YAML::Mark& mark, std::string message, std::string remedy = {}) {
    faults_.push_back({.code = std::string(code),
                       .at = source_.position(mark.line, mark.column),
                       .path = path(),
                       .message = std::move(message),
                       .remedy = std::move(remedy)});
  }

  std::string path() const {
    std::string out;
    for (const auto& frame : stack_) {
      // A list or mapping within this one stands in it already; what is being read now does not.
      const bool outer = &frame != &stack_.back();
      if (frame.node->is_list())
        out = item(out, frame.node->items.size() - (outer ? 1 : 0));
      else if (outer || frame.key != nullptr)
        out = join(out, in_path(frame.last_key));
    }
    return out;
  }

  Node& make(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor) {
    note_next(mark);
    Node& node = document_.nodes.emplace_back();
    const auto at = source_.position(mark.line, mark.column);
    node.kind = kind;
    node.line = at.line;
    node.column = at.column;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    return node;
  }

  void bound(const Node& node, const YAML::Mark& mark) {
    total_ += node.weight;
    if (total_ > kMostValues) {
      fault(code::kExpansion, mark, "the file stands for more than 100000 values once its aliases are expanded",
            "use fewer aliases");
      throw Stop{};
    }
    if (stack_.size() + node.height > kDeepest) {
      fault(code::kExpansion, mark, "nested deeper than 64 levels");
      throw Stop{};
    }
  }

  /// Puts a finished or an opening node where it belongs.
  void place(Node& node, const YAML::Mark& mark) {
    bound(node, mark);
    if (stack_.empty()) {
      document_.root = &node;
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node->is_list()) {
      frame.node->items.push_back(&node);
    } else if (frame.key == nullptr) {
      frame.key = &node;
      frame.last_key = node.text;
      frame.mark = mark;
    } else {
      if (node.is_null()) {  // yaml-cpp places a value that is absent at whatever comes next
        node.line = frame.key->line;
        node.column = frame.key->column;
      }
      if (accept_key(frame)) frame.node->members.push_back({frame.key, &node});
      frame.key = nullptr;
    }
  }

  bool accept_key(Frame& frame) {
    const Node& key = *frame.key;
    const auto refuse = [&](std::string_view code, const std::string& message, const std::string& remedy) {
      frame.key = nullptr;  // so that the fault's path names the mapping
      fault(code, frame.mark, message, remedy);
      return false;
    };
    if (!key.scalar())
      return refuse(code::kBadKey, key.is_null() ? "a key is missing here" : "a key is text, not a list or mapping",
                    "");
    if (!key.tag.empty() || key.text.empty() || key.text.starts_with('!'))
      return refuse(code::kBadKey, "a key is not empty, carries no tag and does not begin with \"!\"", "");
    if (key.kind == Node::Kind::plain && key.text == "<<")
      return refuse(code::kMergeKey, "merge keys (<<) are not supported", "write the keys out");
    if (!frame.seen.insert(key.text).second)
      return refuse(code::kDuplicateKey,
                    "the key " + in_quotes(key.text) + " stands twice in this mapping" + first_line(frame, key.text),
                    "remove one of them");
    return true;
  }
  static std::string first_line(const Frame& frame, const std::string& key) {
    for (const auto& member : frame.node->members)
      if (member.key->text == key) return ", first in line " + std::to_string(member.key->line);
    return {};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    Node& node = make(mark, kind, anchor);
    if (tag == "!secret" || tag == "!env")
      fault(code::kTagName, mark, tag + " is followed by a name", "write " + tag + " NAME");
    else if (tag != "?" && !tag.empty() && tag != "!" && tag != "tag:yaml.org,2002:map" &&
             tag != "tag:yaml.org,2002:seq")
      unknown_tag(mark, tag);
    place(node, mark);
    stack_.push_back({.node = &node, .mark = mark, .seen = {}});
  }
  void close() {
    Node& node = *stack_.back().node;
    stack_.pop_back();
    const auto add = [&](const Node& child) {
      node.weight += child.weight;
      node.height = std::max(node.height, child.height + 1);
    };
    for (const Node* child : node.items) add(*child);
    for (const auto& member : node.members) add(*member.value);
  }

  void unknown_tag(const YAML::Mark& mark, const std::string& tag) {
    fault(code::kTag, mark, "unknown tag " + in_quotes(tag) + did_you_mean(tag, {"!secret", "!env"}),
          "the tags are !secret NAME and !env NAME; quote the text if its ! is meant");
  }

  void check_expressions(const Node& node, const YAML::Mark& mark) {
    const auto scan = scan_expressions(node.text);
    if (scan.unclosed == std::string::npos) return;
    if (node.kind == Node::Kind::plain && followed_by_comment(mark, node.text)) {
      fault(code::kCutExpression, mark, "a comment begins inside ${…} and cuts it off", "put the whole text in quotes");
    } else {
      fault(code::kUnclosedExpression, mark, "${ is never closed by }", "close it, or write $${ for a literal ${");
    }
  }
  /// Only a scalar on one line: YAML allows no comment within one that goes on.
  bool followed_by_comment(const YAML::Mark& mark, const std::string& text) const {
    const auto line = source_.line(mark.line + 1);
    const auto start = line.find(text, static_cast<std::size_t>(mark.column));
    if (start == line.npos) return false;
    const auto rest = line.substr(start + text.size());
    const auto next = rest.find_first_not_of(" \t");
    return next != rest.npos && next > 0 && rest[next] == '#';
  }

  /// The word where a null was read: past its anchor, if any.
  std::string_view word_at(const YAML::Mark& mark) const {
    auto rest = source_.line(mark.line + 1);
    rest = rest.substr(std::min(rest.size(), static_cast<std::size_t>(mark.column)));
    if (rest.starts_with('&')) {
      rest.remove_prefix(std::min(rest.find(' '), rest.size()));
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    }
    return rest.substr(0, rest.find_first_of(" \t,]}:#"));
  }

  /// Lines that belong to a block or quoted text: from its start to what comes next.
  void note_text(const YAML::Mark& mark, const std::string& tag) {
    note_next(mark);
    if (tag != "?" && !source_.tabbed_lines().empty()) texts_.push_back({mark.line + 1, 0});
  }
  void note_next(const YAML::Mark& mark) {
    if (!texts_.empty() && texts_.back().second == 0 && mark.line + 1 > texts_.back().first)
      texts_.back().second = mark.line + 1;
  }
  bool in_text(int line) const {
    for (const auto& [first, next] : texts_)
      if (line > first && (next == 0 || line < next)) return true;
    return false;
  }
  void report_tab(int line) {
    const auto content = source_.line(line);
    const auto at = source_.position(line - 1, static_cast<int>(content.find('\t')));
    faults_.push_back({.code = std::string(code::kTab),
                       .at = at,
                       .path = {},
                       .message = "a tab in the indentation",
                       .remedy = "indent with spaces"});
  }

  const Source& source_;
  Document& document_;
  Faults& faults_;
  Options options_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node*> anchors_;
  std::vector<std::pair<int, int>> texts_;
  std::size_t total_ = 0;
  YAML::Mark last_quoted_ = YAML::Mark::null_mark();
  bool started_ = false;
};

/// What yaml-cpp says, in words that help.
std::string explain(const std::string& message) {
  struct Phrase {
    std::string_view theirs, ours;
  };
  static constexpr auto kPhrases = std::to_array<Phrase>({
      {"illegal map value", "a second \": \" in one line; quote the text if it belongs to it"},
      {"illegal map key", "a key cannot stand here"},
      {"end of map not found",
       "this line does not fit the mapping above: look at its indentation, and for a missing \":\""},
      {"end of sequence not found",
       "this line does not fit the list above: look at its indentation, and for a missing \"-\""},
      {"end of map flow not found", "a {…} is not closed, or lacks a comma"},
      {"end of sequence flow not found", "a […] is not closed, or lacks a comma"},
      {"illegal EOF in scalar", "a quote is never closed"},
      {"illegal block entry", "a list item cannot stand here"},
      {"illegal flow end", "a closing bracket that nothing opened"},
      {"unknown token", "a text cannot begin with this character; quote it"},
      {"unknown escape character", "an unknown escape in double quotes; single quotes take \\ as it is"},
      {"the referenced anchor is not defined",
       "an alias (*name) without its anchor (&name); quote the text if its * is meant"},
      {"bad file", "nested deeper than the parser goes"},
  });
  for (const auto& phrase : kPhrases)
    if (message.starts_with(phrase.theirs)) return std::string(phrase.ours);
  return "not valid YAML: " + message;
}

Fault syntax_fault(const Source& source, const YAML::Exception& error) {
  const auto make = [&](std::string_view code, Position at, std::string message, std::string remedy) {
    return Fault{.code = std::string(code),
                 .at = std::move(at),
                 .path = {},
                 .message = std::move(message),
                 .remedy = std::move(remedy)};
  };
  const int line = std::max(error.mark.line, 0), byte = std::max(error.mark.column, 0);
  if (error.msg == YAML::ErrorMsg::TAB_IN_INDENTATION)
    return make(code::kTab, source.position(line, byte), "a tab in the indentation", "indent with spaces");
  const auto content = source.line(line + 1);
  const auto here = static_cast<std::size_t>(byte);
  auto expression = std::string_view::npos;
  if (here > 0 && here < content.size() && content.substr(here - 1, 2) == "${") expression = here - 1;
  if (expression == content.npos) expression = source.expression_in_flow(line + 1);
  if (expression != content.npos)
    return make(code::kUnquotedExpression, source.position(line, static_cast<int>(expression)),
                "${…} needs quotes inside {…} and […]: YAML reads its { as a mapping of its own",
                "put the whole text in quotes: \"${…}\"");
  expression = source.open_expression(line + 1, here + 1);
  if (expression != content.npos)
    return make(code::kUnquotedExpression, source.position(line, static_cast<int>(expression)),
                "this ${…} needs quotes: YAML reads a \": \" within it as the end of a key",
                "put the whole text in quotes: '…${…}…'");
  return make(code::kSyntax, source.position(line, byte), explain(error.msg), "");
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key->text == key) return member.value;
  return nullptr;
}

std::unique_ptr<Document> parse(std::string_view text, const std::string& file, Faults& faults, Options options) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark says nothing in UTF-8
  const Source source(text, file);
  if (auto fault = source.encoding_fault()) {
    faults.push_back(std::move(*fault));
    return nullptr;
  }
  auto document = std::make_unique<Document>();
  Builder builder(source, *document, faults, options);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    builder.report_tabs();
    if (builder.report_open_quote()) return nullptr;
    return document;
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    if (builder.report_tab_near(error.mark.line + 1)) return nullptr;
    auto fault = syntax_fault(source, error);
    // An expression that YAML cut at ": " looked unclosed before it turned out to be no YAML at all.
    std::erase_if(faults, [&](const Fault& other) {
      return other.code == code::kUnclosedExpression && other.at.file == file && other.at.line == fault.at.line;
    });
    faults.push_back(std::move(fault));
  } catch (const std::exception& error) {
    faults.push_back({.code = std::string(code::kSyntax),
                      .at = {file, 0, 0},
                      .path = {},
                      .message = "not valid YAML",
                      .remedy = {}});
  }
  return nullptr;
}

}  // namespace milepost::config::yaml
