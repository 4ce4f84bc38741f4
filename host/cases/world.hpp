// One case, played: a world of its own, with the real engine, journal and plugins, the vendors' doubles, and time that
// passes as it is told.
#pragma once

#include <mutex>

#include "host/cases/case.hpp"
#include "host/cases/doubles.hpp"
#include "host/config/secrets.hpp"
#include "host/engine/program.hpp"
#include "host/loans/model.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::cases {

/// What all worlds stand on. [any]
struct Ground {
  std::shared_ptr<plugins::Registry> registry;
  const std::map<std::string, config::Connection>& connections;
  const config::Secrets& secrets;
  const std::vector<std::shared_ptr<const engine::Program>>& programs;
  std::shared_ptr<const loans::Model> loans;
  std::string scratch;          ///< a folder for the journals
  std::mutex& at_the_registry;  ///< held while instances are made
};

struct Played {
  /// {"events", "sent", "requests", "holds", "audit", "alerts", "loans"}: what `expect` is compared with.
  Json outcome;
  /// By pipeline: the stories of its events' steps (api/story.hpp), for coverage.
  std::vector<std::pair<std::string, Json>> stories;
  /// By vendor, as they came; `mark` is the step whose delivery was written as sent last, "" before the first.
  std::map<std::string, std::vector<Reached>> requests;
  std::vector<std::string> hidden;  ///< texts that connections prove themselves by
  std::string failure;  ///< why the case could not be played to its end; ""
};

/// `number` tells this world's journal from others'.
Played play(const CaseFile& file, const Case& what, const Ground& ground, std::size_t number);

}  // namespace milepost::cases
