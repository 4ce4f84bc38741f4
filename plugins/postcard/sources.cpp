#include "plugins/postcard/sources.hpp"

#include <set>

#include "milepost/sha256.hpp"

namespace milepost::postcard {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDigest = 12;        // hex digits that tell a state of an order
constexpr std::size_t kMostKnown = 5'000;  // the cursor has room for 64 KiB
constexpr std::size_t kMostPages = 200;

const char* const kStates =
    "Which states make an event: accepted, in_production, mailed, in_transit, delivered, returned, rerouted, "
    "undeliverable, canceled, failed_payment, failed, scanned, issue, unknown; empty: all.";
const char* const kPrefix = "Only orders whose reference begins so, where an account serves others too.";

std::string digest_of(const std::string& text) { return hex(sha256(text)).substr(0, kDigest); }

std::set<std::string> split(const std::string& digests) {
  std::set<std::string> out;
  for (std::size_t at = 0; at + kDigest <= digests.size(); at += kDigest) out.insert(digests.substr(at, kDigest));
  return out;
}
std::string join(const std::set<std::string>& digests) {
  std::string out;
  for (const auto& one : digests) out += one;
  return out;
}

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

/// Where it has come to: `known` were told of in the walk before, `found` are there in this one.
struct StatusSource::Walk {
  std::set<std::string> known, found, pages;
  std::string page;

  static Walk read(const Cursor& cursor) {
    const auto json = cursor.empty() ? Json() : read_json(cursor).value_or(Json());
    const auto at = [&](const char* pointer) { return get<std::string>(json, pointer).value_or(""); };
    return {split(at("/known")), split(at("/found")), split(at("/pages")), at("/page")};
  }
  Cursor cursor() const {
    return text(Json{{"known", join(known)}, {"found", join(found)}, {"pages", join(pages)}, {"page", page}});
  }
  /// The list is at its end: the next walk knows what is there now.
  void finish() { *this = Walk{std::exchange(found, {}), {}, {}, ""}; }
};

Result<Page> StatusSource::poll(const Cursor& after, std::size_t limit, const Call& call) {
  auto walk = Walk::read(after);
  const auto since = host_.clock().now() - settings_.ordered_within;
  const std::string vendor(cards_.vendor().name());
  const Taking taking{settings_.states, true, settings_.reference_prefix};
  Page page;
  for (bool first = true; first || (page.events.size() < limit && call.left() > 2s); first = false) {
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped while reading the vendor's orders");
    auto orders = cards_.vendor().list(since, walk.page, call);
    if (!orders) return fail(orders.error());
    bool full = false;
    for (const auto& seen : orders->seen) {
      const auto event = to_event(seen, taking);
      if (!event) continue;
      const auto digest = digest_of(event->id);
      if (walk.found.contains(digest)) continue;
      // No room: the same page is read again, less what has been told of it by then.
      full = page.events.size() >= limit && !walk.known.contains(digest);
      if (full) break;
      walk.found.insert(digest);
      if (walk.known.erase(digest) > 0) continue;
      page.events.push_back(*event);
    }
    if (walk.known.size() + walk.found.size() > kMostKnown)
      return fail(ErrorKind::permanent, "more than " + std::to_string(kMostKnown) +
                                            " states of orders are in the list: narrow it by ordered_within, states or "
                                            "reference_prefix");
    if (full) break;
    walk.page = orders->next;
    if (walk.page.empty()) {
      walk.finish();
      break;
    }
    if (!walk.pages.insert(digest_of(walk.page)).second || walk.pages.size() > kMostPages)
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
