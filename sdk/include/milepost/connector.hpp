// What a connector is made of: the interfaces an author implements. Every virtual carries one thread tag:
//   [control] nothing else runs on that instance
//   [serial]  one call at a time on one instance; to go wider the host makes more instances, so an author never writes a lock
// Plugins start no threads, sleep for no retry and keep no cursor: the host does. Throw freely; the layer turns it into an error.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "milepost/event.hpp"
#include "milepost/host.hpp"

namespace milepost {

/// One account at the vendor, shared by pipelines.
struct Connection {
  virtual ~Connection() = default;
  /// Checks that the account answers (through http(), where the host adds credentials) and loads what the instance needs. May be
  /// called again after it failed. [control]
  virtual Status open(const Call& call) = 0;
  virtual void close() noexcept {}  ///< Idempotent; safe without open(). [control]
};

/// Optional, beside a Connection: checks credentials without writing.
struct Probe {
  virtual ~Probe() = default;
  virtual Status probe(const Call& call) = 0;  ///< [serial]
};

/// Where a polling source stands: any text of its own, at most 64 KiB; "" at the very start.
using Cursor = std::string;
struct Page {
  std::vector<Event> events;
  Cursor next;
};

/// Yields events when asked; may be created on a Connection.
struct PollingSource {
  virtual ~PollingSource() = default;
  /// At most `limit` events after `after`, oldest first; may wait until the deadline; none means "nothing yet". The host stores
  /// `next` once every event is journaled, and hands it back after a restart. [serial]
  virtual Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) = 0;
};

/// Optional, beside a PollingSource: "it is on disk now" (delete, move, commit).
struct Settle {
  virtual ~Settle() = default;
  /// May be repeated, also after a restart; failing never loses or repeats an event. [serial]
  virtual Status committed(const Cursor& next, const Call& call) = 0;
};

/// Optional, beside a PollingSource that hands things over by quarantine(): reads one of them again, when a person retries it.
struct Decode {
  virtual ~Decode() = default;
  /// `kept` as it was given to quarantine(). An error: it still is no event. No I/O here; called on an instance of its own, whose
  /// connection is not open. [serial]
  virtual Result<std::vector<Event>> decode(const std::string& kept) = 0;
};

/// Decodes deliveries; the host owns the listener, so no I/O here.
struct WebhookSource {
  virtual ~WebhookSource() = default;
  /// Decodes a request whose signature the host has verified already. An error quarantines the delivery: kept raw, with the message as
  /// its reason. The host answers once the journal has the events, and picks the status. [serial]
  virtual Result<std::vector<Event>> receive(const HttpRequest& request) = 0;
};

/// One event at one step.
struct Delivery {
  const Event* event = nullptr;  ///< borrowed until run() returns
  Json with;                     ///< the step's settings, expressions already evaluated
  std::string idempotency_key;   ///< the same on every attempt, restart and replay: 32 hex digits
};

/// The receipt: into the audit trail, and `steps.<id>` for later steps.
struct Answer {
  enum class Effect { created, updated, unchanged, skipped } effect = Effect::created;
  Json body = Json::object();
  std::optional<Record> record = {};  ///< links the vendor's record to the subject
};
inline constexpr std::string_view name(Answer::Effect effect) noexcept {
  constexpr std::string_view names[] = {"created", "updated", "unchanged", "skipped"};
  return names[static_cast<int>(effect)];
}

/// May the host repeat after `indeterminate`?
enum class Replay { never, with_key, always };
/// What it does out there: gates and budgets apply by it.
enum class Kind { record, message, mail, other };

struct Traits {
  std::size_t max_batch = 1;
  Replay replay = Replay::never;
  std::chrono::seconds key_lifetime{};   ///< after it, with_key counts as never
  std::chrono::seconds settles_after{};  ///< a look-up's "not found" is believed only this long after the request
  Kind effect = Kind::record;
  std::string batch_key = {};            ///< JSON pointer into `with`: two deliveries of one value never share a batch
};

/// Carries events out. Created on a Connection, which outlives it.
struct Action {
  virtual ~Action() = default;
  /// One result per delivery, in order; size <= traits.max_batch. Must not sleep or retry. [serial]
  virtual std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) = 0;
};
/// For max_batch = 1.
struct SingleAction : Action {
  virtual Result<Answer> run_one(const Delivery& delivery, const Call& call) = 0;
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) final {
    std::vector<Result<Answer>> results;
    for (const auto& delivery : batch) results.push_back(run_one(delivery, call));
    return results;
  }
};

/// Optional, beside an Action: settles what `indeterminate` left open.
struct Lookup {
  virtual ~Lookup() = default;
  /// The vendor's record of this delivery, found by its key or our reference; nullopt: it never arrived. [serial]
  virtual Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) = 0;
};

/// A faithful local double of the vendor, in a library of its own (<name>-sandbox.so). Its clock is the host's. [serial]
struct Sandbox {
  virtual ~Sandbox() = default;
  virtual HttpResponse handle(const HttpRequest& request) = 0;
  virtual Json state() const = 0;  ///< what the vendor now holds
  virtual void reset() = 0;
  /// The webhook deliveries of `event` (the shape is the sandbox's own), signed as the vendor signs; target is a path or a URL given
  /// in the event.
  virtual Result<std::vector<HttpRequest>> emit(const Json& event) = 0;
};

}  // namespace milepost
