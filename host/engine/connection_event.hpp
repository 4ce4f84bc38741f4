// What the host's events about a connection say.
#pragma once

#include <string>

#include "host/config/definition.hpp"
#include "milepost/json.hpp"

namespace milepost::engine {

inline std::string connection_subject(const std::string& name) { return "milepost:connection:" + name; }
inline Json connection_trouble(const config::Connection& connection, const std::string& reason) {
  Json payload{{"connection", connection.name}, {"connector", connection.use}};
  if (!reason.empty()) payload["reason"] = reason;
  return payload;
}

}  // namespace milepost::engine
