// Actions about a card that is ordered, or not yet: `cancel`, `status`, `preview`, `verify_address`.
#pragma once

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/postcard/account.hpp"

namespace milepost::postcard {

struct OrderSettings {
  Json order_id;
};
Settings<OrderSettings> cancel_settings();
Settings<OrderSettings> status_of_settings();

struct PreviewSettings {
  std::optional<Json> order_id, design, to, return_address;
  std::optional<std::string> tracking_code;
  Json variables;
};
Settings<PreviewSettings> preview_settings();

struct VerifySettings {
  Json address;
};
Settings<VerifySettings> verify_settings();

/// Takes an order back, as long as the vendor does. Canceled already is `unchanged`.
class Cancel : public SingleAction {
 public:
  Cancel(Cards& cards, Host host) : cards_(cards), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  const Cards& cards_;
  Host host_;
};

/// Reads where an order stands.
class OrderStatus : public SingleAction {
 public:
  OrderStatus(Cards& cards, Host) : cards_(cards) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  const Cards& cards_;
};

/// Pictures of a card: before it is ordered (pcm) or after (lob).
class Preview : public SingleAction {
 public:
  Preview(Cards& cards, Host) : cards_(cards) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  const Cards& cards_;
};

/// Whether mail reaches an address, and how the vendor would write it.
class VerifyAddress : public SingleAction {
 public:
  VerifyAddress(Cards& cards, Host host) : cards_(cards), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  const Cards& cards_;
  Host host_;
};

}  // namespace milepost::postcard
