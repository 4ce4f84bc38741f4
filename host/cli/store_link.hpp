// How a command sees the store: through the running host (admin.sock), or, when none runs, by taking the lock and opening it through
// the same API code. Either way the answer is the admin API's JSON.
#pragma once

#include <memory>
#include <string>

#include "milepost/json.hpp"

namespace milepost::journal {
class Store;
}

namespace milepost::cli {

class StoreLink {
 public:
  /// `permanent`: no store there, locked by something that does not answer, or damaged.
  static Result<std::unique_ptr<StoreLink>> open(const std::string& store_path);
  virtual ~StoreLink() = default;

  /// GET of an API path such as /api/v1/events?limit=20; an error for anything but 200, with the problem's detail.
  virtual Result<Json> get(const std::string& path) = 0;
  /// The store itself where this process holds it; nullptr while a host runs.
  virtual journal::Store* store() = 0;
};

/// The store of a config folder, by its milepost.yaml.
std::string store_path(const std::string& folder);

/// One value of a query string, percent-encoded.
std::string encoded(const std::string& value);

}  // namespace milepost::cli
