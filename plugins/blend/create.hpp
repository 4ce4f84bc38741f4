// Creates an application. Blend knows no idempotency key and does not promise that a crmId is unique: so our crmId is
// looked for before anything is created, and again after any outcome that is not known.
#pragma once

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct CreateSettings {
  Json crm_id, party, fields;
  bool send_email_invite = false;
  std::optional<std::string> source_type, source_name;
};
Settings<CreateSettings> create_settings();

/// A create's body, checked. `permanent` names the setting that is wrong.
struct NewApplication {
  std::string crm_id;
  Json body;
};
Result<NewApplication> to_application(const Json& with, const BlendConnection& connection);

class CreateApplication : public BlendAction, public Lookup {
 public:
  CreateApplication(BlendConnection& connection, Host host) : BlendAction(connection, host, "create_application") {}
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;

 private:
  Result<std::optional<Answer>> existing(const NewApplication& wanted, Answer::Effect effect, const Call& call) const;
};

}  // namespace milepost::blend
