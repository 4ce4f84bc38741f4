// An event that is given up from outside of its run.
#pragma once

#include <string>

#include "host/journal/store.hpp"

namespace milepost::engine {

/// Makes it a dead letter for `fault`, with its audit row and the host's own event. Only inside Store work.
void make_dead(journal::Writer& writer, journal::Event event, const std::string& fault);

}  // namespace milepost::engine
