#include "host/conformance/stage.hpp"

#include <algorithm>

namespace milepost::conformance {

Json Job::json() const {
  return {{"check", check}, {"plugin", plugin}, {"folder", folder},
          {"cache", cache}, {"sample", sample}, {"deliveries", deliveries}};
}

Job Job::read(const Json& json) {
  const auto word = [&](const char* pointer) { return get<std::string>(json, pointer).value_or(""); };
  return {word("/check"), word("/plugin"), word("/folder"),
          word("/cache"), word("/sample"), get<std::size_t>(json, "/deliveries").value_or(0)};
}

Stage::Stage(const Job& job, const Around& around)
    : job_(job),
      clock_(telemetry::from_micros(1'793'610'000'000'000)),
      services_{&client_, &clock_, nullptr} {  // 2026-11-02 09:00 UTC
  if (!job.sample.empty()) {
    auto sample = Sample::read(job.sample);
    if (!sample) failed(sample.error().message);
    sample_ = std::move(*sample);
  }
  registry_ = plugins::Registry::discover({job.folder}, job.cache, {}, {});
  for (const auto& one : registry_->installed())
    if (one.name == job.plugin) manifest_ = one.manifest;
  if (manifest_.is_null()) failed("the host refuses it: " + registry_->refusal(job.plugin));
  const auto twins = registry_->sandboxes();
  const bool has_twin =
      std::any_of(twins.begin(), twins.end(), [&](const auto& one) { return one.name == job.plugin + "-sandbox"; });
  std::unique_ptr<Sandbox> twin;
  if (has_twin) {
    auto made = registry_->sandbox(job.plugin, services_);
    if (!made) failed("its double cannot be made: " + made.error().message);
    twin = around ? around(std::move(*made)) : std::move(*made);
  }
  vendor_ = std::make_unique<Vendor>(std::move(twin), sample_.before());
}

Json Stage::settings(const Json& more) const {
  Json out = sample_.connection();
  if (more.is_object()) out.update(more);
  if (get<std::string>(manifest_, "/connection/credentials/scheme").value_or("") == "secret_url") {
    const auto name = get<std::string>(manifest_, "/connection/credentials/url").value_or("");
    out[name] = vendor_->url() + get<std::string>(out, "/" + name).value_or("");
  }
  const auto path = get<std::string>(out, "/base_url").value_or("");
  if (find(manifest_, "/connection/settings/properties/base_url") != nullptr) out["base_url"] = vendor_->url() + path;
  return out;
}

Result<std::unique_ptr<plugins::Account>> Stage::account(const Json& settings) {
  config::Connection definition;
  definition.name = "sample";
  definition.use = job_.plugin;
  definition.with.json = settings.is_null() ? this->settings() : settings;
  definition.allow_private = true;
  auto made = registry_->account(definition, config::Secrets(), services_);
  if (!made) told(made.error());
  return made;
}

std::unique_ptr<plugins::Account> Stage::opened(const Json& more) {
  auto made = account(settings(more));
  if (!made) failed("the sample's connection is refused: " + shown(made.error()));
  const plugins::HostCall call(std::chrono::seconds(10));
  if (auto open = (*made)->open(call.call()); !open)
    failed("open of the sample's connection, against its double: " + shown(told(open.error())));
  return std::move(*made);
}

const Error& Stage::told(const Error& error) {
  told_.push_back(error.message + " " + error.origin);
  return error;
}

std::string shown(const Error& error) {
  return std::string(name(error.kind)) + ": " + error.message + (error.origin.empty() ? "" : " (" + error.origin + ")");
}

}  // namespace milepost::conformance
