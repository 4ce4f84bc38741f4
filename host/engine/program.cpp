#include "host/engine/program.hpp"

#include <algorithm>
#include <set>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/links.hpp"
#include "host/config/words.hpp"
#include "host/expression/paths.hpp"
#include "milepost/settings.hpp"

namespace milepost::engine {
namespace {

using config::Fault;
using Kind = ProgramStep::Kind;
namespace code = config::code;

std::optional<Kind> built_in(const std::string& use) {
  static const std::map<std::string, Kind> kinds = {
      {"validate", Kind::validate}, {"track", Kind::track}, {"audit", Kind::audit}, {"set", Kind::set}, {"wait", Kind::wait}, {"compare", Kind::compare}, {"emit", Kind::emit}};
  const auto found = kinds.find(use);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

/// Names N of every `steps.N` in an expression.
void answers_used(std::string_view expression, std::set<std::string>& names) {
  if (expression.find("steps") == expression.npos) return;
  for (const auto& path : expression::paths_in(expression))
    if (path.path().size() > 1 && path.path()[0] == "steps") names.insert(path.path()[1]);
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
  Compiler(const config::Pipeline& pipeline, const config::Schemas& schemas, const plugins::Registry& registry,
           config::Faults& faults)
      : pipeline_(pipeline), schemas_(schemas), registry_(registry), faults_(faults) {}

  std::shared_ptr<const Program> run() {
    auto program = std::make_shared<Program>();
    program->pipeline = pipeline_;
    for (const auto& step : pipeline_.steps) ids_.push_back(step.id);
    never_.resize(ids_.size());
    for (index_ = 0; index_ < pipeline_.steps.size(); ++index_) program->steps.push_back(compile(pipeline_.steps[index_]));
    for (const auto& step : program->steps) look(step, program->looked);
    return clean_ ? program : nullptr;
  }

 private:
  void fault(std::string_view code, const config::Position& at, const std::string& key, std::string message, std::string remedy) {
    faults_.push_back({std::string(code), at, "steps[" + std::to_string(index_) + "]" + key, std::move(message), std::move(remedy), false});
    clean_ = false;
  }
  void warn(std::string_view code, const config::Position& at, const std::string& key, std::string message, std::string remedy) {
    faults_.push_back({std::string(code), at, "steps[" + std::to_string(index_) + "]" + key, std::move(message), std::move(remedy), true});
  }
  /// The gate's rules may look at anything. So may many a schema, but its step alone: `reads_whole`.
  static void look(const ProgramStep& step, expression::Looked& looked) {
    if (step.mail) return looked.at_everything();
    const auto at = [&looked](const expression::Expression& one) { looked.at(one); };
    if (step.when) at(*step.when);
    if (step.once) step.once->each(at);
    if (step.validation) step.validation->each(at);
    if (const auto members = step.validation ? step.validation->members() : std::nullopt) looked.at_members(*members);
    step.with.each(at);
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
  void check_answers(const std::set<std::string>& names, const config::Position& at, const std::string& key) {
    for (const auto& name : names) {
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
  void check_expression(std::string_view source, const config::Position& at, const std::string& key) {
    std::set<std::string> names;
    answers_used(source, names);
    check_answers(names, at, key);
  }
  void check_template(std::string_view source, const config::Position& at, const std::string& key) {
    std::set<std::string> names;
    for (const auto expression : config::scan_expressions(source).found) answers_used(expression, names);
    check_answers(names, at, key);
  }
  template <class T>
  std::optional<T> take(Result<T> compiled, const config::Position& at, const std::string& key) {
    if (compiled) return std::move(*compiled);
    const bool name = compiled.error().message.find("unknown name") != std::string::npos;
    fault(name ? code::kUnknownName : code::kExpression, at, key, compiled.error().message, "correct the expression");
    return std::nullopt;
  }

  expression::Machine& machine() { return machine_ ? *machine_ : machine_.emplace(); }

  /// `when` gives the same every time, and that is no; or it asks for the answer of a step that never runs.
  void check_runs(const config::Step& step, const expression::Expression& when) {
    if (const auto& path = when.path(); path.size() > 1 && path[0] == "steps") {
      const auto found = std::find(ids_.begin(), ids_.end(), path[1]);
      const auto before = static_cast<std::size_t>(found - ids_.begin());
      if (before >= index_ || !never_[before]) return;
      warn(code::kNeverRuns, place(step, "when"), ".when", "the step \"" + path[1] + "\" never runs, so neither does this one",
           "correct the condition of \"" + path[1] + "\"");
    } else {
      if (!expression::is_constant(step.when)) return;
      const auto held = machine().test(when, {});
      if (held && *held) return;
      warn(code::kNeverRuns, place(step, "when"), ".when", "this is never true, whatever the event holds: the step never runs",
           "write a condition on payload, event, loan or steps, or remove the step");
    }
    never_[index_] = true;
  }
  /// A check that is never true ends every event.
  bool always_refuses(const config::Step& step, const ProgramStep& out) {
    if (!out.fails_on || out.when) return false;
    const Json* rules = find(step.with.json, "/rules");
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      const auto check = get<std::string>(*rules, "/" + std::to_string(i) + "/check").value_or("");
      if (check.empty() || !expression::is_constant(check)) continue;
      const auto compiled = expression::Expression::compile(check);
      const auto held = compiled ? machine().test(*compiled, {}) : Result<bool>(true);
      if (!held || !*held) return true;
    }
    return false;
  }

  ProgramStep compile(const config::Step& step) {
    ProgramStep out{.definition = step,
                    .when = {}, .when_reads = {}, .once = {}, .with = *expression::Tree::compile(Json::object()), .validation = {}, .policy = {}, .batch = {}, .action = {}, .plugin_digest = {}};
    out.fails_on = step.on_failure.value_or(pipeline_.on_failure) == config::OnFailure::dead_letter;
    if (!ended_by_.empty()) {
      warn(code::kNeverRuns, step.at, "", "every event ends at the step \"" + ended_by_ + "\" before it: this step and what follows never run",
           "correct the rules of \"" + ended_by_ + "\"");
      ended_by_.clear();
    }
    if (!step.when.empty()) out.when = take(expression::Expression::compile(step.when), place(step, "when"), ".when");
    if (out.when) {
      out.when_reads = expression::paths_in(step.when);
      check_expression(step.when, place(step, "when"), ".when");
      check_runs(step, *out.when);
    }
    if (!step.once.empty()) out.once = take(expression::Template::compile(step.once), place(step, "once"), ".once");
    if (out.once) check_template(step.once, place(step, "once"), ".once");
    if (const auto kind = built_in(step.use)) out.kind = *kind;
    if (out.kind == Kind::validate) compile_validation(step, out);
    else compile_with(step, out);
    if (out.kind == Kind::wait && step.with.json.contains("for") == step.with.json.contains("until"))
      fault(code::kShape, place(step, "use"), ".with", "wait takes either `for` or `until`", "write one of them");
    if (out.kind == Kind::compare && get<std::string>(step.with.json, "/system").value_or("").find("${") != std::string::npos)
      fault(code::kExpressionHere, place(step, step.with, "/system"), ".with.system", "${…} is not evaluated here: metrics are counted by this name",
            "write the system's name, such as crm");
    if (out.kind == Kind::action) find_action(step, out);
    out.looks = out.when || out.once || out.validation || !out.with.constant();
    return out;
  }

  void compile_with(const config::Step& step, ProgramStep& out) {
    auto tree = expression::Tree::compile(step.with.json.is_null() ? Json::object() : step.with.json);
    if (!tree) {
      for (auto& wrong : tree.error()) take<int>(fail(wrong.error), place(step, step.with, wrong.pointer), ".with" + dotted(wrong.pointer));
      return;
    }
    out.with = std::move(*tree);
    check_leaves(step, step.with.json, "");
  }
  void check_leaves(const config::Step& step, const Json& value, const std::string& pointer) {
    if (value.is_string()) {
      const auto& source = value.get_ref<const std::string&>();
      if (source.find("${") != source.npos) check_template(source, place(step, step.with, pointer), ".with" + dotted(pointer));
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.items()) check_leaves(step, member, pointer + "/" + key);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) check_leaves(step, value[i], pointer + "/" + std::to_string(i));
    }
  }

  void compile_validation(const config::Step& step, ProgramStep& out) {
    std::shared_ptr<const config::JsonSchema> schema;
    if (auto file = get<std::string>(step.with.json, "/schema")) {
      const auto found = schemas_.find(*file);
      if (found != schemas_.end()) schema = found->second;  // a missing file is config's fault to report
    }
    auto compiled = expression::Validation::compile(step.with.json, schema);
    if (!compiled) {
      for (auto& wrong : compiled.error()) take<int>(fail(wrong.error), place(step, step.with, wrong.pointer), ".with" + dotted(wrong.pointer));
      return;
    }
    out.validation = std::make_shared<const expression::Validation>(std::move(*compiled));
    out.reads_whole = !out.validation->members();
    const Json* rules = find(step.with.json, "/rules");
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      const std::string at = "/rules/" + std::to_string(i) + "/check";
      check_expression(get<std::string>(step.with.json, at).value_or(""), place(step, step.with, at), ".with" + dotted(at));
    }
    if (always_refuses(step, out)) ended_by_ = step.id;
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
  const config::Schemas& schemas_;
  const plugins::Registry& registry_;
  config::Faults& faults_;
  std::vector<std::string> ids_;
  std::size_t index_ = 0;
  std::vector<bool> never_;  ///< which steps never run
  std::string ended_by_;     ///< the step at which every event ends, until that is told
  std::optional<expression::Machine> machine_;  ///< made when it is first needed
  bool clean_ = true;
};

}  // namespace

std::shared_ptr<const Program> Program::compile(const config::Pipeline& pipeline, const config::Schemas& schemas,
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

config::Faults loan_faults(const Program& program, const loans::Model& loans) {
  config::Faults faults;
  for (const auto& source : program.pipeline.sources) {
    if (source.use != "loans") continue;
    const auto place = [&](const std::string& pointer) {
      const auto at = source.with.at.find(pointer);
      return at == source.with.at.end() ? source.at : at->second;
    };
    const auto& model = loans.definition();
    auto known = model.stages;
    known.insert(known.end(), model.terminal.begin(), model.terminal.end());
    const auto stages = config::texts(source.with.json, "/stages");
    for (std::size_t i = 0; i < stages.size(); ++i)
      if (!model.knows(stages[i]))
        faults.push_back({std::string(code::kUnknownStage), place("/stages/" + std::to_string(i)), "source.with.stages[" + std::to_string(i) + "]",
                          config::in_quotes(stages[i]) + " is no stage" + config::did_you_mean(stages[i], known), "the stages are " + config::listed(known), false});
    const auto ended = get<std::string>(source.with.json, "/ended").value_or("forever");
    if (ended == "forever") continue;
    if (!parse_duration(ended))
      faults.push_back({std::string(code::kDuration), place("/ended"), "source.with.ended", config::in_quotes(ended) + " is no duration", "write it as 7d, or as forever", false});
  }
  return faults;
}

std::size_t Program::index(const std::string& step) const {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].definition.id == step) return i;
  return steps.size();
}

}  // namespace milepost::engine
