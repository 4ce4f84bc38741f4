// Values that events set, merged by when they happened and not by when they arrived. Pure. [any]
#pragma once

#include <string>

#include "host/journal/records.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// Where an event stands among others: by its time, then its version (as a number where both are), then its acceptance.
struct Stamp {
  std::int64_t time = 0;  ///< UTC microseconds
  std::string version;
  journal::Sequence event = 0;

  bool operator<(const Stamp& other) const;
  bool operator==(const Stamp& other) const = default;
  Json json() const;                   ///< [time, event], or [time, event, version]
  static Stamp from(const Json& json);
};

/// {"fields": {…}, "at": {field: stamp}, "since": {field: us}}: what is there, who set it, and since when it has its present value.
Json no_fields();
/// Merges `changes` into such a set. A field is overwritten by an event that stands later; null removes it. True: something changed, were
/// it only a stamp (an older event that comes later must not undo an unchanged value).
bool merge_fields(Json& set, const Json& changes, const Stamp& stamp);

}  // namespace milepost::loans
