// What a pipeline does with one event when doubles stand for the vendors: told step by step.
#pragma once

#include <string>
#include <vector>

#include "host/cases/world.hpp"
#include "host/deploy/deployment.hpp"

namespace milepost::cli {

/// What is known of the loan before the event.
struct Known {
  Json loan = nullptr;    ///< as expressions see it
  std::string from = {};  ///< "in the store, now"
};

struct TriedStep {
  std::string id, use, connection;
  std::string outcome;               ///< as milepost why says it
  std::string when, reason, key;     ///< key: the idempotency key of an action
  Json values, with;                 ///< what its condition saw; its settings as evaluated. null: none
  std::vector<std::string> missing;  ///< settings that must be there, and are nil here
  std::vector<cases::Reached> requests;  ///< without what is secret in them
};

struct Tried {
  journal::NewEvent event;
  Known known;
  std::vector<TriedStep> steps;
  std::vector<cases::Reached> opening;  ///< what was asked to open connections
  std::string end;                      ///< done, waiting, open; or why not: "dead letter: …"
  bool ended_well() const { return !end.contains(':'); }
  bool whole = false;                   ///< the doubles answered; otherwise requests and answers are not known
  std::string why_not_whole;
  bool asks_for_links = false;          ///< an expression of the pipeline calls link(): none is known here
  cases::Played played;
  // What expressions saw:
  Json payload, head, answers;
  telemetry::Time now;
};

/// Plays it; sends nothing. Errors: it could not be played.
Result<Tried> play_once(const deploy::Deployment& deployment, const engine::Program& program, const cases::Stimulus& entry,
                        const journal::NewEvent& event, const Known& known);

/// `step`: just that one; "": all.
std::string tried_text(const Tried& tried, const std::string& step);
Json to_json(const Tried& tried, const std::string& step);

/// {"expression", "value", "values": by path}. Errors: it does not compile, or raises.
Result<Json> explain_expression(const std::string& expression, const Tried& tried);
std::string explained_text(const Json& explained);

}  // namespace milepost::cli
