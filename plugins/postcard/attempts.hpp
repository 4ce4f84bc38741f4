// When a card was first ordered, kept on disk until its outcome is known: the search for an order whose answer was lost
// must begin before the request, and after a crash nobody else remembers when that was.
#pragma once

#include <optional>
#include <string>

#include "milepost/host.hpp"

namespace milepost::postcard {

class Attempts {
 public:
  explicit Attempts(Host host) : host_(host) {}

  /// Call before the request leaves. An earlier attempt of that key stays the first. True when this is the first.
  Result<bool> begin(const std::string& key, const Call& call) const;
  /// nullopt: none is remembered.
  Result<std::optional<Time>> first(const std::string& key, const Call& call) const;
  /// Nothing more is to be settled. Failing costs a few bytes, so it is no error.
  void end(const std::string& key, const Call& call) const;

 private:
  Host host_;
};

}  // namespace milepost::postcard
