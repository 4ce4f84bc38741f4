// How a payload becomes an event: the pipeline's `event:` templates over what the source decoded.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "host/expression/expression.hpp"
#include "host/journal/records.hpp"
#include "milepost/event.hpp"

namespace milepost::intake {

class Mapping {
 public:
  /// What link(system, type, id) gives in a template; may be empty.
  using Link = decltype(expression::Scope::link);

  /// Faults (code, position, remedy) of every template of the mapping.
  static std::optional<Mapping> compile(const config::Pipeline& pipeline, config::Faults& faults);

  /// The journal's event. What the pipeline does not map, or maps to nil or "", comes from the source; no id: SHA-256
  /// of the raw payload; numbers become their text, but a number as `time` is seconds since 1970, as time() and now()
  /// give them. Quarantined with the reason: no subject, unless `subject: none`; a field over 256 bytes (but `reason`);
  /// a time that is none; a template that raises; a payload that is no good JSON (read_json), whose templates are not
  /// tried. Templates see `payload`, and as `event` what the source decoded. `decoded.payload` is the one event's.
  /// An event of the type kQuarantine is quarantined with its own reason, and nothing else of it counts.
  /// Never fails. [serial] by `machine`
  journal::NewEvent map(expression::Machine& machine, const std::string& pipeline, const std::string& source,
                        Event decoded, const std::string& content_type, telemetry::Time now,
                        const Link& link = {}) const;

 private:
  static constexpr std::size_t kFields = 7;  // id, revision, type, subject, actor, reason, time

  struct Field {
    expression::Template from;
    std::vector<std::string> names;  ///< below `payload`, where that is all it asks for
    bool plain = false;              ///< it is
  };
  std::array<std::optional<Field>, kFields> fields_;
  bool subject_none_ = false;
};

/// A delivery that could not be decoded, as one dead letter: its raw bytes, named by their SHA-256.
journal::NewEvent quarantined(const std::string& pipeline, const std::string& source, const std::string& body,
                              const std::string& content_type, const std::string& reason, telemetry::Time now);

/// `event` as expressions see it before it is accepted. Empty fields are left out.
Json event_view(const journal::NewEvent& event, telemetry::Time now);

}  // namespace milepost::intake
