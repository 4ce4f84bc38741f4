// A pipeline, compiled: every expression parsed, every schema ready, every action known. Immutable and shared by all runs. [any]
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/catalog.hpp"
#include "host/config/definition.hpp"
#include "host/engine/ledger.hpp"
#include "host/expression/expression.hpp"
#include "host/expression/paths.hpp"
#include "host/expression/validation.hpp"
#include "host/loans/model.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::engine {

/// The steps and sources that the host itself has, for the registry.
std::vector<config::Component> built_in_steps();
std::vector<config::Component> built_in_sources();

struct ProgramStep {
  enum class Kind { validate, track, audit, set, wait, compare, emit, action };
  config::Step definition;
  Kind kind = Kind::action;
  std::optional<expression::Expression> when;
  std::vector<expression::Expression> when_reads;  ///< the paths in it, for the audit trail
  std::optional<expression::Template> once;
  expression::Tree with;
  std::shared_ptr<const expression::Validation> validation;
  bool reads_whole = false;  ///< its schema may look at any of the payload's members
  Policy policy;              ///< of an action
  config::Batch batch;        ///< size 1: alone
  std::string action;         ///< "upsert"
  std::string plugin_digest;  ///< of the library, for audit rows
  bool looks = true;          ///< its condition, its schema or a template of it looks at the event
  bool mail = false;          ///< its action sends mail: the gate stands before it
  bool fails_on = true;       ///< on_failure: dead_letter (true) or continue
};

struct Program {
  config::Pipeline pipeline;
  std::vector<ProgramStep> steps;
  expression::Looked looked;  ///< what all steps look at

  /// Faults (codes, positions, remedies) are appended; nullptr when there is any that is no warning.
  static std::shared_ptr<const Program> compile(const config::Pipeline& pipeline, const config::Schemas& schemas,
                                                const plugins::Registry& registry, config::Faults& faults);
  /// Index of a step by id; steps.size() when there is none.
  std::size_t index(const std::string& step) const;
};

/// What the folder must say of a pipeline that sends mail: a step without `once:` is a fault, mail without a gate a warning. Apart from compile(),
/// since what an earlier version began is finished all the same.
config::Faults mail_faults(const Program& program, const loans::Model& loans);

/// What does not fit loans.yaml: a `loans` source's stage that there is not, a span that is none. Apart from compile() for the same reason.
config::Faults loan_faults(const Program& program, const loans::Model& loans);

}  // namespace milepost::engine
