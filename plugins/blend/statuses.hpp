// Two reports to Blend that may be made again: how an export went, and what became of an event.
#pragma once

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct ExportStatusSettings {
  Json application_id;
  std::string status, reason;
};
Settings<ExportStatusSettings> export_status_settings();

class SetExportStatus : public BlendAction {
 public:
  SetExportStatus(BlendConnection& connection, Host host) : BlendAction(connection, host, "set_export_status") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

struct EventStatusSettings {
  Json event_id;
  std::string status, message, reason;
};
Settings<EventStatusSettings> event_status_settings();

class UpdateEventStatus : public BlendAction {
 public:
  UpdateEventStatus(BlendConnection& connection, Host host) : BlendAction(connection, host, "update_event_status") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

}  // namespace milepost::blend
