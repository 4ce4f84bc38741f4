// Lob's postcards once they are ordered: read, listed, taken back; and addresses before they are.
#include "milepost/times.hpp"
#include "plugins/postcard/lob.hpp"
#include "plugins/postcard/day.hpp"

namespace milepost::postcard {
namespace {

constexpr const char* kPostcard = "/postcards/{id}";

Error unreadable(const std::string& origin) {
  return {ErrorKind::retryable, "the vendor's answer cannot be read", origin, std::nullopt};
}

/// The place in the list that a next_url names. The URL itself is never followed: it could lead anywhere.
std::string place_in(const std::string& next_url) {
  auto at = next_url.find("?after=");
  if (at == next_url.npos) at = next_url.find("&after=");
  if (at == next_url.npos) return "";
  const auto place = next_url.substr(at + 7, next_url.find('&', at + 7) - at - 7);
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~%=";
  return place.size() <= 2000 && place.find_first_not_of(kAllowed) == place.npos ? place : "";
}

}  // namespace

Result<Json> Lob::ask(HttpRequest request, const std::string& origin, const Call& call) const {
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  const auto intent = request.intent;
  const auto response = exchange(std::move(request), call);
  if (!response) return fail(response.error());
  if (auto error = lob_refusal(*response, intent, "lob: " + origin, host_.clock().now()))
    return fail(std::move(*error));
  auto body = read_json(response->body);
  if (!body) return fail(unreadable("lob: " + origin));
  if (body->is_object() && body->contains("error") && !(*body)["error"].is_null())
    return fail(ErrorKind::permanent, "the vendor answered 200 with an error in it", "lob: " + origin);
  return body;
}

Result<Orders> Lob::list(Time since, const std::string& next, const Call& call) const {
  const std::string target =
      "/postcards?limit=100&date_created%5Bgte%5D=" + day_text(since) + (next.empty() ? "" : "&after=" + next);
  const auto body = ask({"GET", target, {}, "", Intent::read}, "GET /postcards", call);
  if (!body) return fail(body.error());
  const auto* data = milepost::find(*body, "/data");
  if (data == nullptr || !data->is_array()) return fail(unreadable("lob: GET /postcards"));
  Orders out;
  for (const auto& postcard : *data) {
    const auto* made = milepost::find(postcard, "/date_created");
    const auto time = made != nullptr ? read_time(*made) : std::nullopt;
    if (time && *time < since) continue;
    auto seen = lob_postcard_seen(postcard);
    if (!seen) continue;
    for (auto& one : *seen) out.seen.push_back(std::move(one));
  }
  const auto next_url = get<std::string>(*body, "/next_url").value_or("");
  out.next = place_in(next_url);
  // To take it for the end would leave out all that follows.
  if (out.next.empty() && !next_url.empty())
    return fail(ErrorKind::retryable, "the list's next_url names no place in it", "lob: GET /postcards");
  return out;
}

Result<std::vector<Sighting>> Lob::read(const std::string& order_id, const Call& call) const {
  const auto origin = std::string("GET ") + kPostcard;
  const auto body = ask({"GET", "/postcards/" + order_id, {}, "", Intent::read}, origin, call);
  if (!body) return fail(body.error());
  auto seen = lob_postcard_seen(*body);
  if (!seen || seen->front().order_id != order_id)
    return fail(ErrorKind::retryable, "the vendor answered with another postcard than the one asked for",
                "lob: " + origin);
  return seen;
}

Status Lob::cancel(const std::string& order_id, bool& refused, const Call& call) const {
  const auto origin = std::string("lob: DELETE ") + kPostcard;
  const auto response = exchange({"DELETE", "/postcards/" + order_id, {}, "", Intent::repeatable}, call);
  if (!response) return fail(response.error());
  if (auto error = lob_refusal(*response, Intent::repeatable, origin, host_.clock().now())) {
    refused = error->kind == ErrorKind::permanent;
    return fail(std::move(*error));
  }
  const auto body = read_json(response->body).value_or(Json());
  if (get<bool>(body, "/deleted").value_or(false) && id_at(body, "/id") == order_id) return {};
  refused = true;
  return fail(ErrorKind::permanent, "the vendor's answer does not say that the postcard is deleted", origin);
}

Result<Json> Lob::proof(const Card&, const Call&) const {
  return fail(ErrorKind::permanent,
              "order_id: missing; vendor lob shows no card before it is ordered (under a test key nothing is printed)");
}

Result<Json> Lob::picture(const std::string& order_id, const Call& call) const {
  const auto origin = std::string("GET ") + kPostcard;
  const auto body = ask({"GET", "/postcards/" + order_id, {}, "", Intent::read}, origin, call);
  if (!body) return fail(body.error());
  const auto link = get<std::string>(*body, "/url").value_or("");
  if (link.empty() || id_at(*body, "/id") != order_id) return fail(unreadable("lob: " + origin));
  return Json{{"url", link}};
}

Result<Verdict> Lob::verify(const Address& address, const Call& call) const {
  const std::string origin = "POST /us_verifications";
  Json asked{
      {"primary_line", address.line1}, {"city", address.city}, {"state", address.state}, {"zip_code", address.zip}};
  if (!address.line2.empty()) asked["secondary_line"] = address.line2;
  const auto body = ask({"POST", "/us_verifications", {}, text(asked), Intent::read}, origin, call);
  if (!body) return fail(body.error());
  const auto word = get<std::string>(*body, "/deliverability").value_or("");
  if (word.empty()) return fail(unreadable("lob: " + origin));
  Verdict out;
  // deliverable_missing_unit and its like reach the building, where the mail may still go astray.
  out.deliverable = word.starts_with("deliverable");
  out.word = vendor_word(word);
  const auto part = [&](const char* pointer) { return get<std::string>(*body, pointer).value_or(""); };
  if (const auto street = part("/primary_line"); !street.empty()) {
    const auto more = part("/components/zip_code_plus_4");
    out.address = Json{{"line1", street},
                       {"line2", part("/secondary_line")},
                       {"city", part("/components/city")},
                       {"state", part("/components/state")},
                       {"zip", part("/components/zip_code") + (more.empty() ? "" : "-" + more)}};
  }
  return out;
}

}  // namespace milepost::postcard
