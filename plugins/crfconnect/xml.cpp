#include "plugins/crfconnect/xml.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace milepost::crfconnect {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; }

/// What XML 1.0 lets stand in a document.
bool is_char(std::uint32_t code) {
  return code == 0x9 || code == 0xA || code == 0xD || (code >= 0x20 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

/// The code point at the front of `text` and its length; length 0: no UTF-8.
std::pair<std::uint32_t, std::size_t> decoded(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (size == 0 || first > 0xF4 || text.size() < size) return {0, 0};
  std::uint32_t code = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return code < kLeast[size] ? std::pair<std::uint32_t, std::size_t>{0, 0} : std::pair{code, size};
}

void append(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6), tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0);
  }
}

class Reader {
 public:
  Reader(std::string_view source, const XmlLimits& limits) : source_(source), limits_(limits) {}

  Result<XmlElement> read() {
    take("\xEF\xBB\xBF");
    XmlElement root;
    if (document(root)) return root;
    return fail(ErrorKind::permanent, "not valid XML: " + fault_ + " at byte " + std::to_string(at_ + 1));
  }

 private:
  bool wrong(std::string_view what) {
    if (fault_.empty()) fault_ = what;
    return false;
  }
  bool ended() const { return at_ == source_.size(); }
  std::string_view rest() const { return source_.substr(at_); }
  bool take(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  void spaces() {
    while (!ended() && is_space(source_[at_])) ++at_;
  }

  bool document(XmlElement& root) {
    if (rest().starts_with("<?xml") && rest().size() > 5 && is_space(rest()[5]) && !past("?>")) return false;
    if (!misc()) return false;
    if (ended()) return wrong("no element");
    if (!take("<")) return wrong("text outside the root");
    if (!elements(root)) return false;
    if (!misc()) return false;
    return ended() || wrong("something behind the root");
  }

  /// Everything up to and with `end`.
  bool past(std::string_view end) {
    const auto found = source_.find(end, at_);
    if (found == source_.npos) return wrong("an unfinished declaration or comment");
    at_ = found + end.size();
    return true;
  }
  /// Comments, processing instructions and spaces.
  bool misc() {
    for (spaces(); !ended(); spaces()) {
      if (rest().starts_with("<!--") || rest().starts_with("<?")) {
        if (!skip()) return false;
      } else if (rest().starts_with("<!")) {
        return wrong("a document type, which is not read");
      } else {
        return true;
      }
    }
    return true;
  }
  bool skip() {
    if (!take("<!--")) return past("?>");
    const auto dashes = source_.find("--", at_);
    if (dashes == source_.npos || !source_.substr(dashes).starts_with("-->")) return wrong("a malformed comment");
    at_ = dashes + 3;
    return true;
  }

  bool name(std::string& out) {
    const auto begin = at_;
    if (ended() || !is_name_start(source_[at_])) return wrong("no name");
    while (!ended() && is_name(source_[at_])) {
      const auto [code, size] = decoded(rest());
      if (size == 0) return wrong("no UTF-8");
      at_ += size;
    }
    out = source_.substr(begin, at_ - begin);
    return true;
  }

  /// One character or reference of text.
  bool character(std::string& out) {
    if (source_[at_] == '&') return reference(out);
    const auto [code, size] = decoded(rest());
    if (size == 0) return wrong("no UTF-8");
    if (!is_char(code)) return wrong("a character that XML cannot hold");
    if (code == '\r') {  // one line feed, as XML has it
      out += '\n';
      at_ += rest().starts_with("\r\n") ? 2 : 1;
      return true;
    }
    out.append(source_.substr(at_, size));
    at_ += size;
    return true;
  }
  bool reference(std::string& out) {
    const auto end = source_.find(';', at_);
    if (end == source_.npos || end - at_ > 10) return wrong("a malformed reference");
    const auto body = source_.substr(at_ + 1, end - at_ - 1);
    constexpr std::pair<std::string_view, char> known[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    const auto named =
        std::find_if(std::begin(known), std::end(known), [&](const auto& one) { return one.first == body; });
    if (named != std::end(known)) {
      out += named->second;
    } else if (const auto code = numbered(body); code && is_char(*code)) {
      append(out, *code);
    } else {
      return wrong("an unknown reference");
    }
    at_ = end + 1;
    return true;
  }
  static std::optional<std::uint32_t> numbered(std::string_view body) {
    if (!body.starts_with('#')) return std::nullopt;
    const bool hexadecimal = body.starts_with("#x");
    body.remove_prefix(hexadecimal ? 2 : 1);
    if (body.empty() || body.size() > 7) return std::nullopt;
    std::uint32_t code = 0;
    for (const char c : body) {
      const int digit = c >= '0' && c <= '9'                  ? c - '0'
                        : hexadecimal && c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : hexadecimal && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                              : -1;
      if (digit < 0) return std::nullopt;
      code = code * (hexadecimal ? 16 : 10) + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  /// Behind the "<" of a start tag; `open` tells whether content follows.
  bool start_tag(XmlElement& element, bool& open) {
    if (++elements_ > limits_.elements) return wrong("too many elements");
    if (!name(element.name)) return false;
    for (;;) {
      const auto before = at_;
      spaces();
      if (take("/>")) return open = false, true;
      if (take(">")) return open = true, true;
      if (ended()) return wrong("an unfinished tag");
      if (at_ == before) return wrong("a malformed tag");
      std::string key, value;
      if (!name(key)) return false;
      spaces();
      if (!take("=")) return wrong("an attribute without a value");
      spaces();
      if (ended() || (source_[at_] != '"' && source_[at_] != '\'')) return wrong("an attribute's value without quotes");
      const char quote = source_[at_++];
      while (!ended() && source_[at_] != quote) {
        if (source_[at_] == '<') return wrong("a \"<\" in an attribute");
        if (!character(value)) return false;
      }
      if (ended()) return wrong("an unfinished attribute");
      ++at_;
      for (const auto& [known, ignored] : element.attributes)
        if (known == key) return wrong("an attribute twice");
      element.attributes.emplace_back(std::move(key), std::move(value));
    }
  }

  /// Behind the "<" of the root's start tag. Without recursion: depth costs no stack.
  bool elements(XmlElement& root) {
    bool open = false;
    if (!start_tag(root, open)) return false;
    std::vector<XmlElement> path;
    path.push_back(std::move(root));
    const auto close = [&] {
      XmlElement done = std::move(path.back());
      path.pop_back();
      if (path.empty())
        root = std::move(done);
      else
        path.back().children.push_back(std::move(done));
    };
    if (!open) close();
    while (!path.empty()) {
      if (ended()) return wrong("an element that does not end");
      if (source_[at_] != '<') {
        if (rest().starts_with("]]>")) return wrong("a \"]]>\" in text");
        if (!character(path.back().text)) return false;
      } else if (take("</")) {
        std::string ending;
        if (!name(ending)) return false;
        spaces();
        if (!take(">")) return wrong("a malformed end tag");
        if (ending != path.back().name) return wrong("an end tag of another element");
        close();
      } else if (take("<![CDATA[")) {
        if (!cdata(path.back().text)) return false;
      } else if (rest().starts_with("<!--") || rest().starts_with("<?")) {
        if (!skip()) return false;
      } else if (rest().starts_with("<!")) {
        return wrong("a declaration inside an element");
      } else {
        take("<");
        if (path.size() == limits_.depth) return wrong("nested too deep");
        path.emplace_back();
        if (!start_tag(path.back(), open)) return false;
        if (!open) close();
      }
    }
    return true;
  }
  bool cdata(std::string& out) {
    while (!take("]]>")) {
      if (ended()) return wrong("an unfinished CDATA section");
      if (source_[at_] == '&')
        out += source_[at_++];
      else if (!character(out))
        return false;
    }
    return true;
  }

  std::string_view source_;
  const XmlLimits& limits_;
  std::size_t at_ = 0, elements_ = 0;
  std::string fault_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const auto& one) { return one.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::value(std::string_view wanted) const {
  const auto* found = child(wanted);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

std::string_view XmlElement::attribute(std::string_view wanted) const {
  for (const auto& [key, value] : attributes)
    if (key == wanted) return value;
  return {};
}

Result<XmlElement> read_xml(std::string_view source, const XmlLimits& limits) { return Reader(source, limits).read(); }

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        out += c;
    }
  return out;
}

}  // namespace milepost::crfconnect
