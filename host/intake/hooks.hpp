// The hooks listener's handler: verify -> decode -> map -> journal -> answer. It answers when the event is on disk, and
// never before. It never calls the engine: the engine follows the journal.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "host/expression/validation.hpp"
#include "host/http/server.hpp"
#include "host/intake/mapping.hpp"
#include "host/intake/verify.hpp"
#include "host/journal/store.hpp"
#include "milepost/connector.hpp"

namespace milepost::intake {

/// Of the listener whose handler this is: so many deliveries are decoded at once, also to one hook.
inline constexpr unsigned kListenerThreads = 2;

/// One webhook source of one pipeline, ready to run.
struct Hook {
  std::string pipeline, source;  ///< source: "webhook" or "acme.orders", for rows and metrics
  std::string version;           ///< of the pipeline, for audit rows of the acceptance
  std::string path;
  std::size_t body_limit = 1 << 20;
  Verifier verifier;
  std::shared_ptr<const Mapping> mapping;  ///< never null
  /// Alike, each [serial]: as many deliveries are decoded at once. None: the built-in `webhook` (the body is the payload).
  std::vector<std::shared_ptr<WebhookSource>> decoders;
  bool handshake = false;                  ///< OPTIONS is answered: CloudEvents senders ask before they deliver
  std::string plugin;                      ///< digest of the decoder's library
  int accepted_status = 202;
  int quarantined_status = 202;
  /// accept: validated — the pipeline's leading `validate` steps; their refusal is answered 422 and nothing is stored.
  std::vector<std::shared_ptr<const expression::Validation>> validations;
};

class Hooks {
 public:
  Hooks(journal::Store& store, const telemetry::Clock& clock);
  ~Hooks();

  /// Replaces the whole table at once; requests under way end on the one that they began with. [any]
  void deploy(std::vector<Hook> hooks);
  /// Puts these in place of all hooks of `pipelines`, at once; the others are not touched. [any]
  void replace(const std::set<std::string>& pipelines, std::vector<Hook> hooks);
  /// While it gives a reason, every delivery is answered 503 with Retry-After (draining, full, over a cap). [any]
  void refuse_while(std::function<std::string()> reason);
  /// How long senders to a pipeline rest after each answer (http::Outgoing::rests). It must be quick, and is asked from any thread.
  /// Before the first handle().
  void rest_senders(std::function<unsigned(const std::string& pipeline)> rests);

  /// What a quarantined event's payload makes today, by the source that it came in by: decoded again where that never worked,
  /// else mapped again. Quarantined still where that fails. `permanent`: the source is gone, or it makes no event of it, or
  /// several. [any]
  Result<journal::NewEvent> map_again(const journal::Event& event, const std::string& payload) const;

  /// For the server: 404, 405 (with Allow), 415 (a Content-Encoding that hides the signed bytes), the path's body
  /// limit. [any]
  http::Admission admit(const http::Incoming& head) const;
  /// Decodes on the calling thread (the listener's), answers from the store's. Answers as design.md's "hooks"
  /// says: 202 {"id": receipt, "status": "accepted"}; duplicate -> 200 with the first one's receipt; bad content of a
  /// verified sender -> kept as a dead letter, 202 "quarantined" with "reason"; several events in one delivery:
  /// "events": [{id, status}…] beside the first's id; none at all: 204. A hook's own accepted_status and quarantined_status stand for 202.
  /// Refusals are problem+json: 401 (counted, nothing stored), 422, 503 with Retry-After: 5. [any]: more deliveries
  /// to one hook than it has decoders wait for one another.
  void handle(http::Incoming&& request, http::Responder respond);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace milepost::intake
