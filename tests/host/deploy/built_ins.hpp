// The plugins of a test that needs none: whatever lies beside its executable is not looked at.
#pragma once

#include "host/deploy/deployment.hpp"
#include "host/deploy/stamps.hpp"

namespace milepost::deploy {

/// For load(): a folder whose milepost.yaml says `plugins: []` has the built-ins alone then.
inline const Deployment& built_ins() {
  static const Deployment only = [] {
    Deployment out;
    out.libraries = stamps_of_libraries(built_in_plugin_folders());
    out.registry = plugins::Registry::discover({}, "", engine::built_in_sources(), engine::built_in_steps());
    return out;
  }();
  return only;
}

}  // namespace milepost::deploy
