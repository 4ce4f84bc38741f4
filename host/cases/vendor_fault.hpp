// What a vendor's double does on demand instead of answering as usual: one language, for `milepost sandbox` and for test
// cases.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/http/server.hpp"
#include "milepost/json.hpp"

namespace milepost::cases {

struct VendorFault {
  std::string method, path;  ///< "": any; the path without its query, with * for anything
  unsigned times = 1;
  unsigned every = 1;  ///< it strikes each so many that match
  std::optional<http::Outgoing> answer;
  std::chrono::milliseconds delay{0};
  /// before: the connection drops and nothing was done; after: the double did it, and then the connection drops.
  enum class Cut { none, before, after } cut = Cut::none;

  unsigned seen = 0;  ///< that matched
};

/// {"match": {"method", "path"} or "POST */orders", "times", "every", "answer": {"status", "headers", "body"} or a status,
/// "delay", "cut": "before" or "after"}. The error says which member is wrong, and what it may be.
Result<VendorFault> read_vendor_fault(const Json& fault);

/// Those that are set for one vendor. [serial]
class VendorFaults {
 public:
  void add(VendorFault fault) { faults_.push_back(std::move(fault)); }
  void clear() { faults_.clear(); }
  std::size_t size() const { return faults_.size(); }
  /// The first one that this request meets; it counts as struck.
  std::optional<VendorFault> strike(const std::string& method, const std::string& path);

 private:
  std::vector<VendorFault> faults_;
};

}  // namespace milepost::cases
