#include <fmt/core.h>

#include "host/cli/application.hpp"
#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/cli/sandbox_server.hpp"
#include "host/telemetry/scaled_clock.hpp"

namespace milepost::cli {
namespace {

/// The headers that installed connections carry their credentials in.
std::vector<std::string> secret_headers(const plugins::Registry& registry) {
  std::vector<std::string> out;
  for (const auto& installed : registry.installed()) {
    const Json* schemes = find(installed.manifest, "/connection/credentials");
    if (schemes == nullptr) continue;
    for (const auto& scheme : schemes->is_array() ? *schemes : Json::array({*schemes}))
      if (const auto name = get<std::string>(scheme, "/name"); name && get<std::string>(scheme, "/scheme") == "header")
        out.push_back(*name);
  }
  return out;
}

}  // namespace

int sandbox(const Arguments& arguments) {
  block_termination();
  const auto deployment = deploy::load(arguments.folder(), false);
  const auto clock = telemetry::process_clock();
  const plugins::Services services{nullptr, clock.get(), nullptr};
  std::vector<std::string> names = arguments.positional;
  std::vector<std::string> known;
  for (const auto& installed : deployment.registry->sandboxes()) known.push_back(installed.name.substr(0, installed.name.rfind("-sandbox")));
  if (names.empty()) names = known;
  std::map<std::string, std::unique_ptr<Sandbox>> vendors;
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto near = config::nearest(name, known);
      return wrong_use("no sandbox of \"" + name + "\" is installed" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
    auto made = deployment.registry->sandbox(name, services);
    if (!made) return failed(made.error());
    vendors[name] = std::move(*made);
  }
  if (vendors.empty()) return failed({ErrorKind::permanent, "no sandbox library (<name>-sandbox.so) was found"});

  SandboxServer sandboxes(std::move(vendors), secret_headers(*deployment.registry));
  http::Server server;
  auto listening = server.listen({.address = arguments.get("listen", "127.0.0.1:9090")}, [&](const http::Incoming& head) { return sandboxes.admit(head); },
                                 [&](http::Incoming&& request, http::Responder respond) { sandboxes.handle(std::move(request), std::move(respond)); });
  if (!listening) return failed(listening.error());
  server.start();
  for (const auto& name : names) fmt::print("http://{}/{}/\n", server.address(0), name);
  fmt::print("http://{}/_sandbox/\n", server.address(0));
  std::fflush(stdout);
  wait_for_termination();
  server.stop(std::chrono::seconds(1));
  return kDone;
}

}  // namespace milepost::cli
