// What brings news of cards on their way: the vendor's webhooks, and a poll over its orders. Both tell it in one shape,
// and the same news has the same id.
#pragma once

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/postcard/account.hpp"
#include "plugins/postcard/sighting.hpp"

namespace milepost::postcard {

struct TrackingSettings {
  std::string vendor;
  std::vector<std::string> states;
  std::string reference_prefix;
  bool one_recipient = true;
  std::string signature_encoding;           // for the host, which verifies
  std::chrono::milliseconds signed_within;  // likewise
};
Settings<TrackingSettings> tracking_settings();
/// How the two vendors sign, in the host's words.
Json tracking_verifiers();

/// The vendor calls us.
class Tracking : public WebhookSource {
 public:
  Tracking(TrackingSettings settings, Host host) : settings_(std::move(settings)), host_(host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override;

 private:
  TrackingSettings settings_;
  Host host_;
};

struct StatusSettings {
  std::vector<std::string> states;
  std::string reference_prefix;
  std::chrono::milliseconds ordered_within{};
};
Settings<StatusSettings> status_settings();

/// Walks the vendor's list of orders again and again, and tells of each once for each state that it is seen in.
class StatusSource : public PollingSource {
 public:
  StatusSource(StatusSettings settings, Cards& cards, Host host)
      : settings_(std::move(settings)), cards_(cards), host_(host) {}
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;

 private:
  StatusSettings settings_;
  const Cards& cards_;
  Host host_;
};

}  // namespace milepost::postcard
