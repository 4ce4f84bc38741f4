#include "plugins/crfconnect/sandbox/sandbox.hpp"

#include "milepost/sha256.hpp"
#include "plugins/crfconnect/sandbox/sample_lead.hpp"

namespace milepost::crfconnect {
namespace {

Json sample() { return read_json(kSampleLead).value_or(Json::object()); }

/// Objects member by member, everything else as a whole; unlike RFC 7396, null sets null.
void merge(Json& into, const Json& from) {
  for (const auto& [key, value] : from.items()) {
    if (value.is_object() && into.contains(key) && into[key].is_object())
      merge(into[key], value);
    else
      into[key] = value;
  }
}

/// Takes a member away; a pointer that leads nowhere does nothing.
void leave_out(Json& lead, const std::string& pointer) {
  const auto slash = pointer.rfind('/');
  if (slash == pointer.npos) return;
  const auto* parent = find(lead, pointer.substr(0, slash));
  if (parent != nullptr && parent->is_object()) const_cast<Json*>(parent)->erase(pointer.substr(slash + 1));
}

/// What the schema marks as never null, or not as nullable.
bool needed(const std::string& member) {
  for (auto known : {"id", "submissionId", "duplicateId", "dateCreated", "status", "state", "requestedAmount",
                     "leadSource", "servicePartner"})
    if (member == known) return true;
  return false;
}

Status vary(Json& lead, const std::string& variant) {
  if (variant == "plain") return {};
  if (variant == "nulls") {
    for (auto& [key, value] : lead.items())
      if (!needed(key)) value = nullptr;
    for (auto* partner : {&lead["leadSource"], &lead["servicePartner"]})
      *partner = {{"id", nullptr}, {"name", nullptr}, {"route", nullptr}};
  } else if (variant == "absent") {
    Json kept = Json::object();
    for (const auto& [key, value] : lead.items())
      if (needed(key)) kept[key] = value;
    lead = std::move(kept);
  } else if (variant == "drift") {
    lead["industry"] = "Space Tourism";
    lead["businessAddress"]["plusCode"] = "86P8XPRX+2C";
    lead["referralScore"] = 7;
  } else if (variant == "spellings") {
    lead["industry"] = "Accommodation & Food Service";
    lead["revenueProjected"] = "100000To250000";
    lead["status"] = "matched";
    lead["collateralTypes"] = {"Vehicles", nullptr};
  } else if (variant == "fraud") {
    lead["fraudScore"] = 0.91;
  } else if (variant == "wrong_type") {
    lead["numEmployees"] = "3";
  } else {
    return fail(ErrorKind::permanent,
                "variant: expected one of sample, plain, nulls, absent, drift, spellings, fraud, wrong_type");
  }
  return {};
}

}  // namespace

CrfConnectSandbox::CrfConnectSandbox(Host host) : host_(host), store_(host) {
  // The partner portal, as far as a person would look there.
  routes_.on("GET", "/leads",
             [this](auto&, auto&) {
               return testing::json_answer(200, {{"leads", leads_.json()}});
             })
      .on("GET", "/leads/{id}", [this](auto&, auto& params) {
        const auto* lead = leads_.find(params["id"]);
        return lead != nullptr ? testing::json_answer(200, *lead) : testing::problem(404, "no such lead");
      });
}

HttpResponse CrfConnectSandbox::handle(const HttpRequest& request) {
  const auto path = testing::path(request);
  return path.starts_with("/queue/") || path.starts_with("/blob/") ? store_.handle(request) : routes_.handle(request);
}

Json CrfConnectSandbox::state() const {
  return {{"leads", leads_.json()}, {"pushed", pushed_}, {"store", store_.state()}};
}

void CrfConnectSandbox::reset() {
  leads_.clear();
  pushed_.clear();
  store_.reset();
  guids_ = 0;
}

/// The same sequence after every reset, so that tests can name what they get.
std::string CrfConnectSandbox::new_guid(std::string_view what) {
  const std::string digits = hex(sha256(std::string(what) + std::to_string(++guids_)));
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" + digits.substr(17, 3) +
         "-" + digits.substr(20, 12);
}

Json CrfConnectSandbox::new_lead(const std::string& id) {
  Json lead = sample();
  lead["id"] = id.empty() ? new_guid("lead") : id;
  lead["submissionId"] = new_guid("submission");
  lead["duplicateId"] = testing::base64(sha256(text(lead["id"])));
  // Seven fractional digits and +00:00, as the vendor writes times.
  auto created = testing::iso_time(host_.clock().now());
  lead["dateCreated"] = created.substr(0, created.size() - 1) + "4801+00:00";
  return lead;
}

/// The lead that this event is about, as it is after the event; remembered.
Result<Json> CrfConnectSandbox::next_lead(const Json& event) {
  const auto id = get<std::optional<std::string>>(event, "/id");
  const auto variant = get<std::optional<std::string>>(event, "/variant");
  const auto overrides = get<std::optional<Json>>(event, "/lead");
  const auto without = get<std::optional<Json>>(event, "/without");
  if (!id) return fail(id.error());
  if (!variant) return fail(variant.error());
  if (!overrides) return fail(overrides.error());
  if (*overrides && !(*overrides)->is_object()) return fail(ErrorKind::permanent, "lead: expected an object");

  Json* current = leads_.find(id->value_or(""));
  Json lead = current != nullptr                       ? *current
              : variant->value_or("plain") == "sample" ? sample()
                                                       : new_lead(id->value_or(""));
  if (current == nullptr && variant->value_or("plain") != "sample") {
    if (auto varied = vary(lead, variant->value_or("plain")); !varied) return fail(varied.error());
  }
  if (*overrides) merge(lead, **overrides);
  if (without && *without && (*without)->is_array())
    for (const auto& pointer : **without)
      if (pointer.is_string()) leave_out(lead, pointer.get<std::string>());

  if (current == nullptr) current = leads_.find(get<std::string>(lead, "/id").value_or(""));
  if (current != nullptr)
    *current = lead;
  else
    leads_.add(lead);
  return lead;
}

Result<std::string> CrfConnectSandbox::body_of(const Json& event) {
  const auto body = get<std::optional<std::string>>(event, "/body");
  if (!body) return fail(body.error());
  if (*body) return **body;
  auto lead = next_lead(event);
  if (!lead) return fail(lead.error());
  pushed_.push_back(get<std::string>(*lead, "/id").value_or(""));
  return *lead == sample() ? std::string(kSampleLead) : text(*lead);
}

/// Into a queue or a container, in place of a push.
Status CrfConnectSandbox::put(const Json& event, const std::string& body) {
  const auto queue = get<std::optional<std::string>>(event, "/queue"),
             container = get<std::optional<std::string>>(event, "/container"),
             encoding = get<std::optional<std::string>>(event, "/encoding"),
             name = get<std::optional<std::string>>(event, "/name");
  for (const auto* field : {&queue, &container, &encoding, &name})
    if (!*field) return fail(field->error());
  if (*queue)
    return store_.put_message(**queue, encoding->value_or("plain") == "base64" ? testing::base64(body) : body);
  return store_.put_blob(container->value_or(""), name->value_or(new_guid("blob") + ".json"), body);
}

Result<std::vector<HttpRequest>> CrfConnectSandbox::emit(const Json& event) {
  const bool stored = find(event, "/queue") != nullptr || find(event, "/container") != nullptr;
  const auto url = get<std::string>(event, "/url");
  const auto times = get<std::optional<std::size_t>>(event, "/times");
  if (!url && !stored) return fail(url.error());
  if (!times) return fail(times.error());
  auto body = body_of(event);
  if (!body) return fail(body.error());
  const auto count = std::min<std::size_t>(times->value_or(1), 100);
  if (stored) {
    for (std::size_t i = 0; i < count; ++i)
      if (auto done = put(event, *body); !done) return fail(done.error());
    return std::vector<HttpRequest>();
  }
  auto push = testing::webhook(*url, std::move(*body));
  if (const auto* headers = find(event, "/headers"); headers != nullptr && headers->is_object())
    for (const auto& [key, value] : headers->items())
      if (value.is_string()) push.headers.emplace_back(key, value.get<std::string>());
  return std::vector<HttpRequest>(count, push);
}

}  // namespace milepost::crfconnect
