// One thing that a plugin made, and how the host calls it. Everything that comes back is untrusted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/plugins/library.hpp"
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
  /// broke.
  static Result<std::shared_ptr<Instance>> create(Library& library, std::shared_ptr<Scope> scope, const Wanted& wanted,
                                                  std::shared_ptr<Instance> on = nullptr);
  ~Instance();  ///< DESTROY; before that of the connection it was made on
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const Scope& scope() const { return *scope_; }

  /// Calls one op with at most 16 MiB coming back. An error when the plugin does not know the op or breaks the rules of
  /// emitting.
  Result<std::vector<detail::Emitted>> call(std::uint32_t op, const mp_call* call,
                                            const std::vector<mp_bytes>& parts) const;
  /// The same for an op that answers with exactly one item or one error.
  Result<detail::Emitted> call_for_one(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts) const;
  /// The same, the item's part 0 read as a JSON object.
  Result<Json> call_for_head(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts) const;

  /// A rule of the ABI was broken: `indeterminate` when a write had left during the call, else `internal`.
  Error broken(std::uint32_t op, const mp_call* call, const std::string& what) const;
  /// An emitted error: bounded, one line, without credentials; one that has lost its cause is as above.
  Error emitted_error(const detail::Emitted& item, std::uint32_t op, const mp_call* call) const;

 private:
  Instance(Library& library, std::shared_ptr<Scope> scope, std::shared_ptr<Instance> on)
      : library_(library), scope_(std::move(scope)), on_(std::move(on)) {}
  detail::Outcome cross(void* self, std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts) const;
  Result<std::vector<detail::Emitted>> checked(detail::Outcome outcome, std::uint32_t op, const mp_call* call) const;
  Result<detail::Emitted> only(Result<std::vector<detail::Emitted>> items, std::uint32_t op, const mp_call* call) const;

  Library& library_;
  std::shared_ptr<Scope> scope_;
  std::shared_ptr<Instance> on_;
  void* self_ = nullptr;
};

}  // namespace milepost::plugins
