#include "host/cases/update.hpp"

#include <algorithm>

#include "host/config/fault_codes.hpp"
#include "host/config/yaml_source.hpp"

namespace milepost::cases {
namespace {

using config::yaml::Node;

constexpr std::size_t kLine = 110;

bool plain_word(const std::string& text) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
  constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/@+ ";
  constexpr std::string_view kTyped[] = {"true", "false", "null"};
  return !text.empty() && kFirst.contains(text.front()) && text.find_first_not_of(kRest) == text.npos && text.back() != ' ' &&
         std::ranges::find(kTyped, text) == std::end(kTyped);
}

std::string scalar(const Json& value) {
  if (value.is_string()) return plain_word(value.get<std::string>()) ? value.get<std::string>() : milepost::text(value);
  return milepost::text(value);
}

/// The bytes of a file, and where its nodes stand in them.
class Places {
 public:
  explicit Places(const std::string& text) : text_(text) {
    lines_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') lines_.push_back(i + 1);
  }

  std::size_t begin(const Node& node) const {
    std::size_t at = lines_[static_cast<std::size_t>(node.line - 1)];
    for (int column = 1; column < node.column && at < text_.size(); ++column) {
      ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) ++at;
    }
    // Nothing, written or left out, stands where its key begins: it belongs behind the colon.
    if (!node.is_null() || is_word(at)) return at;
    const auto colon = std::min(text_.find(':', at), line_end(at) - 1) + 1;
    const auto word = text_.find_first_not_of(' ', colon);
    return word != text_.npos && is_word(word) ? word : colon;
  }
  /// Past the last byte of what begins there; npos where that cannot be told.
  std::size_t end(const Node& node) const {
    const auto at = begin(node);
    if (at >= text_.size()) return at;
    if (text_[at] == '"' || text_[at] == '\'') return past_quotes(at);
    if (text_[at] == '{' || text_[at] == '[') return past_brackets(at);
    if (text_[at] == '|' || text_[at] == '>' || text_[at] == '*' || text_[at] == '&' || text_[at] == '!') return text_.npos;
    if (node.scalar()) return past_word(at);
    return node.is_null() ? at + (is_word(at) ? 4 : 0) : past_block(node);
  }
  bool in_flow(std::size_t at) const {
    int depth = 0;
    for (std::size_t i = 0; i < at;) {
      if (comment(i)) {
        i = line_end(i);
      } else if (opens_quote(i)) {
        i = past_quotes(i);
        if (i == text_.npos) return false;
      } else {
        depth += text_[i] == '{' || text_[i] == '[' ? 1 : text_[i] == '}' || text_[i] == ']' ? -1 : 0;
        ++i;
      }
    }
    return depth > 0;
  }
  /// After the last line of a block that begins at the node.
  std::size_t past_block(const Node& node) const {
    const auto indent = static_cast<std::size_t>(node.column - 1);
    std::size_t last = line_end(begin(node));
    for (auto line = static_cast<std::size_t>(node.line); line < lines_.size(); ++line) {
      const auto start = lines_[line], end = line_end(start);
      const auto first = text_.find_first_not_of(' ', start);
      if (first == text_.npos || first >= end || text_[first] == '#') continue;
      if (first - start < indent) break;
      // A list may stand as deep as the key that it belongs to: then the next key ends it.
      if (node.is_list() && first - start == indent && text_[first] != '-') break;
      last = end;
    }
    return last;
  }

 private:
  bool is_word(std::size_t at) const {
    return text_.compare(at, 4, "null") == 0 && (at + 4 >= text_.size() || std::string_view(" ,}]\r\n").contains(text_[at + 4]));
  }
  std::size_t line_end(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }
  bool comment(std::size_t at) const { return text_[at] == '#' && (at == 0 || text_[at - 1] == ' ' || text_[at - 1] == '\n'); }
  bool opens_quote(std::size_t at) const {
    return (text_[at] == '"' || text_[at] == '\'') && (at == 0 || std::string_view(" ,[{:\n").contains(text_[at - 1]));
  }
  std::size_t past_quotes(std::size_t at) const {
    const char quote = text_[at];
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') ++at;
      else if (text_[at] == quote && quote == '\'' && at + 1 < text_.size() && text_[at + 1] == quote) ++at;
      else if (text_[at] == quote) return at + 1;
    }
    return text_.npos;
  }
  std::size_t past_brackets(std::size_t at) const {
    int depth = 0;
    while (at < text_.size()) {
      if (comment(at)) {
        at = line_end(at);
      } else if (opens_quote(at)) {
        at = past_quotes(at);
        if (at == text_.npos) return at;
      } else {
        depth += text_[at] == '{' || text_[at] == '[' ? 1 : text_[at] == '}' || text_[at] == ']' ? -1 : 0;
        ++at;
        if (depth == 0) return at;
      }
    }
    return text_.npos;
  }
  std::size_t past_word(std::size_t at) const {
    const auto end = line_end(at);
    const bool flow = in_flow(at);
    auto stop = at;
    for (; stop < end; ++stop) {
      if (comment(stop)) break;
      if (flow && (text_[stop] == ',' || text_[stop] == '}' || text_[stop] == ']')) break;
    }
    while (stop > at && (text_[stop - 1] == ' ' || text_[stop - 1] == '\r')) --stop;
    return stop;
  }

  const std::string& text_;
  std::vector<std::size_t> lines_;
};

struct Edit {
  std::size_t begin, end;
  std::string text;
};

std::string list_block(const Json& list, std::size_t indent) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : "\n" + std::string(indent, ' ')) + "- " + flow(item);
  return out;
}

/// nullopt: it is to be changed by hand.
std::optional<Edit> edit_of(const Mismatch& mismatch, const Places& places) {
  if (mismatch.value.is_discarded()) return std::nullopt;
  const Node& node = *mismatch.node;
  const auto begin = places.begin(node), end = places.end(node);
  if (end == std::string::npos) return std::nullopt;
  const Json value = in_the_shape_of(node, mismatch.value);
  const std::string gap = node.is_null() && begin == end ? " " : "";
  if (node.is_list() && value.is_array() && !value.empty() && !places.in_flow(begin) && end != begin && flow(value).size() > 60)
    return Edit{begin, end, list_block(value, static_cast<std::size_t>(node.column - 1))};
  return Edit{begin, end, gap + flow(value)};
}

}  // namespace

std::string flow(const Json& value) {
  std::string out;
  if (value.is_array()) {
    for (const auto& item : value) out += (out.empty() ? "" : ", ") + flow(item);
    return "[" + out + "]";
  }
  if (!value.is_object()) return scalar(value);
  for (const auto& [key, member] : value.items())
    out += (out.empty() ? "" : ", ") + scalar(Json(key)) + ": " + flow(member);
  return "{" + out + "}";
}

std::string block(const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  for (const auto& [key, member] : value.items()) {
    const std::string head = margin + scalar(Json(key)) + ":";
    const std::string line = head + " " + flow(member);
    if (!member.is_structured() || member.empty() || line.size() <= kLine)
      out += line + "\n";
    else if (member.is_object())
      out += head + "\n" + block(member, indent + 2);
    else {
      out += head + "\n";
      for (const auto& item : member) {
        const std::string one = margin + "  - " + flow(item);
        if (one.size() <= kLine || !item.is_object()) {
          out += one + "\n";
          continue;
        }
        std::string inner = block(item, indent + 4);
        inner.replace(indent + 2, 1, "-");
        out += inner;
      }
    }
  }
  return out;
}

Json first_expectation(const Json& outcome) {
  Json out = Json::object(), events = Json::array();
  for (const auto& event : outcome["events"]) {
    Json one = Json::object();
    for (const char* key : {"answer", "state", "reason"})
      if (event.contains(key) && !(std::string_view(key) == "answer" && event[key] == "accepted")) one[key] = event[key];
    if (event.contains("steps") && !event["steps"].empty())
      for (const auto& [step, story] : event["steps"].items()) one["steps"][step] = story["outcome"];
    events.push_back(std::move(one));
  }
  out["events"] = events.size() == 1 ? events[0] : events;
  Json sent = Json::object();
  for (const auto& [use, count] : outcome["sent"].items())
    if (use.contains('.')) sent[use] = count;
  if (!sent.empty()) out["sent"] = std::move(sent);
  Json alerts = Json::array();
  for (const auto& alert : outcome["alerts"]) alerts.push_back(alert["type"]);
  if (!alerts.empty()) out["alerts"] = std::move(alerts);
  Json loans = outcome["loans"];
  for (auto& loan : loans) loan = said_of(std::move(loan));
  if (!loans.empty()) out["loans"] = std::move(loans);
  return out;
}

Updated update(const CaseFile& file, const std::vector<const Verdict*>& results) {
  Updated out;
  const Places places(file.text);
  std::vector<Edit> edits;
  const auto by_hand = [&](const config::Position& at, const std::string& path, const std::string& why) {
    out.kept.push_back({std::string(config::code::kNeverMatches), at, path, why, "change it by hand", false});
  };
  for (const auto* result : results) {
    if (!result->played.failure.empty()) continue;
    const Node* expect = result->what->expect;
    if (expect == nullptr || expect->is_null()) {
      const Node& node = *result->what->node;
      const Json value = first_expectation(result->played.outcome);
      const auto indent = static_cast<std::size_t>(node.column - 1);
      if (expect != nullptr) {
        edits.push_back({places.begin(*expect), places.end(*expect), "\n" + block(value, indent + 2)});
        if (edits.back().text.ends_with('\n')) edits.back().text.pop_back();
      } else if (!places.in_flow(places.begin(node)) && file.text[places.begin(node)] != '{') {
        const auto end = places.past_block(node);
        auto text = "\n" + std::string(indent, ' ') + "expect:\n" + block(value, indent + 2);
        text.pop_back();
        edits.push_back({end, end, std::move(text)});
      } else {
        by_hand(result->what->at, "", "a case that stands in {…} cannot be given an `expect`");
      }
      continue;
    }
    for (const auto& mismatch : result->mismatches) {
      if (auto edit = edit_of(mismatch, places)) edits.push_back(std::move(*edit));
      else by_hand(mismatch.at, mismatch.path, "expected " + mismatch.expected + "; but came " + mismatch.actual);
    }
  }
  std::ranges::sort(edits, {}, &Edit::begin);
  std::size_t from = 0;
  for (const auto& edit : edits) {
    if (edit.begin < from) continue;  // shared by two cases, through an alias: once is enough
    out.text += file.text.substr(from, edit.begin - from) + edit.text;
    from = edit.end;
    ++out.changes;
  }
  out.text += file.text.substr(from);
  return out;
}

}  // namespace milepost::cases
