// What every printer of postcards can do for us. One implementation a vendor; the rest of the plugin knows no vendor.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "plugins/postcard/address.hpp"

namespace milepost::postcard {

/// What a card is known by, at the vendor and here.
struct Marks {
  std::string key;            ///< the delivery's idempotency key
  std::string reference;      ///< at most 50 characters; unlike that of any other delivery
  std::string tracking_code;  ///< may be ""
};

/// One card to one person, in words of no vendor.
struct Card {
  Json design;  ///< what the vendor calls it: already looked up in the connection's designs
  Address to;
  std::optional<Address> from;
  std::string mail_class;  ///< "first_class" or "standard"
  std::string mail_date;   ///< YYYY-MM-DD, or "": as soon as may be
  std::string size;        ///< the vendor's own word, or ""
  std::vector<std::pair<std::string, std::string>> variables;
  Marks marks;
};

/// The vendor has the card.
struct Receipt {
  std::string order_id;
  std::string batch_id;  ///< "" where the vendor has none
};

class Vendor {
 public:
  virtual ~Vendor() = default;
  virtual std::string_view name() const = 0;
  /// Whether the account answers; reads only.
  virtual Status probe(const Call& call) const = 0;
  /// Orders the card: one request that must not be repeated blindly. An answer that does not name the order is
  /// `indeterminate`.
  virtual Result<Receipt> send(const Card& card, const Call& call) const = 0;
  /// The order of this card. nullopt only after all that could be it was looked at.
  virtual Result<std::optional<Receipt>> find(const Marks& marks, const Call& call) const = 0;
};

/// A word of the vendor's for our error text: at most 64 characters of those that names consist of; "" for anything
/// else, since a vendor may quote an address there.
std::string vendor_word(std::string_view text);

}  // namespace milepost::postcard
