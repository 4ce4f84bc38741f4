// Reads an application, and updates one by absolute values: what is there already is not written again.
#pragma once

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct GetSettings {
  Json id, crm_id;
  std::vector<std::string> keep;
  bool must_exist = true;
};
Settings<GetSettings> get_settings();

class GetApplication : public BlendAction {
 public:
  GetApplication(BlendConnection& connection, Host host) : BlendAction(connection, host, "get_application") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

struct UpdateSettings {
  Json id, crm_id, fields;
};
Settings<UpdateSettings> update_settings();

class UpdateApplication : public BlendAction {
 public:
  UpdateApplication(BlendConnection& connection, Host host) : BlendAction(connection, host, "update_application") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

}  // namespace milepost::blend
