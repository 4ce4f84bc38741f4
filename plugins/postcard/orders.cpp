#include "plugins/postcard/orders.hpp"

#include "plugins/postcard/card.hpp"
#include "plugins/postcard/day.hpp"

namespace milepost::postcard {
namespace {

const char* const kOrderId = "The vendor's id, as `send` answered it.";

/// An order's id as it may stand in a path.
Result<std::string> order_id(const Json& given) {
  const auto id = is_number(given) ? number_text(given) : given.is_string() ? given.get<std::string>() : "";
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (id.empty() || id.size() > 64 || id.find_first_not_of(kAllowed) != id.npos)
    return fail(ErrorKind::permanent, "order_id: expected an order's id of letters and digits, at most 64");
  return id;
}

Result<std::string> order_id_of(const Settings<OrderSettings>& settings, const Delivery& delivery) {
  const auto with = settings.parse(delivery.with);
  if (!with) return fail(with.error());
  return order_id(with->order_id);
}

/// Capitals alone correct nothing.
std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

std::string state_name(const Sighting& seen) { return seen.state.empty() ? "unknown" : seen.state; }

/// Where it stands, and the way that it came.
Json shown(const std::vector<Sighting>& all) {
  const auto& first = all.front();
  const auto& last = first.state == "canceled" || first.state == "failed" ? first : all.back();
  Json out{{"order_id", first.order_id}, {"vendor", first.vendor}, {"state", state_name(last)}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  put("status", last.status);
  put("batch_id", first.batch_id);
  put("reference", first.reference);
  put("tracking_code", first.tracking_code);
  for (const auto& [key, value] : first.more.items()) out[key] = value;
  if (all.size() < 2) return out;
  out["tracking"] = Json::array();
  for (std::size_t i = 1; i < all.size(); ++i) {
    Json entry{{"state", state_name(all[i])}, {"status", all[i].status}};
    if (all[i].time) entry["day"] = day_text(*all[i].time);
    out["tracking"].push_back(std::move(entry));
  }
  return out;
}

}  // namespace

Settings<OrderSettings> cancel_settings() {
  return Settings<OrderSettings>("Takes an order back while the vendor does.")
      .required("order_id", &OrderSettings::order_id, kOrderId);
}
Settings<OrderSettings> status_of_settings() {
  return Settings<OrderSettings>("Reads where an order stands.")
      .required("order_id", &OrderSettings::order_id, kOrderId);
}
Settings<PreviewSettings> preview_settings() {
  return Settings<PreviewSettings>("Pictures of a card: before it is ordered (pcm), or once it is (lob).")
      .optional("order_id", &PreviewSettings::order_id, std::nullopt, "The ordered card (lob only, and needed there).")
      .optional("design", &PreviewSettings::design, std::nullopt, "As in `send` (pcm only, and needed there).")
      .optional("to", &PreviewSettings::to, std::nullopt, "As in `send` (pcm only, and needed there).",
                {{"type", "object"}})
      .optional("tracking_code", &PreviewSettings::tracking_code, std::nullopt, "As in `send` (pcm only).")
      .optional("variables", &PreviewSettings::variables, Json::object(), "As in `send` (pcm only).",
                {{"type", "object"}})
      .optional("return_address", &PreviewSettings::return_address, std::nullopt, "As in `send` (pcm only).",
                {{"type", "object"}});
}
Settings<VerifySettings> verify_settings() {
  return Settings<VerifySettings>("Asks the vendor whether mail reaches an address.")
      .required("address", &VerifySettings::address, "The address, written like `to` of `send`.", {{"type", "object"}});
}

Result<Answer> Cancel::run_one(const Delivery& delivery, const Call& call) {
  const auto id = order_id_of(cancel_settings(), delivery);
  if (!id) return fail(id.error());
  const auto& vendor = cards_.vendor();
  Answer out;
  out.effect = Answer::Effect::updated;
  out.body = {{"order_id", *id}, {"vendor", vendor.name()}, {"state", "canceled"}};
  out.record = Record{std::string(vendor.name()), "order", *id, "", ""};
  bool refused = false;
  const auto done = vendor.cancel(*id, refused, call);
  if (!done && !refused) return fail(done.error());
  if (!done) {
    // Too late, canceled before, or unknown: the vendors' words for these differ, and the order itself tells.
    const auto seen = vendor.read(*id, call);
    if (!seen) return fail(seen.error());
    if (const auto state = state_name(seen->front()); state != "canceled")
      return fail(ErrorKind::permanent,
                  "the vendor does not take the order back (it is " + shown(*seen)["state"].get<std::string>() +
                      "): " + done.error().message,
                  done.error().origin);
    out.effect = Answer::Effect::unchanged;
  }
  host_.metrics().count("cancels", 1, {{"vendor", vendor.name()}});
  return out;
}

Result<Answer> OrderStatus::run_one(const Delivery& delivery, const Call& call) {
  const auto id = order_id_of(status_of_settings(), delivery);
  if (!id) return fail(id.error());
  const auto seen = cards_.vendor().read(*id, call);
  if (!seen) return fail(seen.error());
  Answer out;
  out.effect = Answer::Effect::unchanged;
  out.body = shown(*seen);
  return out;
}

Result<Answer> Preview::run_one(const Delivery& delivery, const Call& call) {
  const auto with = preview_settings().parse(delivery.with);
  if (!with) return fail(with.error());
  Answer out;
  out.effect = Answer::Effect::unchanged;
  if (with->order_id) {
    const auto id = order_id(*with->order_id);
    if (!id) return fail(id.error());
    auto picture = cards_.vendor().picture(*id, call);
    if (!picture) return fail(picture.error());
    out.body = std::move(*picture);
    return out;
  }
  if (cards_.account().vendor == "lob") return fail(cards_.vendor().proof({}, call).error());
  const auto card = read_card(cards_.account(), delivery);
  if (!card) return fail(card.error());
  auto pictures = cards_.vendor().proof(*card, call);
  if (!pictures) return fail(pictures.error());
  out.body = std::move(*pictures);
  return out;
}

Result<Answer> VerifyAddress::run_one(const Delivery& delivery, const Call& call) {
  const auto with = verify_settings().parse(delivery.with);
  if (!with) return fail(with.error());
  Answer out;
  out.effect = Answer::Effect::unchanged;
  const auto address = read_address(with->address, "address");
  if (!address) {
    // What is asked is whether it can be mailed, so that is the answer, not a failed step.
    out.body = {{"deliverable", false}, {"verdict", address.error().message}};
    return out;
  }
  const auto verdict = cards_.vendor().verify(*address, call);
  if (!verdict) return fail(verdict.error());
  host_.metrics().count("addresses_verified", 1,
                        {{"vendor", cards_.vendor().name()}, {"deliverable", verdict->deliverable ? "yes" : "no"}});
  out.body = {{"deliverable", verdict->deliverable}, {"verdict", verdict->word}};
  if (verdict->address.empty()) return out;
  out.body["address"] = verdict->address;
  out.body["corrected"] = Json::array();
  const std::pair<const char*, const std::string*> parts[] = {{"line1", &address->line1},
                                                              {"line2", &address->line2},
                                                              {"city", &address->city},
                                                              {"state", &address->state},
                                                              {"zip", &address->zip}};
  for (const auto& [name, given] : parts)
    if (const auto theirs = get<std::string>(verdict->address, std::string("/") + name);
        theirs && lower(*theirs) != lower(*given))
      out.body["corrected"].push_back(name);
  return out;
}

}  // namespace milepost::postcard
