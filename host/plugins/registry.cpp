#include "host/plugins/registry.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "host/plugins/account.hpp"
#include "host/plugins/instance.hpp"
#include "host/plugins/isolated_runner.hpp"
#include "host/plugins/library.hpp"
#include "host/plugins/preflight_image.hpp"
#include "host/plugins/report_cache.hpp"
#include "host/plugins/settings_view.hpp"
#include "host/plugins/source.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::plugins {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSandboxSuffix = "-sandbox";

/// Every *.so of a folder, by name. What cannot be listed has none.
std::vector<fs::path> libraries(const std::string& folder) {
  std::vector<fs::path> found;
  std::error_code fault;
  fs::directory_iterator at(folder, fault);
  for (const fs::directory_iterator end; !fault && at != end; at.increment(fault))
    if (at->path().extension() == ".so" && !at->path().filename().string().starts_with('.'))
      found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

template <class Enum, std::size_t N>
Enum one_of(const std::string& word, const std::pair<std::string_view, Enum> (&words)[N]) {
  for (const auto& [name, value] : words)
    if (name == word) return value;
  return words[0].second;
}

Traits traits_of(const Json& action) {
  constexpr std::pair<std::string_view, Replay> kReplays[] = {
      {"never", Replay::never}, {"with_key", Replay::with_key}, {"always", Replay::always}};
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"record", Kind::record}, {"message", Kind::message}, {"mail", Kind::mail}, {"other", Kind::other}};
  Traits traits;
  traits.max_batch = get<std::size_t>(action, "/traits/max_batch").value_or(1);
  traits.replay = one_of(get<std::string>(action, "/traits/replay").value_or(""), kReplays);
  traits.key_lifetime = std::chrono::seconds(get<std::int64_t>(action, "/traits/key_lifetime_s").value_or(0));
  traits.settles_after = std::chrono::seconds(get<std::int64_t>(action, "/traits/settles_after_s").value_or(0));
  traits.effect = one_of(get<std::string>(action, "/traits/effect").value_or(""), kKinds);
  traits.batch_key = get<std::string>(action, "/traits/batch_key").value_or("");
  return traits;
}

Json member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? Json(nullptr) : *found;
}

std::vector<std::string> keys(const std::map<std::string, config::Component>& components) {
  std::vector<std::string> out;
  for (const auto& [name, component] : components) out.push_back(name);
  return out;
}

const config::Component* find_in(const std::map<std::string, config::Component>& components, const std::string& name) {
  const auto found = components.find(name);
  return found == components.end() ? nullptr : &found->second;
}

}  // namespace

struct Registry::State {
  struct Plugin {
    Installed about;
    Image image;
    /// In this process, loaded when it is first needed there: what runs isolated alone is never.
    Result<std::shared_ptr<Runner>> here() const;
  };
  // Maps: their nodes stay where they are, and accounts refer to manifests.
  std::map<std::string, Plugin> plugins, sandboxes;
  std::vector<Refused> refused;
  std::map<std::string, config::Component> sources, steps, connectors;
  std::map<std::string, ActionInfo> actions;
  std::map<std::string, SourceInfo> source_infos;
  std::mutex mutex;  // of what follows
  std::vector<std::weak_ptr<IsolatedRunner>> isolated;

  void take(const fs::path& path, ReportCache& cache);
  void refuse(const fs::path& path, const std::string& reason);
  void enrol(const Installed& about);
  /// Where a plugin's code is to run: here, or in a child.
  Result<std::shared_ptr<Runner>> runner(const Plugin& plugin, const std::optional<config::Isolation>& isolation,
                                         std::size_t lanes, IsolatedRunner::Names names);
};

Result<std::shared_ptr<Runner>> Registry::State::Plugin::here() const {
  auto again = image.again();
  if (!again) return fail(ErrorKind::permanent, about.path + " " + again.error().message);
  const auto loaded = Library::load(std::move(*again));
  if (!loaded) return fail(ErrorKind::permanent, about.path + " " + loaded.error().message);
  return std::shared_ptr<Runner>(std::shared_ptr<void>(), *loaded);  // kept until exit, whoever lets go of it
}

Result<std::shared_ptr<Runner>> Registry::State::runner(const Plugin& plugin,
                                                        const std::optional<config::Isolation>& isolation,
                                                        std::size_t lanes, IsolatedRunner::Names names) {
  if (!isolation) return plugin.here();
  auto image = plugin.image.again();
  if (!image) return fail(ErrorKind::permanent, plugin.about.path + " " + image.error().message);
  IsolatedProcess::Plan plan{.bounds = *isolation, .lanes = lanes};
  auto made = std::make_shared<IsolatedRunner>(std::move(*image), std::move(plan), std::move(names));
  const std::lock_guard held(mutex);
  std::erase_if(isolated, [](const auto& each) { return each.expired(); });
  isolated.push_back(made);
  return made;
}

void Registry::State::refuse(const fs::path& path, const std::string& reason) {
  refused.push_back({path.stem().string(), path.string(), path.filename().string() + " " + reason});
  telemetry::log(telemetry::Level::warn, "plugin.refused",
                 {{"path", path.string()}, {"reason", refused.back().reason}});
}

void Registry::State::take(const fs::path& path, ReportCache& cache) {
  const std::string stem = path.stem().string();
  const bool sandbox = stem.ends_with(kSandboxSuffix);
  auto& among = sandbox ? sandboxes : plugins;
  auto image = Image::copy(path.string());
  if (!image) return refuse(path, image.error().message);
  const std::string digest = image->digest();
  if (const auto other = among.find(stem); other != among.end()) {
    if (other->second.about.digest == digest) return;  // the same library, as built and as installed
    return refuse(path, "has the name of " + other->second.about.path + ", which was found first: remove one of them");
  }
  auto report = cache.find(digest);
  if (!report) {
    report = preflight(*image, "/proc/self/exe");
    cache.keep(digest, *report);
  }
  if (!report->ok) return refuse(path, report->reason);

  const auto word = [&](const char* key) {
    return get<std::string>(report->manifest, std::string("/") + key).value_or("");
  };
  const std::string vendor = sandbox ? stem.substr(0, stem.size() - kSandboxSuffix.size()) : stem;
  if (word("name") != stem && word("name") != vendor)
    return refuse(path,
                  "calls itself \"" + word("name") + "\": rename the file to " + word("name") + ".so, or the plugin");
  if (sandbox && !get<bool>(report->manifest, "/sandbox").value_or(false))
    return refuse(path, "holds no sandbox, though its name says so: rename it, or enrol one by .sandbox<T>()");

  Plugin plugin{
      {stem, word("version"), report->sdk, word("summary"), report->abi, path.string(), digest, report->manifest},
      std::move(*image)};
  const auto& about = among.emplace(stem, std::move(plugin)).first->second.about;
  if (!sandbox) enrol(about);
}

/// Puts what a plugin offers into the catalog.
void Registry::State::enrol(const Installed& about) {
  const Json& manifest = about.manifest;
  if (const Json* settings = find(manifest, "/connection/settings"))
    connectors[about.name] = {.name = about.name, .settings = *settings, .connector = about.name, .summary = get<std::string>(manifest, "/summary").value_or("")};
  for (const auto& action : member(manifest, "actions")) {
    const auto name = get<std::string>(action, "/name").value_or("");
    const auto use = about.name + "." + name;
    const auto& info = actions[use] = {about.name, name, traits_of(action), get<bool>(action, "/lookup").value_or(false), about.digest};
    steps[use] = {.name = use,
                  .settings = member(action, "settings"),
                  .connection = true,
                  .connector = about.name,
                  .summary = get<std::string>(action, "/summary").value_or(""),
                  .repeatable = info.lookup || info.traits.replay != Replay::never};
  }
  for (const auto& source : member(manifest, "sources")) {
    const auto name = get<std::string>(source, "/name").value_or("");
    const auto use = about.name + "." + name;
    const bool webhook = get<std::string>(source, "/kind").value_or("") == "webhook";
    const bool connection = get<bool>(source, "/connection").value_or(false);
    sources[use] = {.name = use,
                    .settings = member(source, "settings"),
                    .connection = connection,
                    .webhook = webhook,
                    .verify = member(source, "verify"),
                    .connector = about.name,
                    .polling = !webhook,
                    .summary = get<std::string>(source, "/summary").value_or(""),
                    .final_4xx = get<bool>(source, "/final_4xx").value_or(false)};
    source_infos[use] = {about.name,
                         name,
                         webhook,
                         connection,
                         member(source, "verify"),
                         member(source, "pointers"),
                         get<int>(source, "/accepted_status").value_or(202),
                         get<int>(source, "/quarantined_status").value_or(get<int>(source, "/accepted_status").value_or(202)),
                         get<bool>(source, "/final_4xx").value_or(false),
                         about.digest};
  }
}

Registry::Registry(std::unique_ptr<State> state) : state_(std::move(state)) {}
Registry::~Registry() = default;

std::unique_ptr<Registry> Registry::discover(const std::vector<std::string>& folders, const std::string& cache_folder,
                                             std::vector<config::Component> sources,
                                             std::vector<config::Component> steps) {
  auto state = std::make_unique<State>();
  for (auto& source : sources) state->sources[source.name] = std::move(source);
  for (auto& step : steps) state->steps[step.name] = std::move(step);
  ReportCache cache(cache_folder);
  std::set<fs::path> seen;  // a folder that is named twice is one
  for (const auto& folder : folders) {
    std::error_code fault;
    if (!seen.insert(fs::weakly_canonical(folder, fault)).second) continue;
    for (const auto& path : libraries(folder)) state->take(path, cache);
  }
  cache.save();
  return std::unique_ptr<Registry>(new Registry(std::move(state)));
}

std::vector<Installed> Registry::installed() const {
  std::vector<Installed> out;
  for (const auto& [name, plugin] : state_->plugins) out.push_back(plugin.about);
  return out;
}

std::vector<Installed> Registry::sandboxes() const {
  std::vector<Installed> out;
  for (const auto& [name, plugin] : state_->sandboxes) out.push_back(plugin.about);
  return out;
}

std::vector<Refused> Registry::refused() const { return state_->refused; }

std::optional<ActionInfo> Registry::action(const std::string& use) const {
  const auto found = state_->actions.find(use);
  return found == state_->actions.end() ? std::nullopt : std::optional(found->second);
}

std::optional<SourceInfo> Registry::source_info(const std::string& use) const {
  const auto found = state_->source_infos.find(use);
  return found == state_->source_infos.end() ? std::nullopt : std::optional(found->second);
}

Result<std::unique_ptr<Account>> Registry::account(const config::Connection& connection, const config::Secrets& secrets,
                                                   const Services& services) {
  const auto found = state_->plugins.find(connection.use);
  if (found == state_->plugins.end()) {
    const auto reason = refusal(connection.use);
    return fail(ErrorKind::permanent,
                "connection " + connection.name + ": " +
                    (reason.empty() ? "no connector \"" + connection.use + "\" is installed" : reason));
  }
  const auto& plugin = found->second;
  auto runner = state_->runner(plugin, connection.isolation, connection.limit.in_flight,
                               {plugin.about.name, connection.name, ""});
  if (!runner) return fail(runner.error());
  return make_account(std::move(*runner), plugin.about.manifest, connection, secrets, services);
}

Result<std::unique_ptr<WebhookSource>> Registry::webhook(const std::string& use, const Json& settings,
                                                         const Services& services,
                                                         const std::optional<config::Isolation>& isolation) {
  const auto info = source_info(use);
  if (!info || !info->webhook) return fail(ErrorKind::permanent, "no webhook source \"" + use + "\" is installed");
  auto seen = settings_view(settings, state_->sources.at(use).settings);
  if (!seen) return fail(seen.error());
  auto scope = std::make_shared<Scope>(Scope::Names{info->connector, "", "source:" + use}, services, std::nullopt);
  auto runner = state_->runner(state_->plugins.at(info->connector), isolation, 1, {info->connector, "", use});
  if (!runner) return fail(runner.error());
  auto made = Instance::create(std::move(*runner), std::move(scope), {"source", info->name, std::move(*seen)});
  if (!made) return fail(made.error());
  return adapt_webhook(std::move(*made));
}

std::vector<ChildStatus> Registry::children() const {
  std::vector<std::shared_ptr<IsolatedRunner>> runners;
  {
    const std::lock_guard held(state_->mutex);
    for (const auto& each : state_->isolated)
      if (auto there = each.lock()) runners.push_back(std::move(there));
  }
  std::vector<ChildStatus> out;
  for (const auto& each : runners) out.push_back(each->status());
  return out;
}

Result<std::unique_ptr<Sandbox>> Registry::sandbox(const std::string& vendor, const Services& services) {
  auto found = state_->sandboxes.find(vendor + std::string(kSandboxSuffix));
  if (found == state_->sandboxes.end()) {
    const auto reason = refusal(vendor + std::string(kSandboxSuffix));
    return fail(ErrorKind::permanent, reason.empty() ? "no sandbox of \"" + vendor + "\" is installed" : reason);
  }
  auto& plugin = found->second;
  auto here = plugin.here();
  if (!here) return fail(here.error());
  auto scope =
      std::make_shared<Scope>(Scope::Names{plugin.about.name, "", "sandbox:" + vendor}, services, std::nullopt);
  auto made = Instance::create(std::move(*here), std::move(scope), {"sandbox", "", Json::object()});
  if (!made) return fail(made.error());
  return adapt_sandbox(std::move(*made));
}

const config::Component* Registry::source(const std::string& use) const { return find_in(state_->sources, use); }
const config::Component* Registry::step(const std::string& use) const { return find_in(state_->steps, use); }
const config::Component* Registry::connector(const std::string& use) const { return find_in(state_->connectors, use); }
std::vector<std::string> Registry::sources() const { return keys(state_->sources); }
std::vector<std::string> Registry::steps() const { return keys(state_->steps); }
std::vector<std::string> Registry::connectors() const { return keys(state_->connectors); }

std::string Registry::refusal(const std::string& connector) const {
  if (state_->plugins.contains(connector) || state_->sandboxes.contains(connector)) return "";
  for (const auto& refused : state_->refused)
    if (refused.connector == connector) return refused.reason;
  return "";
}

}  // namespace milepost::plugins
