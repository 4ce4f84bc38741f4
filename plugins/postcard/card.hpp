// A step's settings as a card. Pure: what is wrong is found before anything is sent.
#pragma once

#include <optional>
#include <string>

#include "milepost/settings.hpp"
#include "plugins/postcard/account.hpp"

namespace milepost::postcard {

struct SendSettings {
  Json design;
  Json to;
  std::optional<std::string> tracking_code, mail_class, mail_date, size, reference;
  Json variables;
  std::optional<Json> return_address;
};
Settings<SendSettings> send_settings();

/// What the card of this delivery is known by; needs no design and no address.
Result<Marks> read_marks(const Delivery& delivery);

/// `permanent` names the setting, never a borrower's data.
Result<Card> read_card(const Account& account, const Delivery& delivery);

}  // namespace milepost::postcard
