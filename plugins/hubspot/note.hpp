// Puts a note on records' timelines. A note has no unique property, so it is never repeated by a guess: its text ends
// in a marker made from the delivery's key, and the look-up searches the record's notes for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {

struct NoteSettings {
  Json about;
  std::string body;
  Json time;  ///< a text, or a number of milliseconds
};
const Settings<NoteSettings>& note_settings();

/// A note as a value.
struct Draft {
  std::vector<Target> about;  ///< at least one
  std::string body;           ///< the marker included
  std::string time;           ///< as HubSpot takes it: ISO or milliseconds
  std::string marker;
};

/// "[milepost 0123456789abcdef]": 64 bits of the key tell a record's notes apart.
std::string marker_of(const std::string& idempotency_key);
/// `permanent` names the setting that is wrong. `now` dates a note that has neither a time of its own nor an event's.
Result<Draft> to_draft(const Delivery& delivery, Time now);
/// The body that creates it, with its associations in the same call. REQUIRES: every target's type is one to_draft lets
/// through.
Json to_note(const Draft& draft);

class Note : public SingleAction, public Lookup {
 public:
  Note(HubspotConnection& connection, Host host) : client_(connection.client()), host_(host) {}

  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;
  /// Reads the notes of each record that it is about until one carries the marker.
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 private:
  Result<Answer> create(const Delivery& delivery, const Call& call) const;
  Result<std::vector<std::string>> notes_of(const Target& target, const Call& call) const;
  Result<std::optional<Answer>> marked(const std::vector<std::string>& ids, const std::string& marker,
                                       const Call& call) const;

  const Client& client_;
  Host host_;
};

}  // namespace milepost::hubspot
