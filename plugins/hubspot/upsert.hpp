// Creates or updates records by a unique property, up to 100 in one call, each with a result of its own. Repeating it
// is harmless: the key decides which record is meant, so a lost answer is settled by sending the same again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/write.hpp"

namespace milepost::hubspot {

class Upsert : public Action {
 public:
  Upsert(HubspotConnection& connection, Host host)
      : connection_(connection), client_(connection.client()), host_(host) {}

  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override;

 private:
  /// One write and what has become of it.
  struct Item {
    Write write;
    std::optional<Result<Answer>> result;
  };
  using Items = std::vector<Item*>;

  Status prepare(Write& write, const Call& call);
  Status place_deal(Write& write, const Call& call);
  Status ensure_key(const std::string& object, const std::string& property, const Call& call);
  Status look_at_key(const std::string& object, const std::string& property, const Call& call);
  Status create_key(const std::string& object, const std::string& property, const Call& call);
  void send(const Items& items, const Call& call);
  void halve(const Items& items, const Call& call);
  Result<Answer> adopt(const Write& write, const std::string& existing_id, const Call& call);
  Status associate(const Item& item, const Call& call);

  const HubspotConnection& connection_;
  const Client& client_;
  Host host_;
  using Key = std::pair<std::string, std::string>;  // object, property
  std::set<Key> unique_;                            // seen to be there
  std::map<Key, Error> unusable_;                   // within one run: asked once, not for each of a hundred items
  std::optional<Pipelines> pipelines_;              // read when the connection's own lacked a stage
  std::optional<Status> reading_;                   // within one run: how reading them went
};

}  // namespace milepost::hubspot
