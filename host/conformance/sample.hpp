// What a plugin's author hands to the checks: an account, and something to do for each action and source.
#pragma once

#include <string>
#include <vector>

#include "milepost/connector.hpp"

namespace milepost::conformance {

/// Where borrowers' data stands in a sample, this word must be in it, in any case: it is then looked for in logs and
/// errors.
inline constexpr std::string_view kCanary = "canary";

class Sample {
 public:
  /// Errors name the file and what is wrong in it.
  static Result<Sample> read(const std::string& path);

  /// The connection's settings; secrets as the texts that the double takes. `base_url`, where given, is a path below
  /// the double's root.
  Json connection() const;
  /// The same, of an account that is set as `with` is: of this, of those that sources bring, and of those under `also`, the
  /// one that has the most settings in common with it.
  Json connection_like(const Json& with) const;
  /// What the double is asked before anything else, past the plugin: the records that actions are about.
  std::vector<HttpRequest> before() const;
  bool has_action(const std::string& name) const { return find(json_, "/actions/" + name) != nullptr; }
  bool has_source(const std::string& name) const { return find(json_, "/sources/" + name) != nullptr; }
  /// "actions/send/with", "sources/hook/request"; "{n}" in its texts is replaced by the number; null when absent.
  Json at(const std::string& path, std::size_t n = 0) const;

 private:
  Json json_;
};

/// {"method", "target", "headers": {}, "body": text or JSON}.
HttpRequest to_request(const Json& given);

/// The n-th delivery of an action: each has an event, a subject and a key of its own.
struct Parcel {
  Event event;
  Delivery delivery;  ///< points to `event`: keep the parcel where it is
};
/// Not movable once made: fills `out`.
void make_parcel(Parcel& out, const Sample& sample, const std::string& action, std::size_t n, Time now);

}  // namespace milepost::conformance
