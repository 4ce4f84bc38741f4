#include "plugins/postcard/sandbox/lob.hpp"

#include <algorithm>
#include <functional>

#include "plugins/postcard/sandbox/pcm.hpp"

namespace milepost::postcard {
namespace {

using namespace std::chrono_literals;
using testing::json_answer;

constexpr auto kDeletable = 5min;
constexpr std::size_t kPerWindow = 150;

HttpResponse refuse(int status, const char* code, std::string message) {
  return json_answer(status, {{"error", {{"message", std::move(message)}, {"status_code", status}, {"code", code}}}});
}

std::string word(const Json& json, std::string_view pointer) { return get<std::string>(json, pointer).value_or(""); }

bool one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* known) { return text == known; });
}

bool is_zip(const std::string& text) {
  if (text.size() != 5 && (text.size() != 10 || text[5] != '-')) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 5 && (text[i] < '0' || text[i] > '9')) return false;
  return true;
}

/// What is wrong with an inline address, or "".
std::string address_fault(const Json& address, const std::string& at) {
  if (!address.is_object()) return address.is_string() ? "" : at + " is required";
  const auto name = word(address, "/name"), company = word(address, "/company");
  if (name.empty() && company.empty()) return at + ".name or " + at + ".company is required";
  if (name.size() > 40 || company.size() > 40) return at + ".name length must be at most 40 characters";
  for (auto field : {"address_line1", "address_city", "address_state", "address_zip"})
    if (word(address, std::string("/") + field).empty()) return at + "." + field + " is required";
  if (word(address, "/address_state").size() != 2) return at + ".address_state must be two letters";
  if (!is_zip(word(address, "/address_zip"))) return at + ".address_zip must be in a valid zip format";
  return "";
}

std::string metadata_fault(const Json& body) {
  const auto* metadata = find(body, "/metadata");
  if (metadata == nullptr) return "";
  if (!metadata->is_object() || metadata->size() > 20) return "metadata must be an object of at most 20 pairs";
  for (const auto& [key, value] : metadata->items()) {
    if (!value.is_string() || key.size() > 40 || value.get_ref<const std::string&>().size() > 500)
      return "metadata keys have at most 40 and values at most 500 characters";
    if (value.get_ref<const std::string&>().find_first_of("\"\\") != std::string::npos || key.find('"') != key.npos)
      return "metadata must not contain double quotes and backslashes";
  }
  return "";
}

/// A signed link, of the shape that the vendor's own client insists on; it runs out after thirty days.
std::string picture_of(const std::string& id, Time now) {
  const auto expires = std::chrono::floor<std::chrono::seconds>(now + std::chrono::days(30)).time_since_epoch().count();
  return "https://lob-assets.com/postcards/" + id + ".pdf?version=v1&expires=" + std::to_string(expires) +
         "&signature=" + hex(sha256(id + std::to_string(expires))).substr(0, 43);
}

std::optional<HttpResponse> fault(const Json& body) {
  const auto invalid = [](std::string message) { return std::optional(refuse(422, "invalid", std::move(message))); };
  for (auto at : {"to", "from"}) {
    const auto* address = find(body, std::string("/") + at);
    if (address == nullptr && std::string_view(at) == "from") continue;
    if (auto found = address_fault(address != nullptr ? *address : Json(nullptr), at); !found.empty())
      return invalid(found);
  }
  if (word(body, "/to/address_line1").size() + word(body, "/to/address_line2").size() > 50)
    return refuse(422, "address_length_exceeds_limit", "to.address_line1 and to.address_line2 are too long together");
  for (auto side : {"front", "back"}) {
    const auto text = word(body, std::string("/") + side);
    if (text.empty()) return invalid(std::string(side) + " is required");
    if (text.size() > 10'000) return invalid(std::string(side) + " length must be at most 10000 characters");
  }
  if (!one_of(word(body, "/use_type"), {"marketing", "operational"}))
    return refuse(422, "mail_use_type_can_not_be_null", "use_type must be marketing or operational");
  const auto size = body.contains("size") ? word(body, "/size") : "4x6";
  if (!one_of(size, {"4x6", "6x9", "6x11"})) return invalid("size must be one of [4x6, 6x9, 6x11]");
  const auto mail = body.contains("mail_type") ? word(body, "/mail_type") : "usps_first_class";
  if (!one_of(mail, {"usps_first_class", "usps_standard"})) return invalid("mail_type is not valid");
  if (mail == "usps_standard" && size == "4x6") return invalid("usps_standard is not available for 4x6");
  if (auto found = metadata_fault(body); !found.empty()) return invalid(found);
  return std::nullopt;
}

}  // namespace

LobSandbox::LobSandbox(Host host) : host_(host) {
  routes_.on("POST", "/postcards", [this](auto& request, auto&) { return create(request); })
      .on("GET", "/postcards", [this](auto& request, auto&) { return list(request); })
      .on("GET", "/postcards/{id}",
          [this](auto&, auto& params) {
            const auto* found = postcards_.find(params["id"]);
            return found != nullptr ? json_answer(200, *found) : refuse(404, "not_found", "postcard not found");
          })
      .on("DELETE", "/postcards/{id}", [this](auto&, auto& params) { return remove(params["id"]); })
      .on("POST", "/us_verifications", [this](auto& request, auto&) { return verify(request); })
      .otherwise([](auto&, int) { return refuse(404, "unrecognized_endpoint", "unrecognized endpoint"); });
}

HttpResponse LobSandbox::handle(const HttpRequest& request) {
  if (testing::path(request) == "/_postcards") return seed(request);
  const auto who = testing::basic(request);
  if (!who || who->first.empty()) return refuse(401, "unauthorized", "Missing authentication");
  if (who->first != "test_sandbox" || !who->second.empty())
    return refuse(401, "invalid_api_key", "Your API key is not valid");

  if (const auto version = request.header("Lob-Version"); !version.empty() && version != "2020-02-11")
    return refuse(422, "unsupported_lob_version", "the API version is not supported");
  const auto now = host_.clock().now();
  const auto endpoint = request.method + " " + std::string(testing::path(request)).substr(0, 10);
  auto& window =
      windows_.try_emplace(endpoint, endpoint == "POST /us_verif" ? 2 * kPerWindow : kPerWindow, 5s).first->second;
  const bool within = window.take(now);
  auto response = within ? routes_.handle(request) : refuse(429, "rate_limit_exceeded", "Rate limit exceeded");
  const auto reset = std::chrono::ceil<std::chrono::seconds>(now + window.interval()).time_since_epoch().count();
  response.headers.emplace_back("X-Rate-Limit-Limit", std::to_string(window.most()));
  response.headers.emplace_back("X-Rate-Limit-Remaining", std::to_string(window.remaining()));
  response.headers.emplace_back("X-Rate-Limit-Reset", std::to_string(reset));
  return response;
}

HttpResponse LobSandbox::create(const HttpRequest& request) {
  const auto now = host_.clock().now();
  const auto in_query = testing::query(request)["idempotency_key"];
  std::string key(request.header("Idempotency-Key"));
  if (!key.empty() && !in_query.empty())
    return refuse(422, "bad_request", "the idempotency key stands in the header and in the query");
  if (key.empty()) key = in_query;
  if (key.size() > 256) return refuse(422, "bad_request", "the idempotency key is too long");
  if (const auto* first = postcards_.find(keys_.known(key, now))) return json_answer(200, *first);

  const auto body = read_json(request.body);
  if (!body || !body->is_object()) return refuse(422, "bad_request", "the body is not a JSON object");
  if (auto refused = fault(*body)) return *refused;

  const auto id = "psc_" + hex(sha256("postcard " + std::to_string(++made_))).substr(0, 16);
  const auto postcard = made(id, *body);
  postcards_.add(postcard);
  keys_.keep(key, id, now);
  return json_answer(200, postcard);
}

Json LobSandbox::made(const std::string& id, const Json& body) const {
  const auto now = host_.clock().now();
  Json out{{"id", id},
           {"object", "postcard"},
           {"status", "processed"},
           {"url", picture_of(id, now)},
           {"carrier", "USPS"},
           {"tracking_events", Json::array()},
           {"thumbnails", Json::array()},
           {"size", "4x6"},
           {"mail_type", "usps_first_class"},
           {"expected_delivery_date", testing::iso_time(now + 120h).substr(0, 10)},
           {"date_created", testing::iso_time(now)},
           {"date_modified", testing::iso_time(now)},
           {"send_date", testing::iso_time(now)},
           {"metadata", Json::object()}};
  for (auto field :
       {"to", "from", "size", "mail_type", "use_type", "send_date", "metadata", "merge_variables", "description"})
    if (body.contains(field)) out[field] = body[field];
  // Templates and pages come back as links; addresses are objects of their own.
  for (auto side : {"to", "from"})
    if (out.contains(side) && out[side].is_object()) {
      out[side]["id"] = "adr_" + hex(sha256(text(out[side]))).substr(0, 16);
      out[side]["object"] = "address";
    }
  return out;
}

HttpResponse LobSandbox::verify(const HttpRequest& request) const {
  const auto body = read_json(request.body).value_or(Json());
  if (word(body, "/primary_line").empty()) return refuse(422, "invalid", "primary_line is required");
  if (word(body, "/zip_code").empty() && (word(body, "/city").empty() || word(body, "/state").empty()))
    return refuse(422, "invalid", "zip_code, or city and state, are required");
  const auto capitals = [&](const char* pointer) {
    auto text = word(body, pointer);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  };
  const auto street = capitals("/primary_line");
  const auto* deliverability = street.find("UNDELIVERABLE") != street.npos ? "undeliverable"
                               : street.find("TOWER") != street.npos && capitals("/secondary_line").empty()
                                   ? "deliverable_missing_unit"
                                   : "deliverable";
  return json_answer(200, {{"id", "us_ver_" + hex(sha256(request.body)).substr(0, 16)},
                           {"recipient", ""},
                           {"primary_line", street},
                           {"secondary_line", capitals("/secondary_line")},
                           {"urbanization", ""},
                           {"last_line", capitals("/city") + " " + capitals("/state") + " " + capitals("/zip_code")},
                           {"deliverability", deliverability},
                           {"components",
                            {{"city", capitals("/city")},
                             {"state", capitals("/state")},
                             {"zip_code", word(body, "/zip_code").substr(0, 5)},
                             {"zip_code_plus_4", "1234"}}},
                           {"object", "us_verification"}});
}

HttpResponse LobSandbox::seed(const HttpRequest& request) {
  const auto wanted = read_json(request.body).value_or(Json());
  const auto numbered = [&](const char* pointer, const char* fallback, long long n) {
    auto text = word(wanted, pointer).empty() ? std::string(fallback) : word(wanted, pointer);
    if (const auto at = text.find("{n}"); at != text.npos) text.replace(at, 3, std::to_string(n));
    return text;
  };
  for (long long n = 0; n < get<long long>(wanted, "/count").value_or(1); ++n) {
    const auto send_date = testing::iso_time(host_.clock().now() + std::chrono::days(30));
    postcards_.add(made(numbered("/id", "psc_seed{n}", n),
                        {{"to", {{"name", "Ann Canary"}, {"address_line1", "1 Canary Lane"}}},
                         {"use_type", "operational"},
                         {"send_date", send_date},
                         {"metadata", {{"reference", numbered("/reference", "seed-{n}", n)}}}}));
  }
  return testing::empty_answer(204);
}

HttpResponse LobSandbox::list(const HttpRequest& request) const {
  const auto query = testing::query(request);
  const auto limit = query.number("limit", 10);
  if (limit < 1 || limit > 100) return refuse(422, "invalid", "limit must be between 1 and 100");
  const auto& after = query["after"];
  const auto& before = query["before"];
  if (!after.empty() && !before.empty()) return refuse(422, "bad_request", "before and after exclude each other");
  // metadata[key]=value, or metadata={"key":"value"} as the vendor's own client writes it; date_created likewise.
  const auto filter = [&](const std::string& name) {
    Json out = read_json(query[name]).value_or(Json::object());
    for (const auto& [key, value] : query.all())
      if (key.starts_with(name + "[") && key.ends_with("]"))
        out[key.substr(name.size() + 1, key.size() - name.size() - 2)] = value;
    return out;
  };
  const auto metadata = filter("metadata"), created = filter("date_created");
  const auto fits = [&](const Json& postcard) {
    for (const auto& [key, value] : metadata.items())
      if (word(postcard, "/metadata/" + key) != value) return false;
    const auto made_on = word(postcard, "/date_created");  // times of one shape: text order is time order
    const auto day = [&](const char* bound) { return word(created, std::string("/") + bound); };
    return (day("gt").empty() || made_on > day("gt")) && (day("gte").empty() || made_on >= day("gte")) &&
           (day("lt").empty() || made_on < day("lt")) && (day("lte").empty() || made_on <= day("lte"));
  };
  std::vector<const Json*> all;  // newest first
  for (auto at = postcards_.all().rbegin(); at != postcards_.all().rend(); ++at)
    if (fits(*at)) all.push_back(&*at);
  const auto place = [&](const std::string& id) {
    return std::find_if(all.begin(), all.end(), [&](const Json* one) { return word(*one, "/id") == id; }) - all.begin();
  };
  const auto size = std::ssize(all);
  std::ptrdiff_t begin = after.empty() ? 0 : std::min<std::ptrdiff_t>(place(after) + 1, size);
  auto end = std::min<std::ptrdiff_t>(begin + limit, size);
  if (!before.empty()) end = place(before), begin = std::max<std::ptrdiff_t>(end - limit, 0);
  Json data = Json::array();
  for (auto i = begin; i < end; ++i) data.push_back(*all[static_cast<std::size_t>(i)]);
  const auto link = [&](const char* which, const Json& of) {
    return Json("https://api.lob.com/v1/postcards?limit=" + std::to_string(limit) + "&" + which + "=" +
                word(of, "/id"));
  };
  const auto count = data.size();
  Json out{{"data", data},
           {"object", "list"},
           {"next_url", end < size && count > 0 ? link("after", data.back()) : Json(nullptr)},
           {"previous_url", begin > 0 && count > 0 ? link("before", data.front()) : Json(nullptr)},
           {"count", count}};
  for (const auto& [key, value] : query.all())
    if (key.starts_with("include") && value.find("total_count") != value.npos) out["total_count"] = size;
  return json_answer(200, out);
}

HttpResponse LobSandbox::remove(const std::string& id) {
  auto* found = postcards_.find(id);
  if (found == nullptr) return refuse(404, "not_found", "postcard not found");
  // Times of one shape: text order is time order. A send_date that is a day begins with it.
  const auto now = host_.clock().now();
  if (word(*found, "/date_created") <= testing::iso_time(now - kDeletable) &&
      word(*found, "/send_date") <= testing::iso_time(now))
    return refuse(422, "not_deletable", "the postcard can no longer be deleted");
  (*found)["deleted"] = true;
  return json_answer(200, {{"id", id}, {"deleted", true}});
}

void LobSandbox::reset() {
  postcards_.clear();
  keys_.clear();
  windows_.clear();
  made_ = 0;
}

Result<HttpRequest> LobSandbox::emit(const Json& event) {
  const auto url = get<std::string>(event, "/url"), secret = get<std::string>(event, "/secret");
  if (!url) return fail(url.error());
  if (!secret) return fail(secret.error());
  const auto wanted = word(event, "/id");
  auto* about =
      postcards_.find(!wanted.empty() || postcards_.size() == 0 ? wanted : word(postcards_.all().back(), "/id"));
  if (about == nullptr) return fail(ErrorKind::permanent, "id: no such postcard");
  const auto type = word(event, "/event_type").empty() ? "postcard.mailed" : word(event, "/event_type");
  const auto now = host_.clock().now();
  const std::pair<const char*, const char*> tracked[] = {{"postcard.mailed", "Mailed"},
                                                         {"postcard.in_transit", "In Transit"},
                                                         {"postcard.in_local_area", "In Local Area"},
                                                         {"postcard.processed_for_delivery", "Processed for Delivery"},
                                                         {"postcard.delivered", "Delivered"},
                                                         {"postcard.re-routed", "Re-Routed"},
                                                         {"postcard.returned_to_sender", "Returned to Sender"}};
  for (const auto& [known, name] : tracked)
    if (type == known)
      (*about)["tracking_events"].push_back({{"id", "evnt_" + hex(sha256(word(*about, "/id") + name)).substr(0, 16)},
                                             {"type", "normal"},
                                             {"name", name},
                                             {"time", testing::iso_time(now)},
                                             {"date_created", testing::iso_time(now)},
                                             {"object", "tracking_event"}});
  const Json body{
      {"id", "evt_" + hex(sha256(word(*about, "/id") + type)).substr(0, 16)},
      {"body", *about},
      {"reference_id", word(*about, "/id")},
      {"event_type", {{"id", type}, {"enabled_for_test", true}, {"resource", "postcards"}, {"object", "event_type"}}},
      {"date_created", testing::iso_time(now)},
      {"object", "event"}};
  auto push = testing::webhook(*url, text(body));
  const auto key = get<bool>(event, "/bad_signature").value_or(false) ? *secret + " " : *secret;
  testing::sign(push, key, {"Lob-Signature", "Lob-Signature-Timestamp", false, word(event, "/unit") != "s", ""}, now);
  return push;
}

}  // namespace milepost::postcard
