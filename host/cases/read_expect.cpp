#include "host/cases/read_expect.hpp"

#include <algorithm>

#include "host/config/fault_codes.hpp"
#include "host/config/host_events.hpp"
#include "host/config/mapping.hpp"
#include "host/config/words.hpp"

namespace milepost::cases {
namespace {

using config::Mapping;
using config::code::kCaseName;
using config::yaml::Node;
using Words = std::vector<std::string>;

class Check {
 public:
  explicit Check(const Expecting& expecting)
      : known_(expecting.known), pipelines_(expecting.pipelines), report_(expecting.report) {
    for (const auto& name : pipelines_)
      for (const auto& step : known_.program(name)->steps)
        if (!step.definition.connection.empty()) {
          actions_.push_back(step.definition.use);
          actions_.push_back(step.definition.use.substr(0, step.definition.use.find('.')));
        }
  }

  void run(const Node& expect, const std::string& path) {
    Mapping map(&expect, "expect", path, report_);
    list(map.take("events"), map.path("events"), [&](const Node& node, const std::string& at) { event(node, at); });
    by_name(map.take("sent"), map.path("sent"), actions_, "step that sends by",
            [&](const Node& node, const std::string& at) { number(node, at); });
    by_name(map.take("requests"), map.path("requests"), known_.vendors, "double of a vendor",
            [&](const Node& node, const std::string& at) {
              list(&node, at, [&](const Node& one, const std::string& where) {
                if (!one.scalar()) keys(one, where, {"method", "path", "query", "body", "status"});
              });
            });
    by_name(map.take("holds"), map.path("holds"), known_.vendors, "double of a vendor", [](const Node&, const std::string&) {});
    list(map.take("audit"), map.path("audit"), [&](const Node& node, const std::string& at) {
      if (!node.scalar())
        keys(node, at, {"kind", "user", "action", "subject", "pipeline", "step", "outcome", "details"});
    });
    list(map.take("alerts"), map.path("alerts"), [&](const Node& node, const std::string& at) { alert(node, at); });
    Mapping loans(map.take("loans"), map.path("loans"), report_);
    map.refuse_the_rest();
  }

 private:
  /// One alone, a list, or a number: how many.
  template <class Visit>
  void list(const Node* node, const std::string& path, Visit visit) {
    if (node == nullptr || node->is_null() || is_count(*node)) return;
    if (!node->is_list()) return visit(*node, path);
    for (std::size_t i = 0; i < node->items.size(); ++i) visit(*node->items[i], config::item(path, i));
  }
  static bool is_count(const Node& node) {
    return node.kind == Node::Kind::plain && !node.text.empty() && node.text.find_first_not_of("0123456789") == std::string::npos;
  }
  void number(const Node& node, const std::string& path) {
    if (!is_count(node))
      report_.fault(config::code::kInteger, node, path, "expected how many, found " + config::describe(node));
  }
  template <class Visit>
  void by_name(const Node* node, const std::string& path, const Words& valid, const std::string& kind, Visit visit) {
    Mapping map(node, path, report_);
    if (!map.given()) return;
    for (const auto& [name, value] : node->members) {
      one_of(*name, map.path(name->text), valid, kind);
      visit(*value, map.path(name->text));
    }
  }
  void one_of(const Node& node, const std::string& path, const Words& valid, const std::string& kind) {
    if (std::ranges::find(valid, node.text) != valid.end()) return;
    const auto near = config::did_you_mean(node.text, valid);
    report_.fault(kCaseName, node, path, "there is no " + kind + " " + config::in_quotes(node.text) + near,
                  near.empty() ? "there are: " + config::listed(valid) : "");
  }
  void keys(const Node& node, const std::string& path, std::initializer_list<const char*> names) {
    Mapping map(&node, path, report_);
    for (const char* name : names) map.take(name);
    map.refuse_the_rest();
  }

  void event(const Node& node, const std::string& path) {
    Mapping map(&node, "expected_event", path, report_);
    if (!map.given()) return;
    map.choice("answer");
    map.choice("state");
    for (const char* key : {"id", "type", "subject", "actor", "reason", "late"}) map.take(key);
    auto name = pipelines_.front();
    if (const auto wanted = map.text("pipeline")) {
      one_of(*node.find("pipeline"), map.path("pipeline"), pipelines_, "pipeline of this file");
      name = *wanted;
    }
    const Node* steps = map.take("steps");
    map.refuse_the_rest();
    const auto* program = known_.program(name);
    if (steps == nullptr || program == nullptr) return;
    Words ids;
    for (const auto& step : program->steps) ids.push_back(step.definition.id);
    by_name(steps, map.path("steps"), ids, "step",
            [&](const Node& step, const std::string& at) { outcome(step, at); });
  }

  void outcome(const Node& node, const std::string& path) {
    if (node.scalar()) {
      word(node, path);
      return;
    }
    Mapping map(&node, "outcome", path, report_);
    if (const Node* outcome = map.take("outcome")) word(*outcome, map.path("outcome"));
    for (const char* key : {"attempts", "answer", "reason", "values"}) map.take(key);
    map.refuse_the_rest();
  }
  void word(const Node& node, const std::string& path) {
    const Words words(std::begin(kOutcomes), std::end(kOutcomes));
    if (std::ranges::find(words, node.text) == words.end())
      report_.fault(config::code::kChoice, node, path,
                    "expected one of " + config::listed(words) + ", found " + config::describe(node) +
                        config::did_you_mean(node.text, words));
  }

  void alert(const Node& node, const std::string& path) {
    const Node* type = &node;
    if (!node.scalar()) {
      keys(node, path, {"type", "subject", "payload"});
      type = node.find("type");
    }
    if (type == nullptr || type->text.contains('*')) return;
    const Words types(config::host_event::kAll.begin(), config::host_event::kAll.end());
    one_of(*type, path, types, "alert");
  }

  const Known& known_;
  const Words& pipelines_;
  config::Report& report_;
  Words actions_;
};

}  // namespace

void check_expectation(const Node& expect, const std::string& path, const Expecting& expecting) {
  Check(expecting).run(expect, path);
}

}  // namespace milepost::cases
