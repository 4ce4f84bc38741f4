// People and firms of an application beside its borrower, and who at the lender works on it.
#pragma once

#include "plugins/blend/application.hpp"

namespace milepost::blend {

struct AddPartySettings {
  Json application_id, name, fields;
  std::string type, email;
};
Settings<AddPartySettings> add_party_settings();

/// Blend takes the same party twice: so it is looked for first, and after a lost answer.
class AddParty : public BlendAction, public Lookup {
 public:
  AddParty(BlendConnection& connection, Host host) : BlendAction(connection, host, "add_party") {}
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;

 private:
  Result<Json> body_of(const Json& with) const;
  Result<std::optional<Answer>> existing(const Json& body, Answer::Effect effect, const Call& call) const;
};

struct UpdatePartySettings {
  Json id, fields;
};
Settings<UpdatePartySettings> update_party_settings();

/// Absolute values: the same again changes nothing.
class UpdateParty : public BlendAction {
 public:
  UpdateParty(BlendConnection& connection, Host host) : BlendAction(connection, host, "update_party") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

struct AssignSettings {
  Json application_id, assignees;
  std::string mode;
  bool auto_assign = false;
};
Settings<AssignSettings> assign_settings();

/// Adds by PATCH, or replaces by PUT: both may be repeated.
class Assign : public BlendAction {
 public:
  Assign(BlendConnection& connection, Host host) : BlendAction(connection, host, "assign") {}

 protected:
  Result<Answer> act(const Delivery& delivery, const Call& call) override;
};

}  // namespace milepost::blend
