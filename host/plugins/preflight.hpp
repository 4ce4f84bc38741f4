// Looks at a library in a child process before the host lets it in: a plugin that is no library, truncated, of another
// machine or ABI, that crashes in its constructors or prints to stdout costs the child alone.
#pragma once

#include <string>

#include "milepost/json.hpp"

namespace milepost::plugins {

/// What the child found: the manifest and the ABI it speaks, or the reason for a refusal (both sides and the remedy).
struct Report {
  bool ok = false;
  std::string reason;
  std::string abi, sdk;
  Json manifest;
};

/// In the host: runs this executable again (`/proc/self/exe --preflight PATH`), reads its report from a private pipe,
/// captures its stdout and stderr, kills it after 5 s. Never throws. Tests may name another executable.
Report preflight(const std::string& path, const std::string& executable = "/proc/self/exe");

/// In the child: main() calls it first of all when argv[1] is "--preflight"; returns the exit status.
int preflight_child(const std::string& path);

/// A manifest's shape, checked: names, schemas, known schemes and kinds. The reason names the field, what was expected,
/// what came. "" is good.
std::string check_manifest(const Json& manifest);

}  // namespace milepost::plugins
