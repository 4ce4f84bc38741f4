// Who may use the admin API. The first start makes an owner's key, which the command line on the same machine uses.
#pragma once

#include <optional>
#include <string>

#include "milepost/error.hpp"

namespace milepost::access {

/// A key that was recognised. Audit rows name it "key:<name>".
struct Principal {
  std::string name;  ///< "owner"
  std::string role;  ///< "owner"
};

class Keys {
 public:
  /// Reads data/owner.key, or makes it (mp_ + 43 base64url characters of randomness; mode 0600, written whole or not at
  /// all). Refuses a file that others may read: `permanent`, with the remedy.
  static Result<Keys> open(const std::string& data_folder);

  /// "Bearer mp_…" -> who; nullopt for anything else. Constant time. [any]
  std::optional<Principal> recognise(std::string_view authorization) const;
  const std::string& owner_key_path() const { return path_; }

 private:
  std::string path_;
  std::string hash_;  ///< the key itself is not kept
};

}  // namespace milepost::access
