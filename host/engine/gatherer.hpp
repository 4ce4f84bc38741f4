// Deliveries of different lanes that travel in one call. Holds them until there are enough or the first has waited long
// enough.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/engine/lanes.hpp"

namespace milepost::engine {

/// A group is one step of one version of a pipeline. All methods [any].
class Gatherer {
 public:
  enum class Added {
    waits,  ///< others wait with it
    first,  ///< nobody else waits: its time starts to run
    full,   ///< there are enough for a call
  };
  /// `key`: two deliveries of one key never share a call; "" for none.
  Added add(const std::string& group, LanePtr lane, std::string key, std::size_t size);
  struct Taken {
    std::vector<LanePtr> lanes;  ///< at most `size`, in the order of add()
    bool more = false;           ///< others are left
  };
  Taken take(const std::string& group, std::size_t size);
  std::size_t waiting(const std::string& group) const;
  void clear();

 private:
  struct Member {
    LanePtr lane;
    std::string key;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Member>> groups_;
};

}  // namespace milepost::engine
