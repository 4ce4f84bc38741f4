// How a command sees the store: through the running host (admin.sock), or, when none runs, by taking the lock and opening it through
// the same API code. Either way the answer is the admin API's JSON.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include "host/cli/command.hpp"
#include "milepost/json.hpp"

namespace milepost::cli {

class StoreLink {
 public:
  /// Of a config folder. `permanent`: no store there, locked by something that does not answer, or damaged.
  static Result<std::unique_ptr<StoreLink>> open(const std::string& folder);
  virtual ~StoreLink() = default;

  /// GET of an API path such as /api/v1/events?limit=20; an error for anything but 200, with the problem's detail.
  Result<Json> get(const std::string& path) { return exchange("GET", path, ""); }
  /// POST of a body; else the same.
  Result<Json> post(const std::string& path, const Json& body) { return exchange("POST", path, text(body)); }

 protected:
  virtual Result<Json> exchange(const std::string& method, const std::string& target, const std::string& body) = 0;
};

/// The store of a config folder, by its milepost.yaml.
std::string store_path(const std::string& folder);

/// An API path with those of the options that were typed as its query: "…/events" and {"limit"} -> "…/events?limit=20".
std::string with_query(std::string path, const Arguments& arguments, std::initializer_list<const char*> options);

/// The text at a JSON pointer of an answer; "" where there is none.
std::string field(const Json& answer, const char* pointer);

/// One value of a query string, percent-encoded.
std::string encoded(const std::string& value);

}  // namespace milepost::cli
