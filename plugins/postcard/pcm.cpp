#include "plugins/postcard/pcm.hpp"

#include "plugins/postcard/attempts.hpp"
#include "plugins/postcard/day.hpp"

namespace milepost::postcard {
namespace {

constexpr int kPerPage = 100;
constexpr int kMostPages = 200;
// A day would do against zones and clocks; whether the filter takes the named day in is not documented.
constexpr std::chrono::days kOverlap{2};

/// The faulty properties of an error's body: their paths, not what is said about them.
std::string properties(const std::string& body) {
  const auto read = read_json(body);
  const auto* data = read ? find(*read, "/error/data") : nullptr;
  std::string out;
  if (data == nullptr || !data->is_array()) return out;
  for (std::size_t i = 0; i < data->size() && i < 5; ++i) {
    const auto word = vendor_word(get<std::string>((*data)[i], "/property").value_or(""));
    if (!word.empty()) out += (out.empty() ? " (" : ", ") + word;
  }
  return out.empty() ? out : out + ")";
}

}  // namespace

bool pcm_has_next(const Json& body, int page, std::size_t results) {
  if (const auto* next = find(body, "/pagination/nextPage")) return is_number(*next) || next->is_string();
  if (const auto total = get<int>(body, "/pagination/totalPages")) return page < *total;
  return results > 0;  // no word of pages: go on until one is empty
}

std::optional<Error> pcm_refusal(const HttpResponse& response, Intent intent, std::string origin, Time now) {
  auto error = classify(response, intent, std::move(origin), now);
  if (!error) return error;
  error->message += properties(response.body);
  // The account cannot pay: every card would fail alike, so hold them all instead of losing each.
  if (response.status == 402) error->kind = ErrorKind::auth;
  return error;
}

Json pcm_address(const Address& to) {
  Json out{{"firstName", to.first}, {"lastName", to.last}};
  if (!to.company.empty()) out["company"] = to.company;
  out["address"] = to.line1;
  if (!to.line2.empty()) out["address2"] = to.line2;
  out["city"] = to.city;
  out["state"] = to.state;
  out["zipCode"] = to.zip;
  return out;
}

std::optional<Json> pcm_design(const Json& design) {
  const auto digits = is_number(design) ? number_text(design) : design.is_string() ? design.get<std::string>() : "";
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != digits.npos)
    return std::nullopt;
  return Json(std::stoll(digits));
}

Json pcm_order(const Card& card) {
  Json order{{"extRefNbr", card.marks.reference},
             {"mailClass", card.mail_class == "standard" ? "Standard" : "FirstClass"},
             {"designID", pcm_design(card.design).value_or(nullptr)}};
  if (!card.mail_date.empty()) order["mailDate"] = card.mail_date;
  if (card.from) order["returnAddress"] = pcm_address(*card.from);
  Json to = pcm_address(card.to);
  to["extRefNbr"] = card.marks.tracking_code.empty() ? card.marks.reference : card.marks.tracking_code;
  to["variables"] = Json::array();
  for (const auto& [key, value] : card.variables) to["variables"].push_back({{"key", key}, {"value", value}});
  order["recipients"] = Json::array();
  order["recipients"].push_back(std::move(to));
  return order;
}

Status Pcm::probe(const Call& call) const {
  const HttpRequest request{"GET", "/integration/balance", {}, "", Intent::read};
  const auto response = host_.http().send(request, call);
  if (!response) return fail(response.error());
  if (auto error = pcm_refusal(*response, Intent::read, "pcm: GET /integration/balance", host_.clock().now()))
    return fail(std::move(*error));
  return {};
}

Result<Receipt> Pcm::send(const Card& card, const Call& call) const {
  const std::string origin = "pcm: POST /order/postcard";
  const Attempts attempts(host_);
  const auto first = attempts.begin(card.marks.key, call);
  if (!first) return fail(first.error());
  const HttpRequest request{
      "POST", "/order/postcard", {{"Content-Type", "application/json"}}, text(pcm_order(card)), Intent::once};
  const auto response = host_.http().send(request, call);
  auto error =
      response ? pcm_refusal(*response, Intent::once, origin, host_.clock().now()) : std::optional(response.error());
  if (error) {
    if (error->origin.empty()) error->origin = origin;
    // Certainly not ordered, and no earlier attempt is open: nothing will have to be searched for.
    if (error->kind != ErrorKind::indeterminate && *first) attempts.end(card.marks.key, call);
    return fail(std::move(*error));
  }
  const auto body = read_json(response->body).value_or(Json());
  const Receipt receipt{id_at(body, "/orderID"), id_at(body, "/batchID")};
  if (receipt.order_id.empty())
    return fail(ErrorKind::indeterminate, "the vendor accepted the request but named no order",
                origin + " -> " + std::to_string(response->status));
  if (const auto theirs = get<std::string>(body, "/extRefNbr"); theirs && *theirs != card.marks.reference)
    return fail(ErrorKind::indeterminate, "the vendor accepted the request but named an order of another reference",
                origin + " -> " + std::to_string(response->status));
  attempts.end(card.marks.key, call);
  return receipt;
}

Result<std::optional<Receipt>> Pcm::find(const Marks& marks, const Call& call) const {
  const Attempts attempts(host_);
  const auto since = attempts.first(marks.key, call);
  if (!since) return fail(since.error());
  // A day and no time of day: whichever of the two the vendor reads, nothing of that day is lost. Without a remembered
  // attempt the whole list is searched.
  const std::string filter = *since ? "&orderedAfter=" + day_text(**since - kOverlap) : "";

  for (int page = 1; page <= kMostPages; ++page) {
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped while searching the vendor's orders");
    const std::string target = "/order?page=" + std::to_string(page) + "&perPage=" + std::to_string(kPerPage) + filter;
    const auto response = host_.http().send({"GET", target, {}, "", Intent::read}, call);
    if (!response) return fail(response.error());
    if (auto error = pcm_refusal(*response, Intent::read, "pcm: GET /order", host_.clock().now()))
      return fail(std::move(*error));
    const auto body = read_json(response->body).value_or(Json());
    const auto* results = milepost::find(body, "/results");
    if (results == nullptr || !results->is_array())
      return fail(ErrorKind::retryable, "the vendor's list of orders cannot be read", "pcm: GET /order");
    for (const auto& order : *results) {
      if (get<std::string>(order, "/extRefNbr").value_or("") != marks.reference) continue;
      Receipt receipt{id_at(order, "/orderID"), id_at(order, "/batchID")};
      if (receipt.order_id.empty())
        return fail(ErrorKind::retryable, "the order is listed without its id", "pcm: GET /order");
      attempts.end(marks.key, call);
      return std::optional(std::move(receipt));
    }
    if (!pcm_has_next(body, page, results->size())) return std::optional<Receipt>();
  }
  // "Not found" would have the card printed again: better no answer than that one.
  return fail(ErrorKind::retryable, "the list of orders does not end after " + std::to_string(kMostPages) + " pages",
              "pcm: GET /order");
}

}  // namespace milepost::postcard
