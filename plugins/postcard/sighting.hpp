// What a vendor tells of a card on its way, in words of no vendor; and the event that it becomes. Pure: no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "milepost/event.hpp"

namespace milepost::postcard {

/// One thing that was seen of one order or piece.
struct Sighting {
  std::string vendor;
  std::string order_id, batch_id;
  std::string piece_id;       ///< the recipient's, where the vendor tells of pieces; else ""
  std::string reference;      ///< ours for the order
  std::string tracking_code;  ///< ours for the piece
  std::string state;          ///< see state_of(); "" where the vendor's word is not known
  std::string status;         ///< the vendor's own word
  std::string event_id;       ///< the vendor's, the same on every attempt; "" where it has none
  std::string reason;         ///< the vendor's word why mail could not be delivered
  std::optional<Time> time;
  Json more = Json::object();  ///< further members of the payload; no address
};

/// accepted, in_production, mailed, in_transit, delivered, returned, rerouted, undeliverable, canceled, failed_payment,
/// failed, scanned (its QR code or link was followed), issue; "" for a word that is not known. Compared without case,
/// blanks, dashes and underscores. (PCM's words by public clients, Lob's by its OpenAPI file; read 2026-11-20)
std::string state_of(std::string_view vendor, std::string_view word);

/// The events that a source makes.
struct Taking {
  std::vector<std::string> states;  ///< empty: all
  bool one_recipient = true;        ///< an order and its piece are one: what is told of both is one event
  std::string reference_prefix;     ///< only orders whose reference begins so; "": all
};
/// nullopt: not wanted.
std::optional<Event> to_event(const Sighting& seen, const Taking& taking);

/// A delivery of PostcardMania's, its keys in whichever case; `permanent` names what is missing.
Result<Sighting> pcm_notice(const Json& body, std::string_view raw);
/// An event of Lob's.
Result<Sighting> lob_notice(const Json& body);

/// PostcardMania's order, as its list or GET /order/{id} shows it; `permanent` when it has no id.
Result<Sighting> pcm_order_seen(const Json& order);
/// Lob's postcard: where it stands, then each entry of its tracking_events; `permanent` when it has no id.
Result<std::vector<Sighting>> lob_postcard_seen(const Json& postcard);

/// An id as text, whether it came as a number or as a string; "" where there is none.
std::string id_at(const Json& body, std::string_view pointer);

}  // namespace milepost::postcard
