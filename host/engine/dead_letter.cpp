#include "host/engine/dead_letter.hpp"

#include "host/audit/trail.hpp"
#include "host/journal/host_event.hpp"

namespace milepost::engine {

void make_dead(journal::Writer& writer, journal::Event event, const std::string& fault) {
  event.state = journal::EventState::dead;
  event.fault = fault;
  writer.update(event);
  audit::append(writer, {.kind = "outcome",
                         .action = "dead_letter",
                         .subject = event.subject,
                         .pipeline = event.pipeline,
                         .version = event.definition,
                         .event = event.receipt,
                         .step = event.step,
                         .outcome = "dead_letter",
                         .plugin = {},
                         .details = {{"reason", fault}}});
  journal::raise_about(writer, config::host_event::kDeadLetter, event, {{"step", event.step}, {"reason", fault}});
}

}  // namespace milepost::engine
