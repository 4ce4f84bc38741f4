// One thing that a plugin made, and how the host calls it. Everything that comes back is untrusted.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/plugins/runner.hpp"
#include "host/plugins/scope.hpp"
#include "milepost/host.hpp"

namespace milepost::plugins {

/// "run", "poll": how an op is called in messages.
std::string_view op_name(std::uint32_t op) noexcept;

class Instance {
 public:
  /// What is to be made: "connection", "source", "action" or "sandbox".
  struct Wanted {
    std::string kind, name;
    Json settings = Json::object();
  };
  /// `on`: the connection's instance, where the kind needs one. The error is the plugin's own, or says which rule it
  /// broke. Where the runner rests, it is made at the first call.
  static Result<std::shared_ptr<Instance>> create(std::shared_ptr<Runner> runner, std::shared_ptr<Scope> scope,
                                                  Wanted wanted, std::shared_ptr<Instance> on = nullptr);
  ~Instance();  ///< DESTROY; before that of the connection it was made on
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const Scope& scope() const { return *scope_; }

  /// Calls one op with at most 16 MiB coming back. An error when the plugin does not know the op or breaks the rules of
  /// emitting. Where the runner's process has ended since, the instance is made again first, and its connection opened.
  Result<std::vector<detail::Emitted>> call(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts);
  /// The same for an op that answers with exactly one item or one error.
  Result<detail::Emitted> call_for_one(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts);
  /// The same, the item's part 0 read as a JSON object.
  Result<Json> call_for_head(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts);

  /// A rule of the ABI was broken: `indeterminate` when a write had left during the call, else `internal`.
  Error broken(std::uint32_t op, const mp_call* call, const std::string& what) const;
  /// An emitted error: bounded, one line, without credentials; one that has lost its cause is as above.
  Error emitted_error(const detail::Emitted& item, std::uint32_t op, const mp_call* call) const;

 private:
  /// Where it is, in which life of the runner; made of one look, since other threads make it again.
  struct Place {
    void* self = nullptr;
    Runner::Life life = 0;  ///< 0: not made yet
  };
  Instance(std::shared_ptr<Runner> runner, std::shared_ptr<Scope> scope, Wanted wanted, std::shared_ptr<Instance> on)
      : runner_(std::move(runner)), scope_(std::move(scope)), wanted_(std::move(wanted)), on_(std::move(on)) {}
  /// Made and, where it was open, opened in the life that is now.
  Result<Place> revive(const mp_call* call);
  Result<Place> make(Runner::Life life, const mp_call* call);
  Result<detail::Outcome> cross(const Place& place, std::uint32_t op, const mp_call* call,
                                const std::vector<mp_bytes>& parts);
  Result<std::vector<detail::Emitted>> checked(Result<detail::Outcome> outcome, std::uint32_t op,
                                               const mp_call* call) const;
  Result<detail::Emitted> only(Result<std::vector<detail::Emitted>> items, std::uint32_t op, const mp_call* call) const;

  std::shared_ptr<Runner> runner_;
  std::shared_ptr<Scope> scope_;
  Wanted wanted_;
  std::shared_ptr<Instance> on_;
  std::mutex mutex_;  // of what follows
  Place place_;
  bool open_ = false;
};

}  // namespace milepost::plugins
