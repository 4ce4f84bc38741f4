// PostcardMania's orders once they are placed: read, listed, taken back; proofs and addresses before they are.
#include "milepost/times.hpp"
#include "plugins/postcard/pcm.hpp"
#include "plugins/postcard/day.hpp"

namespace milepost::postcard {
namespace {

constexpr const char* kOrder = "/order/{id}";

/// What the vendor calls an address's parts, and what we call them.
Json corrected(const Json& result) {
  Json out = Json::object();
  const std::pair<const char*, const char*> parts[] = {
      {"line1", "/address"}, {"line2", "/address2"}, {"city", "/city"}, {"state", "/state"}, {"zip", "/zipCode"}};
  const auto* nested = milepost::find(result, "/address");
  const Json& from = nested != nullptr && nested->is_object() ? *nested : result;
  for (const auto& [ours, theirs] : parts)
    if (auto value = get<std::string>(from, theirs)) out[ours] = *value;
  // Without a street it says nothing about what was corrected.
  return out.contains("line1") ? out : Json::object();
}

Error unreadable(const std::string& origin) {
  return {ErrorKind::retryable, "the vendor's answer cannot be read", origin, std::nullopt};
}

}  // namespace

Result<Json> Pcm::ask(HttpRequest request, const std::string& origin, const Call& call) const {
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  const auto response = host_.http().send(request, call);
  if (!response) return fail(response.error());
  if (auto error = pcm_refusal(*response, request.intent, "pcm: " + origin, host_.clock().now()))
    return fail(std::move(*error));
  auto body = read_json(response->body);
  if (!body) return fail(unreadable("pcm: " + origin));
  // A 200 with an error in it is no answer to what was asked.
  if (body->is_object() && body->contains("error") && !(*body)["error"].is_null())
    return fail(ErrorKind::permanent, "the vendor answered 200 with an error in it", "pcm: " + origin);
  return body;
}

Result<Orders> Pcm::list(Time since, const std::string& next, const Call& call) const {
  // First what could not be delivered, since that list says why; then the orders, page by page.
  Orders out;
  const auto day = day_text(since - std::chrono::days(1));
  if (next.empty()) {
    out.next = "1";
    const auto body = ask({"GET", "/recipient/undeliverable?startDate=" + day, {}, "", Intent::read},
                          "GET /recipient/undeliverable", call);
    // Known from a catalogue alone: an account without it has nothing to tell here.
    if (!body && body.error().origin.ends_with("-> 404")) return out;
    if (!body) return fail(body.error());
    const auto* results = milepost::find(*body, "/results");
    const Json& rows = results != nullptr ? *results : *body;
    if (!rows.is_array()) return fail(unreadable("pcm: GET /recipient/undeliverable"));
    for (const auto& row : rows) {
      Sighting seen;
      seen.vendor = "pcm";
      seen.order_id = id_at(row, "/orderID");
      if (seen.order_id.empty()) continue;
      seen.batch_id = id_at(row, "/batchID");
      seen.reference = get<std::string>(row, "/extRefNbr").value_or("");
      seen.status = "Undeliverable";
      seen.state = "undeliverable";
      seen.reason = get<std::string>(row, "/failureReason").value_or("").substr(0, 200);
      if (const auto* date = milepost::find(row, "/date")) seen.time = read_time(*date);
      out.seen.push_back(std::move(seen));
    }
    return out;
  }
  const int page = std::atoi(next.c_str());
  const auto body = ask({"GET", "/order?page=" + next + "&perPage=100&orderedAfter=" + day, {}, "", Intent::read},
                        "GET /order", call);
  if (!body) return fail(body.error());
  const auto* results = milepost::find(*body, "/results");
  if (results == nullptr || !results->is_array()) return fail(unreadable("pcm: GET /order"));
  for (const auto& order : *results)
    if (auto seen = pcm_order_seen(order)) out.seen.push_back(std::move(*seen));
  if (pcm_has_next(*body, page, results->size())) out.next = std::to_string(page + 1);
  return out;
}

Result<std::vector<Sighting>> Pcm::read(const std::string& order_id, const Call& call) const {
  const auto origin = std::string("GET ") + kOrder;
  const auto body = ask({"GET", "/order/" + order_id, {}, "", Intent::read}, origin, call);
  if (!body) return fail(body.error());
  auto seen = pcm_order_seen(*body);
  if (!seen || seen->order_id != order_id)
    return fail(ErrorKind::retryable, "the vendor answered with another order than the one asked for",
                "pcm: " + origin);
  return std::vector<Sighting>{std::move(*seen)};
}

Status Pcm::cancel(const std::string& order_id, bool& refused, const Call& call) const {
  const auto origin = std::string("pcm: DELETE ") + kOrder;
  const auto response = host_.http().send({"DELETE", "/order/" + order_id, {}, "", Intent::repeatable}, call);
  if (!response) return fail(response.error());
  if (auto error = pcm_refusal(*response, Intent::repeatable, origin, host_.clock().now())) {
    refused = error->kind == ErrorKind::permanent;
    return fail(std::move(*error));
  }
  const auto body = read_json(response->body).value_or(Json());
  if (response->status == 204 || get<bool>(body, "/success").value_or(false)) return {};
  refused = true;
  return fail(ErrorKind::permanent, "the vendor's answer does not say that the order is canceled", origin);
}

Result<Json> Pcm::proof(const Card& card, const Call& call) const {
  const std::string origin = "POST /design/generate-proof/postcard";
  const auto body =
      ask({"POST", "/design/generate-proof/postcard", {}, text(pcm_order(card)), Intent::read}, origin, call);
  if (!body) return fail(body.error());
  Json out = Json::object();
  for (const auto* side : {"front", "back"})
    if (auto link = get<std::string>(*body, std::string("/") + side); link && !link->empty()) out[side] = *link;
  if (out.empty()) return fail(unreadable("pcm: " + origin));
  return out;
}

Result<Json> Pcm::picture(const std::string&, const Call&) const {
  return fail(ErrorKind::permanent,
              "order_id: vendor pcm shows a card before it is ordered, by design and to; not an order");
}

Result<Verdict> Pcm::verify(const Address& address, const Call& call) const {
  const std::string origin = "POST /recipient/verify";
  Json asked{{"recipients", Json::array()}};
  asked["recipients"].push_back(pcm_address(address));
  const auto body = ask({"POST", "/recipient/verify", {}, text(asked), Intent::read}, origin, call);
  if (!body) return fail(body.error());
  const auto* result = milepost::find(*body, "/results/0");
  const auto undeliverable = result != nullptr ? get<bool>(*result, "/undeliverable") : fail(unreadable(origin));
  if (!undeliverable) return fail(unreadable("pcm: " + origin));
  Verdict out;
  out.deliverable = !*undeliverable;
  out.word =
      out.deliverable ? "deliverable" : get<std::string>(*result, "/undeliverableReason").value_or("undeliverable");
  out.address = corrected(*result);
  return out;
}

}  // namespace milepost::postcard
