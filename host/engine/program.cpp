#include "host/engine/program.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "host/config/fault_codes.hpp"
#include "host/expression/paths.hpp"

namespace milepost::engine {
namespace {

using config::Fault;
using Kind = ProgramStep::Kind;
namespace code = config::code;

std::optional<Kind> built_in(const std::string& use) {
  static const std::map<std::string, Kind> kinds = {
      {"validate", Kind::validate}, {"track", Kind::track}, {"audit", Kind::audit}, {"set", Kind::set}, {"wait", Kind::wait}, {"emit", Kind::emit}};
  const auto found = kinds.find(use);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

/// Names N of every `steps.N` in an expression's or template's text.
std::set<std::string> answers_used(std::string_view source) {
  std::set<std::string> names;
  for (std::size_t at = 0; (at = source.find("steps.", at)) != source.npos;) {
    const bool whole = at == 0 || !(std::isalnum(static_cast<unsigned char>(source[at - 1])) || source[at - 1] == '_' || source[at - 1] == '.');
    at += 6;
    std::size_t end = at;
    while (end < source.size() && (std::isalnum(static_cast<unsigned char>(source[end])) || source[end] == '_')) ++end;
    if (whole && end > at) names.emplace(source.substr(at, end - at));
  }
  return names;
}

/// "/rules/0/check" -> ".rules[0].check": how faults name a place.
std::string dotted(const std::string& pointer) {
  std::string out;
  for (std::size_t at = 0; at < pointer.size();) {
    const auto end = std::min(pointer.find('/', at + 1), pointer.size());
    const auto token = pointer.substr(at + 1, end - at - 1);
    const bool index = !token.empty() && token.find_first_not_of("0123456789") == token.npos;
    out += index ? "[" + token + "]" : "." + token;
    at = end;
  }
  return out;
}

/// Compiles one pipeline, gathering faults with their places.
class Compiler {
 public:
  Compiler(const config::Pipeline& pipeline, const std::map<std::string, std::string>& schemas, const plugins::Registry& registry,
           config::Faults& faults)
      : pipeline_(pipeline), schemas_(schemas), registry_(registry), faults_(faults) {}

  std::shared_ptr<const Program> run() {
    auto program = std::make_shared<Program>();
    program->pipeline = pipeline_;
    for (const auto& step : pipeline_.steps) ids_.push_back(step.id);
    for (index_ = 0; index_ < pipeline_.steps.size(); ++index_) program->steps.push_back(compile(pipeline_.steps[index_]));
    return clean_ ? program : nullptr;
  }

 private:
  void fault(std::string_view code, const config::Position& at, const std::string& key, std::string message, std::string remedy) {
    faults_.push_back({std::string(code), at, "steps[" + std::to_string(index_) + "]" + key, std::move(message), std::move(remedy), false});
    clean_ = false;
  }
  config::Position place(const config::Step& step, const std::string& key) const {
    const auto at = step.key_at.find(key);
    return at == step.key_at.end() ? step.at : at->second;
  }
  static config::Position place(const config::Step& step, const config::Value& value, std::string pointer) {
    for (;; pointer.resize(pointer.rfind('/'))) {
      if (const auto at = value.at.find(pointer); at != value.at.end()) return at->second;
      if (pointer.empty()) return step.at;
    }
  }

  /// An answer may be used only by a later step: otherwise it is nil for ever, and nobody would notice.
  void check_answers(const std::string& source, const config::Position& at, const std::string& key) {
    for (const auto& name : answers_used(source)) {
      const auto found = std::find(ids_.begin(), ids_.end(), name);
      if (found == ids_.end()) {
        const auto near = config::nearest(name, ids_);
        fault(code::kLaterStep, at, key, "there is no step \"" + name + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"),
              "use the id of an earlier step");
      } else if (static_cast<std::size_t>(found - ids_.begin()) >= index_) {
        fault(code::kLaterStep, at, key, "the answer of \"" + name + "\" is used before it exists", "move this step below \"" + name + "\"");
      }
    }
  }
  template <class T>
  std::optional<T> take(Result<T> compiled, const std::string& source, const config::Position& at, const std::string& key) {
    if (!compiled) {
      const bool name = compiled.error().message.find("unknown name") != std::string::npos;
      fault(name ? code::kUnknownName : code::kExpression, at, key, compiled.error().message, "correct the expression");
      return std::nullopt;
    }
    check_answers(source, at, key);
    return std::move(*compiled);
  }

  ProgramStep compile(const config::Step& step) {
    ProgramStep out{.definition = step,
                    .when = {}, .when_reads = {}, .once = {}, .with = *expression::Tree::compile(Json::object()), .validation = {}, .policy = {}, .batch = {}, .action = {}, .plugin_digest = {}};
    out.fails_on = step.on_failure.value_or(pipeline_.on_failure) == config::OnFailure::dead_letter;
    if (!step.when.empty()) out.when = take(expression::Expression::compile(step.when), step.when, place(step, "when"), ".when");
    if (out.when) out.when_reads = expression::paths_in(step.when);
    if (!step.once.empty()) out.once = take(expression::Template::compile(step.once), step.once, place(step, "once"), ".once");
    if (const auto kind = built_in(step.use)) out.kind = *kind;
    if (out.kind == Kind::validate) compile_validation(step, out);
    else compile_with(step, out);
    if (out.kind == Kind::wait && step.with.json.contains("for") == step.with.json.contains("until"))
      fault(code::kShape, place(step, "use"), ".with", "wait takes either `for` or `until`", "write one of them");
    if (out.kind == Kind::action) find_action(step, out);
    out.looks = out.when || out.once || out.validation || !out.with.constant();
    return out;
  }

  void compile_with(const config::Step& step, ProgramStep& out) {
    auto tree = expression::Tree::compile(step.with.json.is_null() ? Json::object() : step.with.json);
    if (!tree) {
      for (auto& wrong : tree.error()) take<int>(fail(wrong.error), "", place(step, step.with, wrong.pointer), ".with" + dotted(wrong.pointer));
      return;
    }
    out.with = std::move(*tree);
    check_leaves(step, step.with.json, "");
  }
  void check_leaves(const config::Step& step, const Json& value, const std::string& pointer) {
    if (value.is_string()) {
      const auto& source = value.get_ref<const std::string&>();
      if (source.find("${") != source.npos) check_answers(source, place(step, step.with, pointer), ".with" + dotted(pointer));
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.items()) check_leaves(step, member, pointer + "/" + key);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) check_leaves(step, value[i], pointer + "/" + std::to_string(i));
    }
  }

  void compile_validation(const config::Step& step, ProgramStep& out) {
    std::string schema;
    if (auto file = get<std::string>(step.with.json, "/schema")) {
      const auto found = schemas_.find(*file);
      if (found != schemas_.end()) schema = found->second;  // a missing file is config's fault to report
    }
    auto compiled = expression::Validation::compile(step.with.json, schema);
    if (!compiled) {
      for (auto& wrong : compiled.error()) take<int>(fail(wrong.error), "", place(step, step.with, wrong.pointer), ".with" + dotted(wrong.pointer));
      return;
    }
    out.validation = std::make_shared<const expression::Validation>(std::move(*compiled));
    const Json* rules = find(step.with.json, "/rules");
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      const std::string at = "/rules/" + std::to_string(i) + "/check";
      check_answers(get<std::string>(step.with.json, at).value_or(""), place(step, step.with, at), ".with" + dotted(at));
    }
  }

  void find_action(const config::Step& step, ProgramStep& out) {
    const auto info = registry_.action(step.use);
    if (!info) {
      fault(code::kUnknownStep, place(step, "use"), ".use", "no installed plugin has the action \"" + step.use + "\"",
            "see `milepost plugins list`");
      return;
    }
    out.policy = {info->traits, info->lookup, step.retry};
    if (step.batch) {
      out.batch = *step.batch;
      if (out.batch.size > info->traits.max_batch)
        fault(code::kShape, place(step, "batch"), ".batch.size",
              step.use + " takes at most " + std::to_string(info->traits.max_batch) + " in one call",
              info->traits.max_batch == 1 ? "leave `batch` out" : "write a size of at most " + std::to_string(info->traits.max_batch));
    }
    out.action = info->name;
    out.mail = info->traits.effect == milepost::Kind::mail;
    out.plugin_digest = info->digest;
  }

  const config::Pipeline& pipeline_;
  const std::map<std::string, std::string>& schemas_;
  const plugins::Registry& registry_;
  config::Faults& faults_;
  std::vector<std::string> ids_;
  std::size_t index_ = 0;
  bool clean_ = true;
};

}  // namespace

std::shared_ptr<const Program> Program::compile(const config::Pipeline& pipeline, const std::map<std::string, std::string>& schemas,
                                                const plugins::Registry& registry, config::Faults& faults) {
  return Compiler(pipeline, schemas, registry, faults).run();
}

config::Faults mail_faults(const Program& program, const loans::Model& loans) {
  config::Faults faults;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto& step = program.steps[i];
    if (!step.mail) continue;
    const auto use = step.definition.key_at.find("use");
    const auto at = use == step.definition.key_at.end() ? step.definition.at : use->second;
    const std::string path = "steps[" + std::to_string(i) + "]";
    if (!step.once)
      faults.push_back({std::string(code::kMailOnce), at, path, step.definition.use + " sends mail and has no once:, so a piece could go twice",
                        "add once: with the loan, the milestone and the design, such as once: ${event.subject}/approval", false});
    if (!loans.mail().rules())
      faults.push_back({std::string(code::kMailGate), at, path, step.definition.use + " sends mail, and loans.yaml says nothing of its gate",
                        "write a mail: section in loans.yaml (docs/loans.md)", true});
  }
  return faults;
}

std::size_t Program::index(const std::string& step) const {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].definition.id == step) return i;
  return steps.size();
}

}  // namespace milepost::engine
