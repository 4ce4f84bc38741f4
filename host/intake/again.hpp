// A quarantined event on its way through intake once more, when a person retries it.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "host/intake/mapping.hpp"
#include "host/journal/store.hpp"

namespace milepost::intake {

/// What an event's payload was made from, given to whoever decodes it; an error's message says why it still is no event.
using DecodeAgain = std::function<Result<std::vector<Event>>(const std::string& payload)>;

/// What the event's payload makes today: decoded again where that never worked, else mapped again from what its source had
/// decoded. Quarantined still where it cannot be mapped. `permanent`: it cannot be decoded, or makes no event, or several.
/// Throws what the store throws. [serial] by `machine`
Result<journal::NewEvent> map_again(const journal::Store& store, const journal::Event& event, const std::string& payload,
                                    const Mapping& mapping, expression::Machine& machine, const std::string& content_type,
                                    telemetry::Time now, const DecodeAgain& decode);

/// link() for templates, over the store. No exception may pass through Lua: what the store throws is kept until check().
class StoreLinks {
 public:
  explicit StoreLinks(const journal::Store& store) : store_(store) {}
  Mapping::Link link();  ///< borrows this
  void check() const {   ///< throws it
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const journal::Store& store_;
  std::exception_ptr failure_;
};

}  // namespace milepost::intake
