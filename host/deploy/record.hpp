// What went live, when, by whom and why: an audit row for each pipeline and connection and for loans.yaml, a row of the history beside it, and the
// definitions and texts that they name.
#pragma once

#include <string>
#include <vector>

#include "host/deploy/plan.hpp"
#include "host/journal/store.hpp"

namespace milepost::deploy {

struct Cause {
  std::string deed;  ///< "start", "reload", "apply", "revert": the audit row's action is pipeline.<deed>
  std::string user = "system";
  std::string reason = {};
};

/// One commit for a whole change.
journal::Work record(const Plan& plan, const State& after, const Deployment& deployment, const Cause& cause);

/// One entry of a pipeline's history.
struct Lived {
  journal::VersionRow row;
  journal::AuditRow audit;
  std::string reason;  ///< "" where there is none, or its details were erased
};
/// Newest first. Throws StoreError.
std::vector<Lived> history(const journal::Store& store, const std::string& pipeline, std::size_t limit);

/// The one version in a pipeline's history that begins so. `permanent`: there is none, or there are several.
Result<Lived> find_version(const journal::Store& store, const std::string& pipeline, const std::string& version);

}  // namespace milepost::deploy
