// What a pipeline does with one event when doubles stand for the vendors: told step by step.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cases/world.hpp"
#include "host/deploy/deployment.hpp"

namespace milepost::cli {

/// What link() gives where an event is tried: asked of the store, and remembered, so that what was asked can be told.
class KnownLinks {
 public:
  using Ask = std::function<std::optional<std::string>(const std::string& system, const std::string& type, const std::string& id)>;
  explicit KnownLinks(Ask ask = {}) : ask_(std::move(ask)) {}
  std::optional<std::string> find(const std::string& system, const std::string& type, const std::string& id);
  Ask link() { return [this](const auto& system, const auto& type, const auto& id) { return find(system, type, id); }; }
  const std::vector<journal::Link>& asked() const { return asked_; }  ///< in order; no subject: nothing is linked
  bool has_store() const { return bool(ask_); }

 private:
  Ask ask_;
  std::vector<journal::Link> asked_;
};

/// What is known before the event.
struct Known {
  Json loan = nullptr;    ///< as expressions see it
  std::string from = {};  ///< "in the store, now"
  std::shared_ptr<KnownLinks> links = std::make_shared<KnownLinks>();
  std::map<std::string, std::string> suppressed = {};  ///< who gets no mail, and why
  Json past = Json::array();  ///< the stories of the steps (api/story.hpp) of an event that ran already
};

struct TriedStep {
  std::string id, use, connection;
  std::string outcome;               ///< as milepost why says it
  std::string when, reason, key;     ///< key: the idempotency key of an action
  Json values, with;                 ///< what its condition saw; its settings as evaluated. null: none
  Json gate;                         ///< what the mail gate said: {"outcome", "reason", "seen"}; null: it was not asked
  Json past;                         ///< what came of it when the event ran: {"outcome", "answer", "reason"}; null: it did not
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
