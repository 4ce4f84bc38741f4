// What brings HubSpot's events: its webhooks, and a poll over modified records for what webhooks missed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/connection.hpp"

namespace milepost::hubspot {

struct EventsSettings {
  std::string public_url, portal;
  std::vector<std::string> types, ignore_sources;
};
Settings<EventsSettings> events_settings();
/// Signature v3, as the host's verifier is told (request validation page, read 2026-11).
Json events_verifier();

/// One entry of a delivery as an event. An error's message says what it lacks, never a value.
Result<Event> to_event(const Json& entry);

/// Webhook deliveries: arrays of up to 100 entries. An entry that is none is kept aside alone.
class EventsSource : public WebhookSource {
 public:
  EventsSource(EventsSettings settings, Host host) : settings_(std::move(settings)), host_(host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override;

 private:
  bool wanted(const Json& entry) const;

  EventsSettings settings_;
  Host host_;
};

struct ChangesSettings {
  std::string object;
  std::vector<std::string> properties;
  std::chrono::milliseconds lookback{}, index_lag{};
};
Settings<ChangesSettings> changes_settings();

/// Asks the search for what was modified since, oldest first. No page tokens: each page begins where the last one's
/// times ended, and records of one and the same time are told apart by their ids, so that neither the search's most
/// results nor a tie at a page's edge hides one.
class ChangesSource : public PollingSource {
 public:
  ChangesSource(ChangesSettings settings, HubspotConnection& connection, Host host)
      : settings_(std::move(settings)), client_(connection.client()), host_(host) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;

 private:
  struct Place;
  struct Found;
  Result<std::vector<Found>> ask(const Place& place, Time upto, std::size_t limit, const Call& call) const;
  Event to_event(const Found& found) const;
  std::string modified() const;

  ChangesSettings settings_;
  const Client& client_;
  Host host_;
};

}  // namespace milepost::hubspot
