// How a payload becomes an event: the pipeline's `event:` templates over what the source decoded.
#pragma once

#include <optional>
#include <string>

#include "host/config/definition.hpp"
#include "host/expression/expression.hpp"
#include "host/journal/records.hpp"
#include "milepost/event.hpp"

namespace milepost::intake {

class Mapping {
 public:
  /// Faults (code, position, remedy) of every template of the mapping.
  static std::optional<Mapping> compile(const config::Pipeline& pipeline, config::Faults& faults);

  /// The journal's event. What the pipeline does not map comes from the source; no id: SHA-256 of the raw payload; numbers become their
  /// text; no subject: quarantined, unless `subject: none`; an id or subject over 256 bytes, a time that is none, a template that raises:
  /// quarantined with that reason. `raw` is one event's payload; a payload that is no good JSON (read_json) is quarantined. Never fails.
  journal::NewEvent map(expression::Machine& machine, const std::string& pipeline, const std::string& source, const Event& decoded,
                        const std::string& content_type, telemetry::Time now) const;

 private:
  std::optional<expression::Template> id_, revision_, type_, subject_, actor_, reason_, time_;
  bool subject_none_ = false;
};

}  // namespace milepost::intake
