// What one system is known to hold of a loan's shared fields: what it told last, and what was written to it since. By this its own changes are told
// from our writes that come back: late, doubled, written in another way, before the vendor's answer or after a restart. Pure. [any]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/loans/compare.hpp"
#include "host/loans/fields.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::loans {

/// A value that the system holds, or will, once a write has arrived.
struct Holding {
  Json value;
  Json as;                   ///< how the system writes it, where it said so; null: as it is
  journal::Sequence event = 0;  ///< whose delivery wrote it; 0: the system told it
  std::string step;
  std::int64_t sent = 0, answered = 0;  ///< UTC microseconds; 0: not yet
  std::string version;       ///< that the vendor gave its record with this write
  bool written() const { return event != 0; }
};

/// What an event of the system says of a field is to the host.
enum class Word {
  stale,  ///< the system itself has said something later
  echo,   ///< our own write, which comes back
  known,  ///< what it has said before
  news,   ///< it has changed there
};

class Holdings {
 public:
  /// How fields are compared.
  using Fields = std::map<std::string, config::FieldOwner>;
  static Holdings from(const std::string& text);
  std::string json() const;

  struct Saying {
    Json value;
    Stamp stamp;                ///< by the system's own clock: only its own words are ordered by it
    std::optional<bool> ours;   ///< the system itself says whether it is our write; nullopt: it does not say
    std::int64_t now = 0;       ///< when it arrived
  };
  /// An echo is any value that the system was sent since its last word, until a later write is known to have arrived: because the system has said
  /// so, or since it was answered ten minutes ago.
  Word hear(const std::string& field, const Saying& saying, config::Compare compare);
  /// A delivery whose write one of the event's fields has shown to have arrived: it has for the others that the event told, too. Of the last hear().
  struct Arrived {
    journal::Sequence event = 0;
    std::string step;
  };
  const std::optional<Arrived>& arrived() const { return arrived_; }
  void arrived(const std::string& field, const Json& value, config::Compare compare, const Arrived& delivery);

  /// A delivery leaves that carries this value there. The same delivery again is the same write.
  void write(const std::string& field, Json value, journal::Sequence event, const std::string& step, std::int64_t now);
  /// The vendor took what that delivery wrote. False: it wrote nothing that is known here.
  bool answered(journal::Sequence event, const std::string& step, const std::string& version, std::int64_t now);
  /// That delivery never arrived.
  bool withdraw(journal::Sequence event, const std::string& step);

  /// Of another loan that turned out to be this one: what it holds there may still be told of, or come back.
  void join(const Holdings& other);

  /// What it holds in the end, once all writes have arrived; nullptr: nothing is known.
  const Json* last(const std::string& field) const;
  /// Whatever has arrived by now and in whatever order, it holds that value. Not where it told another one while a write was under way.
  bool surely(const std::string& field, const Json& value, config::Compare compare) const;
  bool awaits(const std::string& field, std::int64_t now) const;  ///< a write of ours is under way still: not come back yet, nor arrived for certain
  bool empty() const { return fields_.empty(); }

 private:
  struct Field {
    std::optional<Stamp> told;      ///< the system's last word
    std::vector<Holding> holdings;  ///< oldest first: what it holds, and the writes that may not have arrived
  };
  std::map<std::string, Field> fields_;
  std::optional<Arrived> arrived_;
};

}  // namespace milepost::loans
