// PostcardMania's DirectMail API v3 (PCM Integrations), by public secondary sources read on 2026-11-20: what they leave
// open is said in the README. It documents no idempotency key, so an unknown outcome is settled by its list of orders.
#pragma once

#include "plugins/postcard/vendor.hpp"

namespace milepost::postcard {

/// A design's number, from a number or its digits.
std::optional<Json> pcm_design(const Json& design);
/// The body of POST /order/postcard: one recipient, always. REQUIRES: pcm_design(card.design).
Json pcm_order(const Card& card);

/// What the answer means, with the faulty properties; nullopt for 2xx.
std::optional<Error> pcm_refusal(const HttpResponse& response, Intent intent, std::string origin, Time now);
/// Whether the list goes on behind this page.
bool pcm_has_next(const Json& body, int page, std::size_t results);
/// Recipient and return address.
Json pcm_address(const Address& at);

class Pcm : public Vendor {
 public:
  explicit Pcm(Host host) : host_(host) {}
  std::string_view name() const override { return "pcm"; }
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
  /// A request that can be asked again: its answer's JSON, read.
  Result<Json> ask(HttpRequest request, const std::string& origin, const Call& call) const;

  Host host_;
};

}  // namespace milepost::postcard
