// Acme's webhooks as events. The host owns the listener, checks the signature, keeps duplicates out and answers the
// vendor; the plugin knows what a delivery means.
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct HookSettings {
  std::string prefix;
};
Settings<HookSettings> hook_settings() {
  return Settings<HookSettings>("Acme's webhook.")
      .optional("prefix", &HookSettings::prefix, "acme.", "Stands before the type of each event.")
      .secret("signing_secret", "Shown once, when the webhook is made at Acme.");
}

class Hook : public WebhookSource {
 public:
  Hook(HookSettings settings, Host) : settings_(std::move(settings)) {}

  /// A delivery is a list of changes: each is an event. What is none of Acme's is quarantined with the reason, never
  /// lost.
  Result<std::vector<Event>> receive(const HttpRequest& request) override {
    const auto body = read_json(request.body);
    if (!body) return fail(ErrorKind::permanent, "no JSON");  // quote nothing: it may hold a borrower's data
    const Json* changes = find(*body, "/changes");
    if (changes == nullptr || !changes->is_array()) return fail(ErrorKind::permanent, "no list of changes");
    std::vector<Event> events;
    for (const auto& change : *changes) {
      const auto id = get<std::string>(change, "/id"), kind = get<std::string>(change, "/kind");
      if (!id || !kind) return fail(ErrorKind::permanent, "a change without id or kind");
      Event event;
      event.id = *id;  // the vendor's own: a delivery that comes twice is one event
      event.type = settings_.prefix + *kind;
      event.subject = get<std::string>(change, "/loan").value_or("");
      event.payload = Document(change);
      events.push_back(std::move(event));
    }
    return events;
  }

 private:
  HookSettings settings_;
};

Plugin plugin() {
  return Plugin("acme", "0.1.0", "Events of Acme.")
      .webhook<Hook>("hook", "Acme calls when something has changed.", hook_settings(),
                     {.verify = {{"hmac",
                                  {{"header", "X-Acme-Signature"},
                                   {"prefix", "sha256="},
                                   {"secret", {{"setting", "signing_secret"}}}}}}});
}

}  // namespace

MILEPOST_PLUGIN(plugin)
