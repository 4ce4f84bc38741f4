#include "host/cases/compare.hpp"

#include <algorithm>

#include "host/cases/case.hpp"
#include "host/config/words.hpp"

namespace milepost::cases {
namespace {

using config::yaml::Node;

constexpr std::size_t kWide = 160;

std::string shortened(std::string line) {
  std::ranges::replace(line, '\n', ' ');
  if (line.size() <= kWide) return line;
  auto end = kWide;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "…";
}

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : text(value); }

/// `*` stands for any text.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, after = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++after;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_count(const Node& node) {
  return node.kind == Node::Kind::plain && !node.text.empty() && node.text.find_first_not_of("0123456789") == std::string::npos;
}

std::string shown(const Node& node) {
  if (node.is_null()) return "nothing";
  if (node.scalar()) return node.text;
  std::string out;
  if (node.is_list()) {
    for (const auto* item : node.items) out += (out.empty() ? "" : ", ") + shown(*item);
    return "[" + out + "]";
  }
  for (const auto& [key, value] : node.members) out += (out.empty() ? "" : ", ") + key->text + ": " + shown(*value);
  return "{" + out + "}";
}

/// The same for what came: its headline where it has one.
std::string shown(const Json& value) {
  if (value.is_null() || value.is_discarded()) return "nothing";
  if (value.is_array()) {
    std::string out;
    for (const auto& item : value) out += (out.empty() ? "" : ", ") + shown(item);
    return "[" + out + "]";
  }
  if (const auto head = headline(value); !head.empty()) return head;
  return plain(value);
}

class Comparison {
 public:
  explicit Comparison(std::string file) : file_(std::move(file)) {}

  void run(const Node& expect, const Json& outcome) {
    for (const auto& [key, value] : expect.members) {
      const auto found = outcome.find(key->text);
      const Json* actual = found == outcome.end() ? nullptr : &*found;
      if (key->text == "audit" && !is_count(*value) && actual != nullptr)
        rows(*value, *actual, key->text);
      else
        match(*value, actual, key->text);
    }
  }
  std::vector<Mismatch> take() { return std::move(mismatches_); }

 private:
  void match(const Node& node, const Json* actual, const std::string& path) {
    if (node.scalar() || node.is_null()) return scalar(node, actual, path);
    if (actual == nullptr) return differ(node, Json(nullptr), path);
    if (actual->is_array()) return node.is_list() ? list(node, *actual, path) : alone(node, *actual, path);
    if (node.is_list()) return differ(node, *actual, path);
    if (!actual->is_object()) return differ(node, *actual, path);
    for (const auto& [key, value] : node.members) {
      const auto found = actual->find(key->text);
      match(*value, found == actual->end() ? nullptr : &*found, path + "." + config::in_path(key->text));
    }
  }

  void scalar(const Node& node, const Json* actual, const std::string& path) {
    if (actual == nullptr || actual->is_null()) {
      if (!node.is_null() && node.text != "0") differ(node, is_count(node) ? Json(0) : Json(nullptr), path, "nothing");
      return;
    }
    if (node.is_null()) return differ(node, *actual, path);
    if (actual->is_structured() && is_count(node)) {
      if (std::to_string(actual->size()) != node.text) differ(node, Json(actual->size()), path, shown(*actual));
      return;
    }
    if (actual->is_array()) return alone(node, *actual, path);
    const std::string came = actual->is_object() ? headline(*actual) : plain(*actual);
    const bool outcome = actual->is_object() ? actual->contains("outcome") : path.ends_with(".outcome");
    if (fits(node.text, came) || (outcome && stands_for(node.text, came))) return;
    // Why a step did what it did belongs to it.
    std::string why = came;
    if (actual->is_object() && actual->contains("reason")) why += ": " + plain((*actual)["reason"]);
    if (actual->is_object() && came == "not_run" && actual->contains("values")) why += ", since " + text((*actual)["values"]);
    differ(node, actual->is_object() ? Json(came) : *actual, path, why);
  }

  /// One alone stands for a list of one.
  void alone(const Node& node, const Json& actual, const std::string& path) {
    if (actual.size() == 1) return match(node, &actual[0], path);
    differ(node, actual, path);
  }
  void list(const Node& node, const Json& actual, const std::string& path) {
    if (node.items.size() != actual.size())
      return differ(node, actual, path, std::to_string(actual.size()) + ": " + shown(actual));
    for (std::size_t i = 0; i < node.items.size(); ++i) match(*node.items[i], &actual[i], config::item(path, i));
  }

  bool holds(const Node& node, const Json& actual) const {
    Comparison probe(file_);
    probe.match(node, &actual, "");
    return probe.mismatches_.empty();
  }
  void rows(const Node& node, const Json& actual, const std::string& path) {
    const std::vector<const Node*> wanted = node.is_list() ? node.items : std::vector<const Node*>{&node};
    std::size_t next = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::size_t at = next;
      while (at < actual.size() && !holds(*wanted[i], actual[at])) ++at;
      if (at < actual.size()) {
        next = at + 1;
        continue;
      }
      std::string rest;
      for (std::size_t k = next; k < actual.size(); ++k) rest += (rest.empty() ? "" : ", ") + headline(actual[k]);
      differ(*wanted[i], Json(Json::value_t::discarded), config::item(path, i),
             "no such row" + (rest.empty() ? (next == 0 ? ": there is none" : ": there is none after the one before")
                                           : " among " + rest));
    }
  }

  void differ(const Node& node, Json actual, const std::string& path, std::string came = {}) {
    if (came.empty()) came = shown(actual);
    mismatches_.push_back({{file_, node.line, node.column}, path, shortened(shown(node)), shortened(std::move(came)),
                           &node, std::move(actual)});
  }

  std::string file_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace

std::vector<Mismatch> compare(const Node& expect, const Json& outcome, const std::string& file) {
  Comparison comparison(file);
  comparison.run(expect, outcome);
  return comparison.take();
}

Json in_the_shape_of(const Node& node, const Json& actual) {
  if (node.scalar() && actual.is_object()) return headline(actual);
  if (node.is_map() && actual.is_object()) {
    Json out = Json::object();
    for (const auto& [key, value] : node.members) {
      const auto found = actual.find(key->text);
      out[key->text] = found == actual.end() ? Json(nullptr) : in_the_shape_of(*value, *found);
    }
    return out;
  }
  if (actual.is_array()) {
    Json out = Json::array();
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (!node.is_list() || node.items.empty())
        out.push_back(headline(actual[i]).empty() ? actual[i] : Json(headline(actual[i])));
      else
        out.push_back(in_the_shape_of(*node.items[std::min(i, node.items.size() - 1)], actual[i]));
    }
    return out;
  }
  return actual;
}

std::string headline(const Json& value) {
  if (!value.is_object()) return {};
  const auto word = [&](const char* key) {
    const auto found = value.find(key);
    return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (value.contains("method")) return word("method") + " " + word("path");
  if (value.contains("action")) return word("action") + (word("outcome").empty() ? "" : " " + word("outcome"));
  if (value.contains("outcome")) return word("outcome");
  if (value.contains("state")) return word("state");
  if (value.contains("answer")) return word("answer");
  return word("type");
}

}  // namespace milepost::cases
