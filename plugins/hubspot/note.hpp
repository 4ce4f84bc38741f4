// Puts an engagement on records' timelines: a note, or a mailed piece. Neither has a unique property, so none is ever
// repeated by a guess: its text ends in a marker made from the delivery's key, and the look-up searches the record's
// engagements for it.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {

/// What tells one kind of engagement from another.
struct Engagement {
  std::string_view action, object, body_property, word;  ///< "note", "notes", "hs_note_body", "a note"
  /// Association types to contacts, deals, companies and tickets.
  std::array<std::pair<std::string_view, int>, 4> about;
};
/// Association types: enum of @hubspot/api-client 13.5.0; properties: notes and postal mail guides (read 2026-11).
inline constexpr Engagement kNote{"note",
                                  "notes",
                                  "hs_note_body",
                                  "a note",
                                  {{{"contacts", 202}, {"deals", 214}, {"companies", 190}, {"tickets", 228}}}};
inline constexpr Engagement kPostalMail{"postal_mail",
                                        "postal_mail",
                                        "hs_postal_mail_body",
                                        "a mailed piece",
                                        {{{"contacts", 453}, {"deals", 457}, {"companies", 459}, {"tickets", 455}}}};

struct NoteSettings {
  Json about;
  std::string body;
  Json time;  ///< a text, or a number of milliseconds
};
const Settings<NoteSettings>& note_settings();
const Settings<NoteSettings>& postal_mail_settings();

/// An engagement as a value.
struct Draft {
  std::vector<Target> about;  ///< at least one
  std::string body;           ///< the marker included
  std::string time;           ///< as HubSpot takes it: ISO or milliseconds
  std::string marker;
};

/// "[milepost 0123456789abcdef]": 64 bits of the key tell a record's engagements apart.
std::string marker_of(const std::string& idempotency_key);
/// `permanent` names the setting that is wrong. `now` dates one that has neither a time of its own nor an event's.
Result<Draft> to_draft(const Delivery& delivery, Time now, const Engagement& kind = kNote);
/// The body that creates it, with its associations in the same call. REQUIRES: every target's type is one to_draft lets
/// through.
Json to_note(const Draft& draft, const Engagement& kind = kNote);

class Note : public SingleAction, public Lookup {
 public:
  Note(HubspotConnection& connection, Host host) : Note(connection, host, kNote) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;
  /// Reads the engagements of each record that it is about until one carries the marker.
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 protected:
  Note(HubspotConnection& connection, Host host, const Engagement& kind)
      : client_(connection.client()), host_(host), kind_(kind) {}

 private:
  Result<Answer> to_answer(const Json& record, const Asked& asked) const;
  Result<Answer> create(const Delivery& delivery, const Call& call) const;
  Result<std::vector<std::string>> notes_of(const Target& target, const Call& call) const;
  Result<std::optional<Answer>> marked(const std::vector<std::string>& ids, const std::string& marker,
                                       const Call& call) const;

  const Client& client_;
  Host host_;
  const Engagement& kind_;
};

/// HubSpot's own engagement for a mailed piece.
class PostalMail : public Note {
 public:
  PostalMail(HubspotConnection& connection, Host host) : Note(connection, host, kPostalMail) {}
};

}  // namespace milepost::hubspot
