// The courier's double, with the first edition's kit.
#include <map>

#include "milepost/plugin.hpp"
#include "milepost/testing/sandbox.hpp"

#ifndef DOUBLE
#define DOUBLE "first_edition-sandbox"
#endif

namespace {

using namespace milepost;
using namespace milepost::testing;

class Courier : public Sandbox {
 public:
  explicit Courier(Host host) : host_(host) {
    routes_.on("GET", "/me",
               [](auto&, auto&) {
                 return json_answer(200, {{"name", "sandbox"}});
               })
        .on("POST", "/parcels", [this](auto& request, auto&) { return create(request); })
        .on("GET", "/parcels",
            [this](auto& request, auto&) {
              return json_answer(200, {{"parcels", by_reference(query(request)["reference"])}});
            })
        .on("GET", "/changes",
            [this](auto& request, auto&) {
              return json_answer(200, {{"parcels", after(query(request))}});
            })
        .on("PUT", "/labels/{key}", [this](auto& request, auto& params) {
          labels_[params["key"]] = read_json(request.body).value_or(Json());
          return json_answer(200, {{"key", params["key"]}});
        });
  }
  HttpResponse handle(const HttpRequest& request) override {
    if (bearer(request) != "sandbox-token") return problem(401, "unknown token");
    return routes_.handle(request);
  }
  Json state() const override { return {{"parcels", parcels_}, {"labels", labels_}}; }
  void reset() override { parcels_.clear(), labels_ = Json::object(); }
  Result<std::vector<HttpRequest>> emit(const Json& event) override {
    const auto url = get<std::string>(event, "/url");
    if (!url || parcels_.empty()) return fail(ErrorKind::permanent, "url, and a parcel, are needed");
    const auto body = text(parcels_.back());
    return std::vector<HttpRequest>{
        {"POST", *url, {{"X-Signature", hex(hmac_sha256("sandbox-secret", body))}}, body, Intent::once}};
  }

 private:
  HttpResponse create(const HttpRequest& request) {
    auto body = read_json(request.body);
    if (!body || !body->is_object()) return problem(400, "no parcel");
    Json made{{"id", "p-" + std::to_string(1000 + parcels_.size())}, {"made", iso_time(host_.clock().now())}};
    made.update(*body);
    parcels_.push_back(made);
    return json_answer(201, made);
  }
  Json by_reference(const std::string& reference) const {
    Json out = Json::array();
    for (const auto& parcel : parcels_)
      if (parcel.value("reference", "") == reference) out.push_back(parcel);
    return out;
  }
  Json after(const Params& asked) const {
    Json out = Json::array();
    for (const auto& parcel : parcels_)
      if (parcel["id"].get<std::string>() > asked["after"] &&
          static_cast<long long>(out.size()) < asked.number("limit", 10))
        out.push_back(parcel);
    return out;
  }

  Host host_;
  Routes routes_;
  std::vector<Json> parcels_;
  Json labels_ = Json::object();
};

Plugin plugin() { return Plugin(DOUBLE, "1.0.0", "A double of a courier.").sandbox<Courier>(); }

}  // namespace

MILEPOST_PLUGIN(plugin)
