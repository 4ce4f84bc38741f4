// Which ids were accepted. Real ids come in no order, so an index over all of them would change a page of its own for each
// event; this one goes in stretches of sequences, whose pages are few, and a filter in memory says which stretches may
// hold an id: for a new one nearly always none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/journal/records.hpp"
#include "host/journal/sqlite.hpp"

namespace milepost::journal {

class KnownIds {
 public:
  static constexpr unsigned kStretchBits = 11;  ///< 2,048 sequences, as in the index `identities_hash`; those of `events_id` are an eighth

  /// Reads the parts that the store keeps, and of others the ids up to `newest`, on a thread of its own; until it has read a part, that
  /// part may hold anything.
  KnownIds(std::string path, Sequence newest);
  ~KnownIds();
  KnownIds(const KnownIds&) = delete;
  KnownIds& operator=(const KnownIds&) = delete;

  /// The first eight bytes of its SHA-256, as events.hash and identities.hash have them. [any]
  static std::int64_t hash(std::string_view id);
  /// One that is rolled back later stays as a mistake in the filter. Where it came to a part that the store keeps, the store must forget
  /// that part. [writer]
  void add(Sequence sequence, std::int64_t hash);
  /// Stretches (sequence >> kStretchBits) that may hold it, newest first. Of a million known ids one lookup in some
  /// hundred names a stretch in vain. [writer]
  std::vector<Sequence> stretches(std::int64_t hash) const;
  bool all_read() const;  ///< [writer]

  /// Of so many sequences each the filter has a part, which the store keeps once it is complete.
  static constexpr unsigned kPartBits = kStretchBits + 6;
  struct Part {
    Sequence number;
    std::string_view filter;
  };
  /// A complete part that the store does not have. REQUIRES: what is accepted from here on comes after `newest`. [writer]
  std::optional<Part> unkept(Sequence newest) const;
  void kept(Sequence part);  ///< [writer]

 private:
  struct Group;
  Group& group(Sequence stretch);
  void read(const std::stop_token& stop, const std::vector<Group*>& groups);
  static bool take_kept(sqlite::Connection& reader, Group& group);

  const std::string path_;
  std::vector<std::unique_ptr<Group>> groups_;  ///< by stretch / 64; the writer alone adds to it
  Sequence newest_ = 0;                         ///< stretch
  std::jthread reader_;                         ///< last: it uses all of the above
};

}  // namespace milepost::journal
