// PostcardMania's DirectMail API v3 (PCM Integrations), by public secondary sources read on 2026-11-20: what they leave
// open is said in the README. It documents no idempotency key, so an unknown outcome is settled by its list of orders.
#pragma once

#include "plugins/postcard/vendor.hpp"

namespace milepost::postcard {

/// A design's number, from a number or its digits.
std::optional<Json> pcm_design(const Json& design);
/// The body of POST /order/postcard: one recipient, always. REQUIRES: pcm_design(card.design).
Json pcm_order(const Card& card);

class Pcm : public Vendor {
 public:
  explicit Pcm(Host host) : host_(host) {}
  std::string_view name() const override { return "pcm"; }
  Status probe(const Call& call) const override;
  Result<Receipt> send(const Card& card, const Call& call) const override;
  Result<std::optional<Receipt>> find(const Marks& marks, const Call& call) const override;

 private:
  Host host_;
};

}  // namespace milepost::postcard
