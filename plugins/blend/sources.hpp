// What brings Blend's events: its notifications, the poll for those that were sent and lost, and a poll over
// applications. All three tell them in one shape, and one event has one id.
#pragma once

#include "milepost/walk.hpp"
#include "plugins/blend/application.hpp"
#include "plugins/blend/notice.hpp"

namespace milepost::blend {

struct EventsSettings {
  std::string target_instance;
  std::vector<std::string> profiles;
  std::vector<std::string> types;
  bool one_submission = false;
};
Settings<EventsSettings> events_settings();

/// Event Notifications. Blend signs nothing: the pipeline asks for a secret header, and fetches what it acts on.
class EventsSource : public WebhookSource {
 public:
  EventsSource(EventsSettings settings, Host host) : settings_(std::move(settings)), host_(host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override;

 private:
  EventsSettings settings_;
  Host host_;
};

struct RecoverySettings {
  std::chrono::milliseconds lookback{}, overlap{}, grace{};
  bool failed = false, one_submission = false;
  std::vector<std::string> types;
};
Settings<RecoverySettings> recovery_settings();

/// GET /events has no cursor: it is asked by windows of time, which are halved where one is full, and overlap.
class RecoverySource : public PollingSource, public Decode {
 public:
  RecoverySource(RecoverySettings settings, BlendConnection& connection, Host host)
      : settings_(std::move(settings)), client_(connection.client()), host_(host) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;
  /// A row of the list that told too little; without asking Blend for the event itself.
  Result<std::vector<Event>> decode(const std::string& kept) override;

 private:
  Result<std::vector<Json>> rows(Time from, Time& to, const Call& call) const;
  Result<std::vector<Json>> window(const char* status, Time from, Time& to, const Call& call) const;
  Result<std::optional<Event>> fetch(const Json& row, const Call& call) const;

  RecoverySettings settings_;
  const Client& client_;
  Host host_;
};

struct ApplicationsSettings {
  std::optional<bool> exportable, has_los_id;
  std::optional<std::string> solution;
  std::vector<std::string> statuses;
  std::chrono::milliseconds created_within{};
};
Settings<ApplicationsSettings> applications_settings();

/// Walks the list again and again, and tells of each application once for each status that it is seen in.
class ApplicationsSource : public PollingSource {
 public:
  ApplicationsSource(ApplicationsSettings settings, BlendConnection& connection, Host host)
      : settings_(std::move(settings)), connection_(connection), client_(connection.client()), host_(host) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;

 private:
  Result<Json> ask(const Walk& walk, std::size_t size, const Call& call) const;
  /// False: the list goes on with applications that are too old.
  bool take(const Json& application, Walk& walk, Page& page) const;

  ApplicationsSettings settings_;
  const BlendConnection& connection_;
  const Client& client_;
  Host host_;
};

}  // namespace milepost::blend
