// CloudEvents 1.0 over HTTP (HTTP protocol binding and JSON format, 1.0.2, read 2026-11): binary, structured and batch.
#pragma once

#include "milepost/connector.hpp"

namespace milepost::intake {

/// `format: cloudevents` of the built-in webhook source. Whatever the mode, the payload is the event in JSON format:
/// {specversion, id, source, type, subject?, time?, datacontenttype?, …extensions, data | data_base64}, numbers as they
/// were sent. The event's id is "<source>|<id>", since only both together are unique (its SHA-256 where that is longer
/// than an id may be); type, subject and time are the event's own. `permanent` names what is missing, and in which
/// event of a batch; then the whole delivery is.
class CloudEvents final : public WebhookSource {
 public:
  Result<std::vector<Event>> receive(const HttpRequest& request) override;
};

}  // namespace milepost::intake
