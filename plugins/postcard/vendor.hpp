// What every printer of postcards can do for us. One implementation a vendor; the rest of the plugin knows no vendor.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "plugins/postcard/address.hpp"
#include "plugins/postcard/sighting.hpp"

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
  std::string batch_id;                ///< "" where the vendor has none
  std::string expected_delivery = {};  ///< a day, by the vendor; "" where it says none
};

/// Part of the vendor's list of orders.
struct Orders {
  std::vector<Sighting> seen;
  std::string next;  ///< where it goes on; "": it is at its end
};

/// What the vendor says of an address.
struct Verdict {
  bool deliverable = false;
  std::string word;  ///< the vendor's own, or why not
  Json address;      ///< {line1, line2, city, state, zip} as the vendor writes them; empty: it wrote none
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

  /// Of the orders since that day, those behind `next` ("" at first), newest first where the vendor sorts.
  virtual Result<Orders> list(Time since, const std::string& next, const Call& call) const = 0;
  /// The order as it stands now; for Lob its tracking follows. Never empty. `permanent` when there is none of that id.
  virtual Result<std::vector<Sighting>> read(const std::string& order_id, const Call& call) const = 0;
  /// Takes the order back. The vendor's own words for "too late" and "already" are many: an error says only that this
  /// request did not do it, and `refused` that reading the order tells why.
  virtual Status cancel(const std::string& order_id, bool& refused, const Call& call) const = 0;
  /// Pictures of a card that is not ordered: {front, back}. `permanent` where the vendor has no such thing.
  virtual Result<Json> proof(const Card& card, const Call& call) const = 0;
  /// A picture of an ordered card: {url}. `permanent` where the vendor has no such thing.
  virtual Result<Json> picture(const std::string& order_id, const Call& call) const = 0;
  virtual Result<Verdict> verify(const Address& address, const Call& call) const = 0;
};

/// A word of the vendor's for our error text: at most 64 characters of those that names consist of; "" for anything
/// else, since a vendor may quote an address there.
std::string vendor_word(std::string_view text);

}  // namespace milepost::postcard
