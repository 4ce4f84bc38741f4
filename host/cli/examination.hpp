// What `milepost doctor` looks at: each finding with its remedy. Nothing is changed, at the vendors or here.
#pragma once

#include <string>
#include <vector>

#include "host/deploy/deployment.hpp"

namespace milepost::cli {

struct Finding {
  enum class State { ok, warning, fault };
  std::string what;  ///< "port hooks"
  State state = State::ok;
  std::string detail;
  std::string remedy = {};
};
using Findings = std::vector<Finding>;

/// A host answers on the folder's admin.sock.
bool host_runs(const deploy::Deployment& deployment);

void examine_folder(const deploy::Deployment& deployment, Findings& findings);
void examine_plugins(const deploy::Deployment& deployment, Findings& findings);
void examine_secrets(const deploy::Deployment& deployment, Findings& findings);
/// Free, or held by our own host where one `runs`.
void examine_ports(const deploy::Deployment& deployment, bool runs, Findings& findings);
/// Room, and how long it takes to make a write durable.
void examine_disk(const deploy::Deployment& deployment, Findings& findings);
/// Sane by this program's own age, steady, in step with NTP and with the disk's.
void examine_clock(const deploy::Deployment& deployment, Findings& findings);
void examine_certificate(const deploy::Deployment& deployment, Findings& findings);
void examine_store(const deploy::Deployment& deployment, bool runs, Findings& findings);
/// Each through the plugin's probe, side by side: by the running host, or by instances of our own.
void examine_connections(const deploy::Deployment& deployment, bool runs, Findings& findings);

}  // namespace milepost::cli
