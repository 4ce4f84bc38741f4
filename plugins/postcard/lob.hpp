// Lob's print API, by its OpenAPI file 1.22.0 (read 2026-11-20). It takes an idempotency key, but forgets it after 24
// hours, so an unknown outcome is looked up by metadata first and never repeated on the key alone.
#pragma once

#include <string>

#include "plugins/postcard/vendor.hpp"

namespace milepost::postcard {

/// {front, back}: template ids, URLs or HTML.
std::optional<Json> lob_design(const Json& design);
/// The body of POST /postcards. REQUIRES: lob_design(card.design).
Json lob_postcard(const Card& card, const std::string& use_type);

/// What the answer means, with the code of the vendor's; nullopt for 2xx.
std::optional<Error> lob_refusal(const HttpResponse& response, Intent intent, std::string origin, Time now);

class Lob : public Vendor {
 public:
  /// `version`: of the API, for the header Lob-Version; "" sends none.
  Lob(Host host, std::string use_type, std::string version)
      : host_(host), use_type_(std::move(use_type)), version_(std::move(version)) {}
  std::string_view name() const override { return "lob"; }
  Status probe(const Call& call) const override;
  Result<Receipt> send(const Card& card, const Call& call) const override;
  Result<std::optional<Receipt>> find(const Marks& marks, const Call& call) const override;
  Result<Orders> list(Time since, const std::string& next, const Call& call) const override;
  Result<std::vector<Sighting>> read(const std::string& order_id, const Call& call) const override;
  Status cancel(const std::string& order_id, bool& refused, const Call& call) const override;
  Result<Json> proof(const Card& card, const Call& call) const override;
  Result<Json> picture(const std::string& order_id, const Call& call) const override;
  Result<Verdict> verify(const Address& address, const Call& call) const override;

 private:
  Result<HttpResponse> exchange(HttpRequest request, const Call& call) const;
  /// A request that can be asked again: its answer's JSON, read.
  Result<Json> ask(HttpRequest request, const std::string& origin, const Call& call) const;

  Host host_;
  std::string use_type_, version_;
};

}  // namespace milepost::postcard
