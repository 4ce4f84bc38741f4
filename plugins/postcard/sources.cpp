#include "plugins/postcard/sources.hpp"

#include "milepost/walk.hpp"

namespace milepost::postcard {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostPages = 200;

const char* const kStates =
    "Which states make an event: accepted, in_production, mailed, in_transit, delivered, returned, rerouted, "
    "undeliverable, canceled, failed_payment, failed, scanned, issue, unknown; empty: all.";
const char* const kPrefix = "Only orders whose reference begins so, where an account serves others too.";

Json hmac(const char* header, const char* timestamp, Json encoding) {
  return {
      {"header", header},
      {"secret", Json::array({Json{{"setting", "secret"}}, Json{{"setting", "other_secret"}}})},
      {"encoding", std::move(encoding)},
      {"signed", "${timestamp}.${body}"},
      {"timestamp",
       {{"header", timestamp}, {"unit", "auto"}, {"tolerance", {{"setting", "signed_within"}, {"default", "20m"}}}}}};
}

}  // namespace

Settings<TrackingSettings> tracking_settings() {
  return Settings<TrackingSettings>("What a vendor's webhooks tell of cards.")
      .optional("vendor", &TrackingSettings::vendor, "pcm", "Who calls: pcm or lob.", {{"enum", {"pcm", "lob"}}})
      .secret("secret", "The subscription's signature secret.")
      .secret("other_secret", "Another that is good too: while it is being changed, or of a second subscription.",
              false)
      .optional("signature_encoding", &TrackingSettings::signature_encoding, "hex",
                "How pcm writes its signature (lob always writes hex).", {{"enum", {"hex", "base64"}}})
      .optional("signed_within", &TrackingSettings::signed_within, 20min,
                "How old a delivery's timestamp may be: pcm's last retry comes after 16 minutes.")
      .optional("states", &TrackingSettings::states, std::vector<std::string>(), kStates)
      .optional("reference_prefix", &TrackingSettings::reference_prefix, "", kPrefix)
      .optional(
          "one_recipient", &TrackingSettings::one_recipient, true,
          "Each order has one recipient, as those of `send`, so what is told of piece and order is one event; false: "
          "of each piece its own.");
}

Json tracking_verifiers() {
  const Json either{{"setting", "signature_encoding"}, {"default", "hex"}};
  return Json::array(
      {Json{{"hmac", hmac("Lob-Signature", "Lob-Signature-Timestamp", "hex")}, {"when", {{"vendor", "lob"}}}},
       Json{{"hmac", hmac("pcmi-signature", "pcmi-timestamp", either)}}});
}

Result<std::vector<Event>> Tracking::receive(const HttpRequest& request) {
  const auto body = read_json(request.body);
  if (!body) return fail(body.error());
  if (!body->is_object())
    return fail(ErrorKind::permanent, "expected an object, found " + std::string(body->type_name()));
  const auto seen = settings_.vendor == "lob" ? lob_notice(*body) : pcm_notice(*body, request.body);
  if (!seen) return fail(seen.error());
  const auto event = to_event(*seen, {settings_.states, settings_.one_recipient, settings_.reference_prefix});
  const auto* kind = !event ? "passed_over" : seen->state.empty() ? "unknown" : "taken";
  host_.metrics().count("events", 1, {{"source", "tracking"}, {"vendor", settings_.vendor}, {"kind", kind}});
  return event ? std::vector<Event>{*event} : std::vector<Event>();
}

Settings<StatusSettings> status_settings() {
  return Settings<StatusSettings>("Orders by their state, from the vendor's list, once for each state.")
      .optional("ordered_within", &StatusSettings::ordered_within, 24h * 45, "How old an order may be.")
      .optional("states", &StatusSettings::states, std::vector<std::string>(), kStates)
      .optional("reference_prefix", &StatusSettings::reference_prefix, "", kPrefix);
}

Result<Page> StatusSource::poll(const Cursor& after, std::size_t limit, const Call& call) {
  Walk walk(after);
  const auto since = host_.clock().now() - settings_.ordered_within;
  const std::string vendor(cards_.vendor().name());
  const Taking taking{settings_.states, true, settings_.reference_prefix};
  Page page;
  for (bool first = true; first || (page.events.size() < limit && call.left() > 2s); first = false) {
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped while reading the vendor's orders");
    auto orders = cards_.vendor().list(since, walk.page(), call);
    if (!orders) return fail(orders.error());
    bool full = false;
    for (const auto& seen : orders->seen) {
      const auto event = to_event(seen, taking);
      if (!event) continue;
      // No room: the same page is read again, less what has been told of it by then.
      full = page.events.size() >= limit && walk.would_be_news(event->id);
      if (full) break;
      if (walk.is_news(event->id)) page.events.push_back(*event);
    }
    if (walk.size() > Walk::kMost)
      return fail(ErrorKind::permanent, "more than " + std::to_string(Walk::kMost) +
                                            " states of orders are in the list: narrow it by ordered_within, states or "
                                            "reference_prefix");
    if (full) break;
    if (orders->next.empty()) {
      walk.finish();
      break;
    }
    if (!walk.go_to(orders->next) || walk.pages() > kMostPages)
      return fail(ErrorKind::permanent,
                  "the list of orders does not end: a page came twice, or there are more than " +
                      std::to_string(kMostPages) + "; narrow it by ordered_within",
                  vendor + ": the list of orders");
  }
  host_.metrics().count("events", static_cast<double>(page.events.size()),
                        {{"source", "status"}, {"vendor", vendor}, {"kind", "taken"}});
  page.next = walk.cursor();
  return page;
}

}  // namespace milepost::postcard
