// What a step writes to a system that shares fields of loans: remembered with the write, so that it is known again when it comes back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/journal/store.hpp"
#include "host/loans/model.hpp"
#include "milepost/json.hpp"

namespace milepost::engine {

/// A delivery of this step to this system.
struct Written {
  journal::Event event;
  std::string step;
  std::string system;
  std::shared_ptr<const loans::Model> model;
};

/// The system that a step writes to, where it shares fields; "" otherwise.
std::string shares(const loans::Model& model, const std::string& use, const std::string& connection);

/// It leaves, with `with`. `seen`: where its values may come from, the loan of this moment apart: each field -> value.
journal::Work remember(Written written, Json with, std::vector<Json> seen);
/// It was taken, or never arrived.
journal::Work confirm(Written written, std::string version);
journal::Work forget(Written written);

/// In the writer's transaction: whether the system has by now what this event of a changed loan asks to write to it.
bool has_it_already(journal::Writer& writer, const Written& written, const Json& asked);

}  // namespace milepost::engine
