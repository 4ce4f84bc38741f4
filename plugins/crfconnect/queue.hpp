// The source `crfconnect.queue`: leads from an Azure Storage queue. A message is taken (and hidden for a while), its
// lead handed to the host, and deleted only once the journal has it.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "plugins/crfconnect/leads.hpp"
#include "plugins/crfconnect/message.hpp"
#include "plugins/crfconnect/store.hpp"

namespace milepost::crfconnect {

struct QueueSettings : LeadSettings {
  unsigned batch = 16, max_dequeue = 5;
  std::chrono::milliseconds visibility{};
  std::string encoding;
};
Settings<QueueSettings> queue_settings();

class Queue : public PollingSource, public Settle, public Decode {
 public:
  Queue(QueueSettings settings, StoreConnection& connection, Host host)
      : settings_(settings), connection_(connection), leads_(settings, host), host_(host) {}

  /// The cursor holds the messages that are journaled and perhaps not deleted yet: when one shows up again it is
  /// deleted, and makes no second event.
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;
  /// Deletes them.
  Status committed(const Cursor& next, const Call& call) override;
  Result<std::vector<Event>> decode(const std::string& kept) override { return leads_.read_again(kept, settings_.encoding); }

 private:
  struct Taken {
    std::string id, receipt;
    std::int64_t at = 0;  ///< seconds since 1970
  };
  using Place = std::vector<Taken>;
  /// A page that was handed over: asked again for the same place, it is the same.
  struct Held {
    Cursor after;
    Page page;
    Time until;  ///< its messages stay hidden well past this
  };

  static Result<Place> read(const Cursor& cursor);
  static Cursor write(const Place& place);
  Result<Place> left_of(const Cursor& after, const Call& call);
  std::vector<Event> events_of(const Message& message) const;
  Status remove(const Taken& taken, const Call& call);

  const QueueSettings settings_;
  const StoreConnection& connection_;
  const Leads leads_;
  const Host host_;
  std::optional<Held> held_;
  std::set<std::string> deleted_;  ///< of the cursor's
  std::set<std::string> stale_;    ///< of the cursor's: their receipts are good no more
};

}  // namespace milepost::crfconnect
