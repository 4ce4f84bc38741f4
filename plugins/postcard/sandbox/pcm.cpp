#include "plugins/postcard/sandbox/pcm.hpp"

#include <algorithm>

#include "plugins/postcard/sandbox/eastern.hpp"
#include "plugins/postcard/sandbox/pcm_catalog.hpp"

namespace milepost::postcard {
namespace {

using namespace std::chrono_literals;
using testing::json_answer;

constexpr auto kTokenLife = 120s;
constexpr long long kFirstOrder = 3345121, kFirstBatch = 90112, kStartCents = 100'000;

HttpResponse refuse(int status, std::string message) { return json_answer(status, {{"message", std::move(message)}}); }

std::string member(const Json& json, std::string_view pointer) { return get<std::string>(json, pointer).value_or(""); }

std::string day(Time time) { return testing::iso_time(time).substr(0, 10); }

Json money(long long cents) {
  const auto whole = cents < 0 ? -cents : cents;
  const auto rest = std::to_string(whole % 100);
  return Number{(cents < 0 ? "-" : "") + std::to_string(whole / 100) + "." + (rest.size() == 1 ? "0" : "") + rest}
      .json();
}

long long price_cents(const Json& order) {
  const auto pieces = static_cast<long long>(find(order, "/recipients")->size());
  return pieces * (member(order, "/mailClass") == "Standard" ? 69 : 85);
}

bool undeliverable_to(const Json& recipient) {
  std::string street = member(recipient, "/address");
  std::transform(street.begin(), street.end(), street.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return street.find("undeliverable") != street.npos;
}
bool undeliverable(const Json& order) {
  const auto& recipients = *find(order, "/recipients");
  return std::any_of(recipients.begin(), recipients.end(), undeliverable_to);
}

std::string numbered(std::string text, long long n) {
  if (const auto at = text.find("{n}"); at != text.npos) text.replace(at, 3, std::to_string(n));
  return text;
}

/// One page of a list, newest first, in the vendor's wrapping.
HttpResponse page_of(const std::vector<Json>& all, const testing::Params& query) {
  const auto size = std::clamp<long long>(query.number("perPage", 25), 1, 100);
  const auto page = std::max<long long>(query.number("page", 1), 1);
  const auto total = static_cast<long long>(all.size());
  const auto pages = std::max<long long>((total + size - 1) / size, 1);
  Json results = Json::array();
  for (auto i = (page - 1) * size; i < std::min(page * size, total); ++i)
    results.push_back(all[static_cast<std::size_t>(i)]);
  const auto neighbour = [&](long long wanted) {
    return wanted >= 1 && wanted <= pages ? Json(wanted) : Json(nullptr);
  };
  return json_answer(200, {{"results", results},
                           {"pagination",
                            {{"page", page},
                             {"perPage", size},
                             {"totalPages", pages},
                             {"totalResults", total},
                             {"nextPage", neighbour(page + 1)},
                             {"prevPage", neighbour(page - 1)}}}});
}

std::string lowered_first(std::string key) {
  key[0] = static_cast<char>(key[0] | 0x20);
  return key;
}

}  // namespace

PcmSandbox::PcmSandbox(Host host) : host_(host) {
  const auto designs = [](auto& request, auto&) {
    std::vector<Json> all(pcm_designs().begin(), pcm_designs().end());
    return page_of(all, testing::query(request));
  };
  routes_.on("POST", "/auth/login", [this](auto& request, auto&) { return log_in(request); })
      .on("POST", "/order/postcard", [this](auto& request, auto&) { return create(request); })
      .on("GET", "/order", [this](auto& request, auto&) { return list(request); })
      .on("GET", "/order/{id}",
          [this](auto&, auto& params) {
            const auto* found = order(params["id"]);
            return found != nullptr ? json_answer(200, shown(*found)) : refuse(404, "Order not found");
          })
      .on("DELETE", "/order/{id}", [this](auto&, auto& params) { return cancel(params["id"]); })
      .on("GET", "/design", designs)
      .on("GET", "/design/{id}",
          [](auto&, auto& params) {
            for (const auto& design : pcm_designs())
              if (number_text(design["designID"]) == params["id"]) return json_answer(200, design);
            return refuse(404, "Design not found");
          })
      .on("POST", "/design/generate-proof/postcard", [this](auto& request, auto&) { return proof(request); })
      .on("POST", "/recipient/verify", [this](auto& request, auto&) { return verify(request); })
      .on("GET", "/recipient/undeliverable", [this](auto& request, auto&) { return undeliverable_list(request); })
      .on("GET", "/integration/balance",
          [this](auto&, auto&) {
            return json_answer(200, {{"moneyOnAccount", money(balance_cents())}, {"customInventory", Json::array()}});
          })
      .otherwise([](auto&, int status) { return refuse(status, status == 404 ? "Not found" : "Method not allowed"); });
}

HttpResponse PcmSandbox::handle(const HttpRequest& request) {
  const auto now = host_.clock().now();
  std::erase_if(tokens_, [&](const Token& token) { return token.expires <= now; });
  if (testing::path(request) == "/_orders") return seed(request);
  const auto shown_token = testing::bearer(request);
  if (shown_token == "sandbox-long-live-token") return routes_.handle(request);
  const auto known = [&](const Token& token) { return token.text == shown_token; };
  if (testing::path(request) != "/auth/login" && std::none_of(tokens_.begin(), tokens_.end(), known))
    return refuse(401, "Unauthorized");
  return routes_.handle(request);
}

HttpResponse PcmSandbox::log_in(const HttpRequest& request) {
  const auto body = read_json(request.body).value_or(Json());
  if (member(body, "/apiKey") != "sandbox-key" || member(body, "/apiSecret") != "sandbox-secret")
    return refuse(401, "Invalid API key or secret");
  const auto now = host_.clock().now();
  const auto seed = std::to_string(now.time_since_epoch().count()) + "/" + std::to_string(tokens_.size());
  tokens_.push_back({hex(sha256("token " + seed)), now + kTokenLife});
  return json_answer(200, {{"token", tokens_.back().text}, {"expires", testing::iso_time(tokens_.back().expires)}});
}

HttpResponse PcmSandbox::create(const HttpRequest& request) {
  auto body = read_json(request.body);
  if (!body || !body->is_object()) return refuse(400, "The body is not a JSON object");
  std::vector<long long> designs;
  for (const auto& design : pcm_designs()) designs.push_back(design["designID"].get<long long>());
  const auto now = host_.clock().now();
  if (auto faults = pcm_faults(*body, day(now), designs); !faults["error"]["data"].empty())
    return json_answer(400, faults);
  auto id = kFirstOrder + static_cast<long long>(orders_.size());
  while (order(std::to_string(id)) != nullptr) ++id;
  orders_.push_back({id, std::move(*body), now, std::nullopt});
  Json answer{{"batchID", kFirstBatch}, {"orderID", id}};
  if (const auto reference = member(orders_.back().body, "/extRefNbr"); !reference.empty())
    answer["extRefNbr"] = reference;
  return json_answer(201, answer);
}

HttpResponse PcmSandbox::list(const HttpRequest& request) const {
  const auto query = testing::query(request);
  const auto& after = query["orderedAfter"];
  std::vector<Json> found;
  for (auto order = orders_.rbegin(); order != orders_.rend(); ++order)
    // Both sides begin with year, month and day, so text order is time order, for a day as for a time.
    if (testing::iso_time(order->ordered) > after) found.push_back(shown(*order));
  return page_of(found, query);
}

HttpResponse PcmSandbox::cancel(const std::string& id) {
  auto* found = order(id);
  if (found == nullptr) return refuse(404, "Order not found");
  if (found->canceled) return refuse(409, "The order is canceled already");
  if (host_.clock().now() >= cancel_until(found->ordered)) return refuse(409, "The order can no longer be canceled");
  found->canceled = host_.clock().now();
  return testing::empty_answer(204);
}

/// The corrections that it knows: capitals, and a ZIP with its last four digits.
HttpResponse PcmSandbox::verify(const HttpRequest& request) const {
  const auto body = read_json(request.body).value_or(Json());
  const auto* recipients = find(body, "/recipients");
  if (recipients == nullptr || !recipients->is_array() || recipients->empty())
    return json_answer(400, {{"error",
                              {{"message", "Validation failed"},
                               {"data", {{{"property", "recipients"}, {"message", "recipients are required"}}}}}}});
  Json results = Json::array();
  for (const auto& recipient : *recipients) {
    const bool bad = undeliverable_to(recipient);
    Json result{{"undeliverable", bad}, {"undeliverableReason", bad ? Json("No such number") : Json(nullptr)}};
    for (auto field : {"address", "address2", "city", "state", "zipCode"}) {
      auto value = member(recipient, std::string("/") + field);
      std::transform(value.begin(), value.end(), value.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      if (std::string_view(field) == "zipCode" && value.size() == 5) value += "-1234";
      if (!bad) result[field] = value;
    }
    results.push_back(std::move(result));
  }
  return json_answer(200, {{"results", results}});
}

HttpResponse PcmSandbox::undeliverable_list(const HttpRequest& request) const {
  const auto query = testing::query(request);
  if (query["batchId"].empty() && query["startDate"].empty() && query["endDate"].empty())
    return refuse(400, "One of batchId, startDate and endDate is required");
  Json rows = Json::array();
  for (const auto& one : orders_) {
    const auto closed = cancel_until(one.ordered);
    if (status(one) != "Undeliverable" || day(closed) < query["startDate"]) continue;
    if (!query["endDate"].empty() && day(closed) > query["endDate"]) continue;
    rows.push_back({{"batchID", kFirstBatch},
                    {"orderID", one.id},
                    {"extRefNbr", member(one.body, "/extRefNbr")},
                    {"failureReason", "No such number"},
                    {"date", testing::iso_time(closed)}});
  }
  return json_answer(200, rows);
}

HttpResponse PcmSandbox::proof(const HttpRequest& request) const {
  const auto body = read_json(request.body).value_or(Json());
  for (const auto& design : pcm_designs()) {
    if (get<long long>(body, "/designID").value_or(0) != design["designID"].get<long long>()) continue;
    const auto link = "https://proofs.test/" + hex(sha256(request.body)).substr(0, 12);
    return json_answer(200, {{"front", link + "/front.png"}, {"back", link + "/back.png"}});
  }
  return json_answer(
      400,
      {{"error",
        {{"message", "Validation failed"}, {"data", {{{"property", "designID"}, {"message", "no such design"}}}}}}});
}

HttpResponse PcmSandbox::seed(const HttpRequest& request) {
  const auto wanted = read_json(request.body).value_or(Json());
  for (long long n = 0; n < get<long long>(wanted, "/count").value_or(1); ++n) {
    const auto id = get<std::string>(wanted, "/id").value_or("9000{n}");
    Json body{{"extRefNbr", numbered(get<std::string>(wanted, "/reference").value_or("seed-{n}"), n)},
              {"mailClass", "FirstClass"},
              {"designID", 41207}};
    body["recipients"] = Json::array({Json{{"firstName", "Ann"},
                                           {"lastName", "Canary"},
                                           {"address", get<std::string>(wanted, "/address").value_or("1 Canary Lane")},
                                           {"city", "Duluth"},
                                           {"state", "MN"},
                                           {"zipCode", "55802"},
                                           {"extRefNbr", "code-" + std::to_string(n)}}});
    orders_.push_back({std::stoll(numbered(id, n)), std::move(body), host_.clock().now(), std::nullopt});
  }
  return testing::empty_answer(204);
}

std::string PcmSandbox::status(const Order& order) const {
  const auto now = host_.clock().now();
  const auto closed = cancel_until(order.ordered);
  if (order.canceled) return "Canceled";
  if (now < closed) return "Ordered";
  if (undeliverable(order.body)) return "Undeliverable";
  if (now < closed + 24h) return "Processing";
  return now < closed + 120h ? "Mailing" : "Delivered";
}

Json PcmSandbox::shown(const Order& order) const {
  const auto& body = order.body;
  const auto status_now = status(order);
  const auto or_null = [&](const char* key) { return body.contains(key) ? body[key] : Json(nullptr); };
  return {{"orderID", order.id},
          {"batchID", kFirstBatch},
          {"extRefNbr", or_null("extRefNbr")},
          {"status", status_now},
          {"productType", "Postcard"},
          {"quantity", body["recipients"].size()},
          {"amount", money(price_cents(body))},
          {"designID", or_null("designID")},
          {"mailClass", or_null("mailClass")},
          {"orderedOn", testing::iso_time(order.ordered)},
          {"lastModifiedOn", testing::iso_time(order.canceled.value_or(order.ordered))},
          {"scheduledMailDate", or_null("mailDate")},
          {"canceledOn", order.canceled ? Json(testing::iso_time(*order.canceled)) : Json(nullptr)},
          {"recipientCount", body["recipients"].size()},
          {"undeliverableCount", status_now == "Undeliverable" ? 1 : 0}};
}

PcmSandbox::Order* PcmSandbox::order(const std::string& id) {
  for (auto& order : orders_)
    if (std::to_string(order.id) == id) return &order;
  return nullptr;
}

/// Cancelled and undeliverable orders are not billed.
long long PcmSandbox::balance_cents() const {
  long long cents = kStartCents;
  for (const auto& order : orders_)
    if (const auto now = status(order); now != "Canceled" && now != "Undeliverable") cents -= price_cents(order.body);
  return cents;
}

Json PcmSandbox::state() const {
  Json orders = Json::array();
  for (const auto& order : orders_) {
    Json all = shown(order);
    for (auto key : {"recipients", "returnAddress"})
      if (order.body.contains(key)) all[key] = order.body[key];
    orders.push_back(std::move(all));
  }
  return {{"orders", orders}, {"money_on_account", money(balance_cents())}};
}

void PcmSandbox::reset() {
  tokens_.clear();
  orders_.clear();
}

Result<HttpRequest> PcmSandbox::emit(const Json& event) {
  const auto url = get<std::string>(event, "/url"), secret = get<std::string>(event, "/secret");
  if (!url) return fail(url.error());
  if (!secret) return fail(secret.error());
  const auto word = [&](const char* pointer, const char* fallback) {
    const auto found = member(event, pointer);
    return found.empty() ? std::string(fallback) : found;
  };
  Json data{{"Status", word("/status", "delivered")}};
  const auto wanted = find(event, "/order_id");
  const auto* about = wanted != nullptr && is_number(*wanted) ? order(number_text(*wanted))
                      : orders_.empty()                       ? nullptr
                                                              : &orders_.back();
  if (wanted != nullptr && about == nullptr) return fail(ErrorKind::permanent, "order_id: no such order");
  if (about != nullptr) {
    data["BatchID"] = kFirstBatch;
    data["OrderID"] = about->id;
    data["ExtRefNbr"] = member(about->body, "/recipients/0/extRefNbr");
    data["RecipientRecordID"] = about->id + 73'774'923;
    if (word("/of", "piece") == "order") {
      data["ExtRefNbr"] = member(about->body, "/extRefNbr");
      data.erase("RecipientRecordID");
    }
  }
  if (const auto* more = find(event, "/data"); more != nullptr && more->is_object())
    for (const auto& [key, value] : more->items()) data[key] = value;
  Json body{{"Event", word("/event", "Mail Tracking")}, {"Data", data}};
  if (word("/case", "pascal") == "camel") {
    Json lowered = Json::object();
    for (const auto& [key, value] : data.items()) lowered[lowered_first(key)] = value;
    body = {{"event", body["Event"]}, {"data", lowered}};
  }

  auto push = testing::webhook(*url, word("/body", "").empty() ? text(body) : word("/body", ""));
  const auto key = get<bool>(event, "/bad_signature").value_or(false) ? *secret + " " : *secret;
  testing::sign(
      push, key,
      {"pcmi-signature", "pcmi-timestamp", word("/encoding", "hex") == "base64", word("/unit", "s") == "ms", ""},
      host_.clock().now());
  return push;
}

}  // namespace milepost::postcard
