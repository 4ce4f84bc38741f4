#include "host/intake/again.hpp"

#include <utility>

namespace milepost::intake {
namespace {

/// It carries nothing but its payload's digest.
bool was_never_decoded(const journal::Event& event) {
  return event.id == event.payload_digest && event.type.empty() && event.subject.empty() && event.actor.empty() &&
         event.revision.empty();
}

Event as_decoded(const journal::Event& event, const std::string& payload) {
  Event out;
  out.id = event.id;
  out.revision = event.revision;
  out.type = event.type;
  out.subject = event.subject;
  out.actor = event.actor;
  out.reason = event.reason;
  out.time = event.time;
  out.payload = Document(payload);
  return out;
}

}  // namespace

Mapping::Link StoreLinks::link() {
  return [this](const std::string& system, const std::string& type, const std::string& id) {
    try {
      return store_.linked(system, type, id);
    } catch (...) {
      failure_ = std::current_exception();
      return std::optional<std::string>();
    }
  };
}

Result<journal::NewEvent> map_again(const journal::Store& store, const journal::Event& event, const std::string& payload,
                                    const Mapping& mapping, expression::Machine& machine, const std::string& content_type,
                                    telemetry::Time now, const DecodeAgain& decode) {
  std::vector<Event> decoded;
  if (was_never_decoded(event)) {
    auto made = decode(payload);
    if (!made) return fail(made.error());
    decoded = std::move(*made);
  } else {
    decoded.push_back(as_decoded(event, payload));
  }
  if (decoded.empty()) return fail(ErrorKind::permanent, "its source makes no event of it any more");
  if (decoded.size() > 1)
    return fail(ErrorKind::permanent, "its source makes " + std::to_string(decoded.size()) +
                                          " events of it: ask the sender to send it again");
  StoreLinks links(store);
  auto mapped =
      mapping.map(machine, event.pipeline, event.source, decoded.front(), content_type, now, links.link());
  links.check();
  return mapped;
}

}  // namespace milepost::intake
