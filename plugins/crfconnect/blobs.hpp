// The source `crfconnect.blobs`: leads from the blobs of an Azure container, one lead a blob. Lists, reads, and
// deletes, moves or remembers a blob once the journal has its lead.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "plugins/crfconnect/leads.hpp"
#include "plugins/crfconnect/listing.hpp"
#include "plugins/crfconnect/store.hpp"

namespace milepost::crfconnect {

struct BlobSettings : LeadSettings {
  std::string prefix, after, move_to;
  unsigned batch = 16, page_size = 1000, max_blob_mb = 16;
};
Settings<BlobSettings> blob_settings();

/// What a cursor says: which blobs are done with.
struct BlobPlace {
  std::vector<Blob> journaled;  ///< delete, move: their leads are journaled; no times
  // remember: blobs are read by time and name. What was read is what does not come after `floor`, what is far older
  // than `since`, the youngest, and what is among the recent ones.
  Time since{};
  std::pair<Time, std::string> floor{};
  std::map<std::string, Time> recent;  ///< by mark

  static Result<BlobPlace> read(const Cursor& cursor);
  Cursor write() const;
  bool has_read(const Blob& blob) const;
  void remember(const Blob& blob);
};

class Blobs : public PollingSource, public Settle, public Decode {
 public:
  Blobs(BlobSettings settings, StoreConnection& connection, Host host)
      : settings_(settings), connection_(connection), leads_(settings, host), host_(host) {}

  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;
  /// Deletes or moves what is journaled.
  Status committed(const Cursor& next, const Call& call) override;
  Result<std::vector<Event>> decode(const std::string& kept) override;

 private:
  struct Held {
    Cursor after;
    Page page;
  };

  Status look(const BlobPlace& place, const Call& call);
  bool is_new(const Blob& blob, const BlobPlace& place) const;
  /// One blob's events; none when it is gone or was changed since it was listed.
  Result<std::vector<Event>> events_of(const Blob& blob, const Call& call);
  std::expected<std::string, StoreRefusal> content(const Blob& blob, const Call& call) const;
  Status finish(const Blob& blob, const Call& call);
  Status move(const Blob& blob, const Call& call);
  bool remembers() const { return settings_.after == "remember"; }

  const BlobSettings settings_;
  const StoreConnection& connection_;
  const Leads leads_;
  const Host host_;
  std::optional<Listing> listing_;  ///< under way
  std::deque<Blob> pending_;        ///< new, oldest first
  std::optional<Held> held_;
  std::set<std::string> finished_;           ///< marks of the cursor's that are deleted or moved
  std::map<std::string, unsigned> refused_;  ///< how often, by mark
  std::set<std::string> left_;               ///< marks of blobs that stay where they are: too large
};

}  // namespace milepost::crfconnect
