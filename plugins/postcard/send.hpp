// The action `postcard.send`: mails one card, once.
#pragma once

#include "plugins/postcard/account.hpp"
#include "plugins/postcard/card.hpp"

namespace milepost::postcard {

class Send : public SingleAction, public Lookup {
 public:
  Send(Cards& cards, Host host) : cards_(cards), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 private:
  Answer answer(const Marks& marks, const Receipt& receipt) const;

  const Cards& cards_;
  Host host_;
};

/// One manifest serves both vendors, so these hold for both: PostcardMania knows no key, and Lob's lives for a day
/// only.
Traits send_traits();

}  // namespace milepost::postcard
