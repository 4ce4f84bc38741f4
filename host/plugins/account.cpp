#include "host/plugins/account.hpp"

#include <utility>

#include "host/config/settings.hpp"
#include "host/plugins/action.hpp"
#include "host/plugins/instance.hpp"
#include "host/plugins/settings_view.hpp"
#include "host/plugins/source.hpp"

namespace milepost::plugins {

namespace {

/// The entry of a manifest's list by its name, or nullptr.
const Json* entry(const Json& manifest, const char* list, const std::string& name) {
  const Json* entries = find(manifest, list);
  if (entries == nullptr || !entries->is_array()) return nullptr;
  for (const auto& each : *entries)
    if (get<std::string>(each, "/name").value_or("") == name) return &each;
  return nullptr;
}

bool says(const Json& json, const char* pointer) { return get<bool>(json, pointer).value_or(false); }

class AccountAdapter final : public Account {
 public:
  AccountAdapter(std::shared_ptr<Runner> runner, const Json& manifest, config::Connection definition,
                 std::optional<telemetry::Time> expires, std::shared_ptr<Scope> scope, std::shared_ptr<Instance> instance)
      : runner_(std::move(runner)),
        manifest_(manifest),
        definition_(std::move(definition)),
        expires_(expires),
        scope_(std::move(scope)),
        instance_(std::move(instance)) {}
  ~AccountAdapter() override { close(); }

  const config::Connection& definition() const override { return definition_; }
  std::optional<telemetry::Time> expires() const override { return expires_; }

  Status open(const Call& call) override {
    closed_ = false;
    return asked(MP_OPEN, call);
  }
  Status probe(const Call& call) override {
    return says(manifest_, "/connection/probe") ? asked(MP_PROBE, call) : open(call);
  }
  void close() noexcept override {
    if (std::exchange(closed_, true)) return;
    try {
      static_cast<void>(instance_->call(MP_CLOSE, nullptr, {detail::bytes("{}")}).has_value());
    } catch (...) {  // out of memory: closing must not fail
    }
  }

  std::unique_ptr<Action> action(const std::string& name) override {
    const Json* declared = entry(manifest_, "/actions", name);
    if (declared == nullptr) return nullptr;
    auto made = Instance::create(runner_, scope_, {"action", name, Json::object()}, instance_);
    if (!made) return failed_action(made.error());
    return adapt_action(std::move(*made), says(*declared, "/lookup"));
  }

  std::unique_ptr<PollingSource> polling(const std::string& name, const Json& settings) override {
    const Json* declared = entry(manifest_, "/sources", name);
    if (declared == nullptr || get<std::string>(*declared, "/kind").value_or("") != "polling") return nullptr;
    auto seen = settings_view(settings, (*declared)["settings"]);
    if (!seen) return failed_polling(seen.error());
    auto made = Instance::create(runner_, scope_, {"source", name, std::move(*seen)}, instance_);
    if (!made) return failed_polling(made.error());
    return adapt_polling(std::move(*made), says(*declared, "/settle"));
  }

  std::unique_ptr<WebhookSource> decoder(const std::string& name, const Json& settings) override {
    const Json* declared = entry(manifest_, "/sources", name);
    if (declared == nullptr || !says(*declared, "/decode")) return nullptr;
    auto seen = settings_view(settings, (*declared)["settings"]);
    if (!seen) return nullptr;
    auto made = Instance::create(runner_, scope_, {"source", name, std::move(*seen)}, instance_);
    return made ? adapt_webhook(std::move(*made)) : nullptr;
  }

 private:
  Status asked(std::uint32_t op, const Call& call) {
    const auto done = instance_->call_for_one(op, call.raw(), {detail::bytes("{}")});
    if (!done) return fail(done.error());
    return {};
  }

  const std::shared_ptr<Runner> runner_;
  const Json& manifest_;
  config::Connection definition_;
  const std::optional<telemetry::Time> expires_;
  std::shared_ptr<Scope> scope_;
  std::shared_ptr<Instance> instance_;
  bool closed_ = true;
};

}  // namespace

Result<std::unique_ptr<Account>> make_account(std::shared_ptr<Runner> runner, const Json& manifest,
                                              const config::Connection& definition, const config::Secrets& secrets,
                                              const Services& services) {
  const auto prefixed = [&](Error error) {
    error.message = "connection " + definition.name + ": " + error.message;
    return fail(std::move(error));
  };
  const std::string plugin = get<std::string>(manifest, "/name").value_or("");
  const Json* schema = find(manifest, "/connection/settings");
  if (schema == nullptr) return prefixed({ErrorKind::permanent, plugin + " has no connections", {}, {}});
  const Json settings =
      config::with_defaults(definition.with.json.is_null() ? Json::object() : definition.with.json, *schema);
  auto seen = settings_view(settings, *schema);
  if (!seen) return prefixed(seen.error());

  const Json* declared = find(manifest, "/connection/credentials");
  const Json credentials = declared == nullptr ? Json(nullptr) : *declared;
  auto base_url = get<std::string>(*seen, "/base_url").value_or("");
  auto address = http::secret_url(credentials, settings, secrets);
  if (!address) return prefixed(address.error());
  if (*address) (*seen)[(*address)->setting] = base_url = (*address)->base;
  auto base = Base::parse(base_url);
  if (!base) return prefixed(base.error());
  auto signer = http::make_signer(credentials, settings, base_url, secrets, *services.clock);
  if (!signer) return prefixed(signer.error());

  Outgoing outgoing{std::move(*base), std::move(*signer), definition.limit.timeout, definition.allow_private};
  auto scope = std::make_shared<Scope>(Scope::Names{plugin, definition.name, "connection:" + definition.name}, services,
                                       std::move(outgoing));
  auto instance = Instance::create(runner, scope, {"connection", "", std::move(*seen)});
  if (!instance) return prefixed(instance.error());
  return std::make_unique<AccountAdapter>(std::move(runner), manifest, definition, *address ? (*address)->expires : std::nullopt,
                                          std::move(scope), std::move(*instance));
}

}  // namespace milepost::plugins
