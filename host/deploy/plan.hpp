// What would change: the difference of two states, in words and with a hash.
#pragma once

#include <string>
#include <vector>

#include "host/deploy/state.hpp"

namespace milepost::deploy {

/// One setting, or one step, that is another.
struct KeyChange {
  std::string path;    ///< "steps.card.when", "limit.rate"; a step goes by its id
  std::string before;  ///< as it is written; "": not there
  std::string after;
};

struct Change {
  enum class Kind { added, changed, removed } kind = Kind::changed;
  std::string name, file;
  std::string before, after;        ///< versions; "": none
  std::vector<KeyChange> keys;      ///< of a changed one
  std::vector<std::string> others;  ///< what is another without a key: "another value of secret crm_token"
  bool restarts = true;             ///< false: its text changed, not what it says
};

struct Plan {
  std::string hash;  ///< SHA-256 in hex over both states
  std::vector<Change> pipelines, connections;
  std::vector<KeyChange> loans;       ///< of loans.yaml: events that begin from then on go by it
  std::vector<KeyChange> next_start;  ///< of milepost.yaml: what only a start takes up
  bool empty() const { return pipelines.empty() && connections.empty() && loans.empty(); }
};

Plan compare(const State& before, const State& after);

/// The settings in which two definitions differ.
std::vector<KeyChange> compare(const Json& before, const Json& after);

/// What of a state a plan was made from, for "what moved": its hash.
std::string digest(const State& state);

std::string_view name(Change::Kind kind);

}  // namespace milepost::deploy
