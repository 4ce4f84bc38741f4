// The `compare` step: what another system says of a loan, held against what we say; each mismatch is an event of the host's.
#pragma once

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"
#include "host/loans/reconcile.hpp"

namespace milepost::engine {

/// The write that tells of it: milepost.compared, milepost.mismatch for each field that differs, and the audit row, for which `row` is filled in
/// as far as it is about the step. What came about through the host's own events raises none.
journal::Work telling(const journal::Event& event, const std::string& step, loans::Comparison comparison, audit::Entry row);

}  // namespace milepost::engine
