#include "plugins/postcard/lob.hpp"

#include <algorithm>
#include <charconv>

namespace milepost::postcard {
namespace {

/// What the metadata is searched by. Not the reference: an author may put a loan's number there, and this stands in a
/// URL.
std::string mark(const Marks& marks) { return "mp-" + marks.key; }

Json address(const Address& at) {
  Json out = Json::object();
  if (const auto name = at.name(); !name.empty()) out["name"] = name;
  if (!at.company.empty()) out["company"] = at.company;
  out["address_line1"] = at.line1;
  if (!at.line2.empty()) out["address_line2"] = at.line2;
  out["address_city"] = at.city;
  out["address_state"] = at.state;
  out["address_zip"] = at.zip;
  out["address_country"] = "US";
  return out;
}

/// The prose and the schemas of the vendor spell the header differently: seconds since 1970, when the window is new.
std::optional<std::chrono::milliseconds> until_reset(const HttpResponse& response, Time now) {
  for (auto name : {"X-Rate-Limit-Reset", "ratelimit-reset"}) {
    const auto value = response.header(name);
    long long seconds = 0;
    const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (value.empty() || fault != std::errc() || seconds > 32'503'680'000) continue;
    const auto wait = Time(std::chrono::seconds(seconds)) - now;
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(wait), std::chrono::milliseconds(0),
                      std::chrono::milliseconds(std::chrono::minutes(10)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> lob_refusal(const HttpResponse& response, Intent intent, std::string origin, Time now) {
  auto error = classify(response, intent, std::move(origin), now);
  if (!error) return error;
  const auto body = read_json(response.body).value_or(Json());
  const auto code = vendor_word(get<std::string>(body, "/error/code").value_or(""));
  if (!code.empty()) error->message += " (" + code + ")";
  if (error->kind == ErrorKind::rate_limited && !error->retry_after) error->retry_after = until_reset(response, now);
  return error;
}

std::optional<Json> lob_design(const Json& design) {
  for (auto side : {"/front", "/back"})
    if (get<std::string>(design, side).value_or("").empty()) return std::nullopt;
  return design;
}

Json lob_postcard(const Card& card, const std::string& use_type) {
  Json out{{"to", address(card.to)}};
  if (card.from) out["from"] = address(*card.from);
  out["front"] = get<std::string>(card.design, "/front").value_or("");
  out["back"] = get<std::string>(card.design, "/back").value_or("");
  if (!card.size.empty()) out["size"] = card.size;
  out["mail_type"] = card.mail_class == "standard" ? "usps_standard" : "usps_first_class";
  out["use_type"] = use_type;
  if (!card.mail_date.empty()) out["send_date"] = card.mail_date;
  if (!card.variables.empty()) {
    out["merge_variables"] = Json::object();
    for (const auto& [key, value] : card.variables) out["merge_variables"][key] = value;
  }
  out["metadata"] = Json{{"ref", mark(card.marks)}, {"reference", card.marks.reference}};
  if (!card.marks.tracking_code.empty()) out["metadata"]["tracking_code"] = card.marks.tracking_code;
  return out;
}

Result<HttpResponse> Lob::exchange(HttpRequest request, const Call& call) const {
  if (!version_.empty()) request.headers.emplace_back("Lob-Version", version_);
  return host_.http().send(request, call);
}

Status Lob::probe(const Call& call) const {
  const auto response = exchange({"GET", "/postcards?limit=1", {}, "", Intent::read}, call);
  if (!response) return fail(response.error());
  if (auto error = lob_refusal(*response, Intent::read, "lob: GET /postcards", host_.clock().now()))
    return fail(std::move(*error));
  return {};
}

Result<Receipt> Lob::send(const Card& card, const Call& call) const {
  const std::string origin = "lob: POST /postcards";
  // Intent::once in spite of the key: a repeat after the vendor has forgotten it would be a second card.
  const HttpRequest request{"POST",
                            "/postcards",
                            {{"Content-Type", "application/json"}, {"Idempotency-Key", card.marks.key}},
                            text(lob_postcard(card, use_type_)),
                            Intent::once};
  const auto response = exchange(request, call);
  auto error =
      response ? lob_refusal(*response, Intent::once, origin, host_.clock().now()) : std::optional(response.error());
  if (error) {
    if (error->origin.empty()) error->origin = origin;
    return fail(std::move(*error));
  }
  const auto body = read_json(response->body).value_or(Json());
  Receipt receipt{get<std::string>(body, "/id").value_or(""), ""};
  if (receipt.order_id.empty())
    return fail(ErrorKind::indeterminate, "the vendor accepted the request but named no postcard",
                origin + " -> " + std::to_string(response->status));
  if (const auto theirs = get<std::string>(body, "/metadata/ref"); theirs && *theirs != mark(card.marks))
    return fail(ErrorKind::indeterminate, "the vendor accepted the request but named a postcard of another delivery",
                origin + " -> " + std::to_string(response->status));
  if (const auto day = get<std::string>(body, "/expected_delivery_date")) receipt.expected_delivery = *day;
  return receipt;
}

Result<std::optional<Receipt>> Lob::find(const Marks& marks, const Call& call) const {
  const auto response =
      exchange({"GET", "/postcards?limit=10&metadata%5Bref%5D=" + mark(marks), {}, "", Intent::read}, call);
  if (!response) return fail(response.error());
  const std::string origin = "lob: GET /postcards";
  if (auto error = lob_refusal(*response, Intent::read, origin, host_.clock().now())) return fail(std::move(*error));
  const auto body = read_json(response->body).value_or(Json());
  const auto* data = milepost::find(body, "/data");
  if (data == nullptr || !data->is_array())
    return fail(ErrorKind::retryable, "the vendor's list of postcards cannot be read", origin);
  if (data->empty()) return std::optional<Receipt>();
  for (const auto& postcard : *data) {
    if (get<std::string>(postcard, "/metadata/ref").value_or("") != mark(marks)) continue;
    Receipt receipt{get<std::string>(postcard, "/id").value_or(""), ""};
    if (const auto day = get<std::string>(postcard, "/expected_delivery_date")) receipt.expected_delivery = *day;
    if (!receipt.order_id.empty()) return std::optional(std::move(receipt));
  }
  // Other cards than the one asked for: the filter did not hold, so this says nothing about ours.
  return fail(ErrorKind::retryable, "the vendor's list does not keep to its filter", origin);
}

}  // namespace milepost::postcard
