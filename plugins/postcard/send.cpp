#include "plugins/postcard/send.hpp"

namespace milepost::postcard {

Traits send_traits() {
  Traits traits;
  traits.replay = Replay::never;
  // How far a vendor's list lags behind its orders is not documented; two minutes cost nothing where a card takes days.
  traits.settles_after = std::chrono::minutes(2);
  traits.effect = Kind::mail;
  return traits;
}

Result<Answer> Send::run_one(const Delivery& delivery, const Call& call) {
  auto card = read_card(cards_.account(), delivery);
  if (!card) return fail(card.error());
  const auto started = host_.clock().now();
  const auto receipt = cards_.vendor().send(*card, call);
  host_.metrics().seconds("send_seconds", std::chrono::duration<double>(host_.clock().now() - started).count(),
                          {{"vendor", cards_.vendor().name()}});
  if (!receipt) return fail(receipt.error());
  host_.metrics().count("postcards", 1, {{"vendor", cards_.vendor().name()}});
  return answer(card->marks, *receipt);
}

Result<std::optional<Answer>> Send::find(const Delivery& delivery, const Call& call) {
  const auto marks = read_marks(delivery);
  if (!marks) return fail(marks.error());
  const auto receipt = cards_.vendor().find(*marks, call);
  if (!receipt) return fail(receipt.error());
  if (!*receipt) return std::optional<Answer>();
  host_.metrics().count("postcards_found", 1, {{"vendor", cards_.vendor().name()}});
  return std::optional(answer(*marks, **receipt));
}

Answer Send::answer(const Marks& marks, const Receipt& receipt) const {
  const std::string vendor(cards_.vendor().name());
  Answer out;
  out.body = {{"order_id", receipt.order_id}, {"reference", marks.reference}, {"vendor", vendor}};
  if (!receipt.batch_id.empty()) out.body["batch_id"] = receipt.batch_id;
  if (!receipt.expected_delivery.empty()) out.body["expected_delivery"] = receipt.expected_delivery;
  if (!marks.tracking_code.empty()) out.body["tracking_code"] = marks.tracking_code;
  out.record = Record{vendor, "order", receipt.order_id, "", ""};
  return out;
}

}  // namespace milepost::postcard
