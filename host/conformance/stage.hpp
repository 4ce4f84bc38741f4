// Where a check takes place: in the child, the plugin loaded, the vendor listening, time standing still until it is
// moved.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/conformance/sample.hpp"
#include "host/conformance/vendor.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/registry.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::conformance {

/// What the parent tells the child.
struct Job {
  std::string check, plugin, folder, cache, sample;
  std::size_t deliveries = 0;
  Json json() const;
  static Job read(const Json& json);
};

class Stage {
 public:
  /// `around` may put something of its own around the plugin's double.
  using Around = std::function<std::unique_ptr<Sandbox>(std::unique_ptr<Sandbox> twin)>;
  explicit Stage(const Job& job, const Around& around = {});

  const Job& job() const { return job_; }
  const Sample& sample() const { return sample_; }
  const Json& manifest() const { return manifest_; }
  std::string plugin() const { return job_.plugin; }
  Vendor& vendor() { return *vendor_; }
  plugins::Registry& registry() { return *registry_; }
  const plugins::Services& services() const { return services_; }

  telemetry::Time now() const { return clock_.now(); }
  void advance(std::chrono::microseconds by) { clock_.advance(by); }

  /// The sample's settings, with those of `more` in their places; base_url, or the URL that the credentials are in, set to
  /// the vendor's.
  Json settings(const Json& more = nullptr) const;
  /// Made, not opened. `settings` null: the sample's.
  Result<std::unique_ptr<plugins::Account>> account(const Json& settings = nullptr);
  /// Made and opened; throws a Failed that says why it cannot be.
  std::unique_ptr<plugins::Account> opened(const Json& more = nullptr);

  /// Remembers what an error tells, for the look at canaries; gives it back.
  const Error& told(const Error& error);
  const std::vector<std::string>& told() const { return told_; }

 private:
  Job job_;
  Sample sample_;
  telemetry::ManualClock clock_;
  http::Client client_;
  plugins::Services services_;
  std::unique_ptr<plugins::Registry> registry_;
  std::unique_ptr<Vendor> vendor_;
  Json manifest_;
  std::vector<std::string> told_;
};

/// Ends a check: what was expected, what came.
struct Failed {
  std::string what;
};
[[noreturn]] inline void failed(std::string what) { throw Failed{std::move(what)}; }
inline void expect(bool holds, const std::string& what) {
  if (!holds) failed(what);
}

/// "retryable: the vendor answered 503 (acme: GET /x)".
std::string shown(const Error& error);

}  // namespace milepost::conformance
