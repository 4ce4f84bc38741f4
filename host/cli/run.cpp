// `milepost run`: puts the parts together, waits for SIGTERM, takes them apart in the right order.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "host/access/keys.hpp"
#include "host/api/admin.hpp"
#include "host/cli/application.hpp"
#include "host/cli/command.hpp"
#include "host/cli/stop_limit.hpp"
#include "host/deploy/data_folder.hpp"
#include "host/deploy/live.hpp"
#include "host/deploy/remap.hpp"
#include "host/deploy/watch.hpp"
#include "host/config/fault_text.hpp"
#include "host/engine/engine.hpp"
#include "host/http/client.hpp"
#include "host/http/server.hpp"
#include "host/intake/admission.hpp"
#include "host/intake/hooks.hpp"
#include "host/journal/pruner.hpp"
#include "host/loans/watch.hpp"
#include "host/plugins/overdue.hpp"
#include "host/telemetry/crash_mark.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/scaled_clock.hpp"

namespace milepost::cli {
namespace {

using telemetry::Level;
using telemetry::log;

}  // namespace

int run(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`run` takes no argument; name the folder with --config DIR");
  telemetry::configure_log(arguments.get("log", "auto"), arguments.has("debug") ? Level::debug : Level::info);
  block_termination();

  const auto host_settings = config::load_host(std::filesystem::absolute(arguments.folder()).lexically_normal().string());
  for (const auto& fault : host_settings.faults) {
    if (!fault.warning) {
      fmt::print(stderr, "{}\n", config::render(host_settings.faults, arguments.folder(), ::isatty(STDERR_FILENO) != 0));
      return kFaults;
    }
  }
  const std::string folder = deploy::data_folder(std::filesystem::absolute(arguments.folder()).lexically_normal().string(), host_settings.host.store);
  auto lock = deploy::Lock::take(folder);
  if (!lock) return failed(lock.error());

  const auto first = std::make_shared<const deploy::Deployment>(deploy::load(arguments.folder(), true));
  const auto& deployment = *first;
  // By the standard model loans would stand elsewhere, and mail would pass a gate that has no rules.
  const auto wrong = std::ranges::find_if(deployment.faults, [](const auto& fault) { return !fault.warning && fault.at.file == "loans.yaml"; });
  if (wrong != deployment.faults.end()) return failed({ErrorKind::permanent, config::to_string(*wrong) + ". Every pipeline goes by that file, so nothing runs until it is corrected"});

  const auto crash = telemetry::watch_for_crashes(folder + "/crash");
  if (crash) log(Level::error, "host.crashed", {{"signal", *crash}});
  for (const auto& fault : deployment.faults) log(fault.warning ? Level::warn : Level::error, "config.fault", {{"fault", config::to_string(fault)}, {"remedy", fault.remedy}});
  for (const auto& refused : deployment.registry->refused()) log(Level::error, "plugin.refused", {{"path", refused.path}, {"reason", refused.reason}});

  const auto process_clock = telemetry::process_clock();
  auto& clock = *process_clock;
  auto store = journal::Store::open({.path = (std::filesystem::path(deployment.root) / deployment.host.store).string(), .clock = &clock});
  if (!store) return failed(store.error());
  auto keys = access::Keys::open(folder);
  if (!keys) return failed(keys.error());

  http::Client client;
  const plugins::Services services{&client, &clock, store->get()};
  engine::Engine engine(**store, services, clock);
  loans::Watch loans_watch(**store, clock, [&] { return engine.loans(); });
  engine.on_loans([&] { loans_watch.look(); });
  intake::Hooks hooks(**store, clock);
  std::atomic<bool> draining = false;
  intake::Admission admission(**store, clock,
                              {.store = deployment.host.most_stored, .free = deployment.host.least_free, .backlog = deployment.host.backlog},
                              [&](const std::string& pipeline) { return engine.versions().last(pipeline) != nullptr; });
  hooks.refuse_while([&] { return draining ? std::string("the host is stopping") : admission.refusal(); });
  deploy::Sources sources(services, **store, clock);
  // What a delivery costs the host is about twice what accepting its event did (docs/performance.md).
  hooks.rest_senders([&](const std::string& pipeline) { return 2 * engine.crowd(pipeline); });
  sources.hold_while([&](const std::string& connection) {
    const auto full = admission.refusal();
    return full.empty() ? engine.held(connection) : full;
  });
  sources.judge_by([&] { return engine.loans(); });
  deploy::Live live({**store, engine, hooks, sources, services, clock, [&] { loans_watch.look(); }}, first);
  if (const auto begun = live.begin(); !begun) return failed(begun.error());
  const api::Admin admin({.store = store->get(), .registry = [&] { return live.current()->registry; }, .keys = &*keys, .engine = [&] { return engine.status(); },
                          .intake = [&] { return admission.verdict(); },
                          .polling = [&] { return sources.status(); },
                          .clock = &clock,
                          .remap = [&](const journal::Event& event, const std::string& payload) { return deploy::map_again(*live.current(), services, hooks, event, payload); },
                          .running = &engine,
                          .live = &live,
                          .planner = [&] { return &live.planner(); },
                          .versions = [&] { return &engine.versions(); },
                          .loans = [&] { return engine.loans(); }});
  deploy::Watch watch({.reload = [&](bool) { static_cast<void>(live.reload({"reload"}).has_value()); },
                       .tidy = [&] {
                         const bool sources_tidy = sources.reap();
                         return engine.reap() && sources_tidy;
                       },
                       .folders = [&] { return deploy::watched_folders(*live.current()); }});

  journal::Pruner pruner(**store, clock, {.events = deployment.host.retention.events, .ids = deployment.host.retention.ids});

  http::Server server(intake::kListenerThreads);
  http::ListenOptions hooks_listener{.address = deployment.host.listen_hooks,
                                     .header_timeout = deployment.host.header_timeout,
                                     .body_timeout = deployment.host.body_timeout,
                                     .max_connections = deployment.host.max_connections};
  hooks_listener.tls_certificate = deployment.host.tls_certificate;
  hooks_listener.tls_key = deployment.host.tls_key;
  const auto admit_hook = [&](const http::Incoming& head) { return hooks.admit(head); };
  const auto handle_hook = [&](http::Incoming&& request, http::Responder respond) { hooks.handle(std::move(request), std::move(respond)); };
  const auto admit_admin = [&](const http::Incoming& head) { return admin.admit(head); };
  const auto handle_admin = [&](http::Incoming&& request, http::Responder respond) { admin.handle(std::move(request), std::move(respond)); };
  for (auto listening : {server.listen(hooks_listener, admit_hook, handle_hook),
                         server.listen({.address = deployment.host.listen_admin}, admit_admin, handle_admin),
                         server.listen({.address = "unix:" + folder + "/admin.sock"}, admit_admin, handle_admin)})
    if (!listening) return failed(listening.error());

  const plugins::OverdueWatch overdue;
  admission.start();
  if (const auto started = sources.start(); !started) return failed(started.error());
  engine.start(crash.has_value());
  telemetry::heeded_crash();
  server.start();
  pruner.start();
  loans_watch.start();
  watch.start();
  log(Level::info, "host.ready", {{"hooks", server.address(0)}, {"admin", server.address(1)},
                                  {"pipelines", std::to_string(deployment.programs.size())}, {"broken", std::to_string(deployment.broken.size())}});

  wait_for_termination();
  log(Level::info, "host.stopping");
  const StopLimit limit(2 * deployment.host.drain + std::chrono::seconds(10));
  draining = true;
  watch.stop();
  live.end();
  server.stop(deployment.host.drain);
  sources.stop();
  loans_watch.stop();
  engine.stop(deployment.host.drain);
  log(Level::info, "host.stopped");
  return kDone;
}

}  // namespace milepost::cli
