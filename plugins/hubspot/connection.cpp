#include "plugins/hubspot/connection.hpp"

#include <utility>

namespace milepost::hubspot {
namespace {

/// The account answers, and this is what it has. A 404 here means that the root itself is wrong, which must hold
/// events, not consume them.
std::expected<Pipelines, Refusal> ask_pipelines(const Client& client, const Call& call) {
  auto reply = client.read("pipelines", client.paths().pipelines("deals"), call);
  if (reply) return to_pipelines(*reply);
  if (reply.error().status == 404) {
    reply.error().error.kind = ErrorKind::auth;
    reply.error().error.message = "no such API at this address: check base_url and api_version";
  }
  return std::unexpected(std::move(reply.error()));
}

}  // namespace

const Settings<Account>& account_settings() {
  static const auto spec = [] {
    Settings<Account> settings("A HubSpot account.");
    settings.optional("base_url", &Account::base_url, "https://api.hubapi.com", "API root.")
        .secret("token", "Access token of a service key, a private app or a developer-platform app.")
        .optional("api_version", &Account::api_version, "2026-09",
                  "Family of paths: v3 (unsupported from September 2027) or a dated one (18 months each).",
                  {{"enum", {"v3", "2026-03", "2026-09"}}})
        .optional("deal_pipeline", &Account::deal_pipeline, "",
                  "Pipeline of deals whose stages are meant, by label or id; empty: whichever has the stage.")
        .optional("time_zone", &Account::time_zone, "",
                  "The account's time zone, America/New_York: at its midnight the daily limit begins anew, and is held until "
                  "then; empty: asked again every hour.")
        .optional("create_properties", &Account::create_properties, false,
                  "Create a missing key property, with unique values, at its first use; else that is an error.");
    return settings;
  }();
  return spec;
}

HubspotConnection::HubspotConnection(Account account, Host host)
    : account_(std::move(account)), client_(account_.api_version, account_.time_zone, host), host_(host) {}

Status HubspotConnection::open(const Call& call) {
  if (!account_.time_zone.empty())
    if (const auto known = host_.clock().next_midnight(account_.time_zone);
        !known && known.error().kind == ErrorKind::permanent)
      return fail(ErrorKind::auth, "time_zone: " + known.error().message);  // to be mended: it holds events
  auto found = ask_pipelines(client_, call);
  if (!found && found.error().status != 403) return fail(std::move(found.error().error));
  pipelines_ = found ? std::move(*found) : Pipelines();
  return {};
}

Status HubspotConnection::probe(const Call& call) {
  auto found = ask_pipelines(client_, call);
  if (!found && found.error().status != 403) return fail(std::move(found.error().error));
  return {};
}

Result<Pipelines> HubspotConnection::fetch_pipelines(const Call& call) const {
  auto found = ask_pipelines(client_, call);
  if (!found) return fail(std::move(found.error().error));
  return std::move(*found);
}

}  // namespace milepost::hubspot
