// HubSpot's API as the actions use it: paths by version, JSON both ways, answers read as far as any action wants. No
// mapping here.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "milepost/host.hpp"
#include "plugins/hubspot/errors.hpp"

namespace milepost::hubspot {

/// Paths of one API version: "v3" with v4 associations, or a dated family such as "2026-09" (migration guide, read
/// 2026-11). Arguments are names and ids (is_name, is_id), so nothing needs escaping.
class Paths {
 public:
  explicit Paths(std::string version) : version_(std::move(version)) {}
  std::string objects(const std::string& type) const { return family("objects") + type; }
  std::string properties(const std::string& type) const { return family("properties") + type; }
  std::string pipelines(const std::string& type) const { return family("pipelines") + type; }
  /// The records of type `to` that one record is tied to.
  std::string associations(const std::string& from, const std::string& id, const std::string& to) const {
    return association_root() + from + '/' + id + "/associations/" + to;
  }
  /// PUT ties two records by the default label; repeating it is harmless.
  std::string association(const std::string& from, const std::string& id, const std::string& to,
                          const std::string& to_id) const {
    return association_root() + from + '/' + id + "/associations/default/" + to + '/' + to_id;
  }

  /// PUT ties two records by a label of the body; so is repeating this.
  std::string labelled(const std::string& from, const std::string& id, const std::string& to,
                       const std::string& to_id) const {
    return associations(from, id, to) + '/' + to_id;
  }

 private:
  std::string family(const std::string& kind) const {
    return version_ == "v3" ? "/crm/v3/" + kind + '/' : "/crm/" + kind + '/' + version_ + '/';
  }
  std::string association_root() const { return version_ == "v3" ? "/crm/v4/objects/" : family("objects"); }
  std::string version_;
};

using Reply = std::expected<Json, Refusal>;

/// A value: copy it into whatever needs it. [any]
class Client {
 public:
  /// `time_zone`: the account's, for the end of its day; "" where it is not known.
  Client(std::string api_version, std::string time_zone, Host host)
      : paths_(std::move(api_version)), time_zone_(std::move(time_zone)), host_(host) {}
  const Paths& paths() const { return paths_; }

  /// The body of a 2xx; null for an empty one. `shown`: what errors name in place of the target, where that holds an
  /// event's text.
  Reply read(const std::string& operation, const std::string& target, const Call& call,
             const std::string& shown = "") const;
  /// `names`: the properties in the body, for errors to name. A null body sends none.
  Reply send(const std::string& operation, const std::string& method, const std::string& target, const Json& body,
             Intent intent, const std::vector<std::string>& names, const Call& call) const;
  /// item_refusal(), with the wait that the account's zone asks for.
  Refusal of_item(const Json& entry, const Asked& asked) const {
    return until_midnight(item_refusal(entry, asked), time_zone_, host_.clock());
  }

 private:
  Reply exchange(const std::string& operation, HttpRequest request, const std::vector<std::string>& names,
                 const Call& call, const std::string& shown = "") const;

  Paths paths_;
  std::string time_zone_;
  Host host_;
};

}  // namespace milepost::hubspot
