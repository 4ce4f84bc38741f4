// Reads records, one by its id or its key, or some by a search; and ties records to each other. All may be repeated.
#pragma once

#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/connection.hpp"

namespace milepost::hubspot {

struct GetSettings {
  std::string object, missing;
  Json id, key;
  std::vector<std::string> properties, associations;
};
const Settings<GetSettings>& get_settings();

/// Reads one record. Its answer holds the asked properties alone, since answers are kept.
class Get : public SingleAction {
 public:
  Get(HubspotConnection& connection, Host host) : client_(connection.client()), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  Result<Answer> read(const Delivery& delivery, const Call& call) const;

  const Client& client_;
  Host host_;
};

struct SearchSettings {
  std::string object, query, sort;
  Json filters;
  std::vector<std::string> properties;
  int limit = 10;
};
const Settings<SearchSettings>& search_settings();
/// The search's body; `permanent` names the setting that is wrong.
Result<Json> to_search(const SearchSettings& settings);

/// For people: what it does not find may be there all the same, since HubSpot's index lags behind its records.
class Search : public SingleAction {
 public:
  Search(HubspotConnection& connection, Host host) : client_(connection.client()), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  Result<Answer> ask(const Delivery& delivery, const Call& call) const;

  const Client& client_;
  Host host_;
};

struct AssociateSettings {
  std::string object, category;
  Json id, to;
  int type_id = 0;
};
const Settings<AssociateSettings>& associate_settings();

class Associate : public SingleAction {
 public:
  Associate(HubspotConnection& connection, Host host) : client_(connection.client()), host_(host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override;

 private:
  Result<Answer> tie(const Delivery& delivery, const Call& call) const;

  const Client& client_;
  Host host_;
};

}  // namespace milepost::hubspot
