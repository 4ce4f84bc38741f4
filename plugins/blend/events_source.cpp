#include "plugins/blend/sources.hpp"

namespace milepost::blend {
namespace {

// A notification nests five deep; what is far deeper is none.
constexpr JsonLimits kLimits{.depth = 24};

}  // namespace

Settings<EventsSettings> events_settings() {
  return Settings<EventsSettings>("Blend's Event Notifications, v2 and v3.")
      .optional("target_instance", &EventsSettings::target_instance, "",
                "The tenant that deliveries must be of, where they name one; empty: any.")
      .optional("profiles", &EventsSettings::profiles, std::vector<std::string>(),
                "Event profiles to take, where several share the address; empty: all.")
      .optional("types", &EventsSettings::types, std::vector<std::string>(),
                "Types to take: application.submitted, party.*; empty: all. Others are answered 204.")
      .optional(
          "one_submission", &EventsSettings::one_submission, false,
          "Give the submission of an application the id that blend.applications gives it, so that it comes once.");
}

Result<std::vector<Event>> EventsSource::receive(const HttpRequest& request) {
  const auto count = [&](const char* kind) {
    host_.metrics().count("events", 1, {{"source", "events"}, {"kind", kind}});
  };
  const auto refuse = [&](std::string message) {
    count("refused");
    return fail(ErrorKind::permanent, std::move(message));
  };
  const auto instance = request.header("blend-target-instance");
  if (!settings_.target_instance.empty() && !instance.empty() && instance != settings_.target_instance)
    return refuse("the delivery is of another tenant than target_instance");
  auto body = read_json(request.body, kLimits);
  if (!body) return refuse(body.error().message);
  auto notice = read_notice(*body);
  if (!notice) return refuse(notice.error().message);

  auto profile = request.header("blend-events-profile");
  if (profile.empty()) profile = request.header("bonsprofile");
  const auto& wanted = settings_.profiles;
  const bool ours = wanted.empty() || std::find(wanted.begin(), wanted.end(), profile) != wanted.end();
  std::vector<Event> events;
  if (auto event = ours ? to_event(*notice, {settings_.types, settings_.one_submission}) : std::nullopt) {
    count(notice->known ? "taken" : "unknown");
    if (!notice->known) host_.log().info("event_of_a_new_name", {{"type", event->type}});
    events.push_back(std::move(*event));
  } else {
    count(notice->system ? "system" : "not_wanted");  // no event: the host answers 204, which ends Blend's retries
  }
  return events;
}

}  // namespace milepost::blend
