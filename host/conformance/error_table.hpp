// The error table of milepost/http.hpp, row by row: what is done to a request, and what may come of it.
#pragma once

#include <chrono>
#include <vector>

#include "host/conformance/vendor.hpp"
#include "host/telemetry/clock.hpp"
#include "milepost/error.hpp"

namespace milepost::conformance {

struct TableRow {
  enum class Meaning {
    known,    ///< the answer says what happened: `kind`, whatever the request was
    unknown,  ///< a write may have been done; a read may be asked again
    nonsense  ///< the same, but of a read anything may be said that is no defect
  };
  const char* name;
  Fault fault;
  Meaning meaning = Meaning::unknown;
  ErrorKind kind = ErrorKind::retryable;       ///< known
  std::chrono::seconds at_least{0};            ///< of retry_after
  std::chrono::milliseconds patience{10'000};  ///< the call's deadline

  /// The fault as it is told at `now`: a Retry-After that is a date lies an hour ahead.
  Fault at(telemetry::Time now) const;
};

/// "connection refused" is not among them: nobody is there then to do it.
std::vector<TableRow> error_table();

}  // namespace milepost::conformance
