// An application as the actions read it: found by its id or by our crmId, told without what must not be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/blend/account.hpp"
#include "plugins/blend/safe.hpp"

namespace milepost::blend {

/// A list's page tokens and entries, walked to its end: `permanent` where a token comes twice. `each` gives false to
/// stop. [any]
template <class Each>
Status walk(const Client& client, const std::string& operation, const std::string& path, std::string query,
            const std::string& list, const Call& call, Each each);

/// The applications that carry this crmId, archived ones too, the earliest first. An entry that has another crmId is
/// none of ours, whatever the filter did.
Result<std::vector<Json>> by_crm_id(const Client& client, const std::string& crm_id, const Call& call);

/// The application itself; nullopt: there is none of that id. An answer about another one is `permanent`.
Result<std::optional<Json>> by_id(const Client& client, const std::string& id, const Call& call);

/// Of a step's `id` and `crm_id` the one that is given, asked of Blend. Several that carry one crmId are `permanent`.
Result<std::optional<Json>> named_application(const Client& client, const Json& id, const Json& crm_id,
                                              const Call& call);

/// {"id", "crm_id", "los_id", "status", "archived", "borrower", "deep_link"}: what a CRM's record wants to know.
Json summary(const BlendConnection& connection, const Json& application);

/// The record that links an application to the event's subject.
Record record_of(const BlendConnection& connection, const std::string& id);

/// Is the wanted value there already? Objects: each wanted member; numbers by value, 25000.00 being 25000.0.
bool holds(const Json& current, const Json& wanted);

}  // namespace milepost::blend

// ---- definitions of templates ----
#include <set>

namespace milepost::blend {

template <class Each>
Status walk(const Client& client, const std::string& operation, const std::string& path, std::string query,
            const std::string& list, const Call& call, Each each) {
  std::set<std::string> seen;
  for (std::string cursor; seen.insert(cursor).second;) {
    std::string target = path;
    if (!query.empty()) target += "?" + query;
    if (!cursor.empty()) target += (query.empty() ? "?cursor=" : "&cursor=") + escaped(cursor);
    auto reply = client.read(operation, target, call);
    if (!reply) return fail(std::move(reply.error().error));
    const auto* entries = reply->is_array() ? &*reply : find(*reply, "/" + list);
    if (entries == nullptr || !entries->is_array())
      return fail(ErrorKind::retryable, "the answer is no list of " + list, "blend: GET " + path);
    for (const auto& entry : *entries)
      if (!each(entry)) return {};
    cursor = text_at(*reply, "/nextCursor");
    if (cursor.empty()) return {};
  }
  return fail(ErrorKind::permanent, "the list of " + list + " does not end: a page token came twice",
              "blend: GET " + path);
}

}  // namespace milepost::blend
