// What files look like from outside: the same stamps before and after a reading say that nobody edited them meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/config/definition.hpp"

namespace milepost::deploy {

struct Stamp {
  std::uint64_t inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  ///< nanoseconds
  auto operator<=>(const Stamp&) const = default;
};
using Stamps = std::map<std::string, Stamp>;  ///< by path

/// The files that a folder's definitions stand in: milepost.yaml and its like, connections, pipelines, schemas, templates, secrets.
Stamps stamps_of(const config::Folder& folder);
/// The libraries in these folders.
Stamps stamps_of_libraries(const std::vector<std::string>& folders);

/// A path that was changed so lately that another change would leave the same stamp; "" for none.
std::string hot(const Stamps& stamps, std::chrono::system_clock::time_point now);

/// A path whose stamp is another, or that is in one alone; "" for none.
std::string moved(const Stamps& before, const Stamps& after);

}  // namespace milepost::deploy
