#include "host/intake/delivery.hpp"

#include <algorithm>
#include <utility>

#include "host/audit/trail.hpp"
#include "host/intake/gaps.hpp"
#include "host/journal/host_event.hpp"
#include "host/telemetry/ids.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::intake {
namespace {

std::string_view name(journal::Writer::Verdict verdict) {
  switch (verdict) {
    case journal::Writer::Verdict::accepted:
      return "accepted";
    case journal::Writer::Verdict::duplicate:
      return "duplicate";
    case journal::Writer::Verdict::quarantined:
      return "quarantined";
  }
  return "";
}

}  // namespace

http::Outgoing unavailable(const std::string& detail) {
  auto out = http::problem(503, "Service Unavailable", detail);
  out.headers.emplace_back("Retry-After", "5");
  return out;
}

Outcome accept(journal::Writer& writer, const Origin& origin, const journal::NewEvent& event, const std::string& receipt,
               journal::Time now) {
  const auto acceptance = writer.accept(event, receipt, now);
  const bool quarantined = acceptance.verdict == journal::Writer::Verdict::quarantined;
  Outcome outcome{acceptance.event.receipt, name(acceptance.verdict), quarantined ? event.quarantine : ""};

  const std::string digest =
      acceptance.content_differs ? telemetry::hex(telemetry::sha256(event.payload)) : std::string();
  audit::append(writer, {.kind = "event",
                         .user = event.actor.empty() ? "system" : event.actor,
                         .action = event.type.empty() ? "accepted" : event.type,
                         .subject = acceptance.verdict == journal::Writer::Verdict::accepted ? acceptance.event.subject : event.subject,
                         .pipeline = origin.pipeline,
                         .version = origin.version,
                         .event = outcome.receipt,
                         .step = {},
                         .outcome = std::string(outcome.status),
                         .plugin = origin.plugin,
                         .details = nullptr,
                         .body = audit::body({{"reason", quarantined ? event.quarantine : event.reason},
                                              {"type", event.type},
                                              {"source", origin.source},
                                              {"digest", digest}})});
  if (acceptance.verdict == journal::Writer::Verdict::duplicate) brought_again(writer, origin.pipeline, origin.source, acceptance.event.id);
  if (quarantined)
    journal::raise_about(writer, config::host_event::kDeadLetter, acceptance.event, {{"reason", event.quarantine}});
  return outcome;
}

Delivery::Delivery(std::shared_ptr<const Origin> origin, std::vector<journal::NewEvent> events, journal::Time now, unsigned rests)
    : origin_(std::move(origin)), events_(std::move(events)), now_(now), rests_(rests) {
  receipts_.reserve(events_.size());
  for (auto& event : events_) {
    receipts_.push_back(telemetry::new_id(now));
    if (!event.payload_digest) event.payload_digest = telemetry::sha256(event.payload);
  }
}

void Delivery::submit(std::shared_ptr<Delivery> delivery, journal::Store& store, http::Responder respond,
                      std::function<void(std::string_view)> done) {
  store.submit([delivery](journal::Writer& writer) { delivery->write(writer); },
               [delivery, respond = std::move(respond), done = std::move(done)](Status stored) {
                 if (!stored) {
                   telemetry::log(telemetry::Level::error, "webhook.not_stored",
                                  {{"pipeline", delivery->origin_->pipeline}, {"error", stored.error().message}});
                   done("unavailable");
                   respond(unavailable("The delivery could not be stored. Nothing of it was: send it again."));
                   return;
                 }
                 respond(delivery->answer());
                 done(delivery->status());
               },
               journal::Store::Haste::reply);
}

void Delivery::write(journal::Writer& writer) {
  outcomes_.clear();
  for (std::size_t i = 0; i < events_.size(); ++i)
    outcomes_.push_back(accept(writer, *origin_, events_[i], receipts_[i], now_));
}

/// Of the delivery as a whole: what is best news to its sender.
std::string_view Delivery::status() const {
  for (const std::string_view status : {"accepted", "quarantined"})
    if (std::ranges::any_of(outcomes_, [&](const Outcome& outcome) { return outcome.status == status; })) return status;
  return "duplicate";
}

http::Outgoing Delivery::answer() const {
  const auto whole = status();
  const int code = whole == "duplicate"     ? 200
                   : whole == "quarantined" ? origin_->quarantined_status
                                            : origin_->accepted_status;
  if (code == 204) return {204, {}, "", rests_};
  const auto tell = [](std::string& out, const std::string& receipt, std::string_view status, const std::string& reason) {
    const auto member = [&out](std::string_view name, std::string_view value) {
      out += out.back() == '{' ? "\"" : ",\"";
      out.append(name).append("\":");
      milepost::detail::append_quoted(out, value);
    };
    out += '{';
    member("id", receipt);
    member("status", status);
    if (!reason.empty()) member("reason", reason);
  };
  std::string body;
  tell(body, outcomes_.front().receipt, whole, outcomes_.size() == 1 ? outcomes_.front().reason : "");
  if (outcomes_.size() > 1) {
    body += ",\"events\":[";
    for (const auto& outcome : outcomes_) {
      tell(body, outcome.receipt, outcome.status, outcome.reason);
      body += "},";
    }
    body.back() = ']';
  }
  return {code, {{"Content-Type", "application/json"}}, body + '}', rests_};
}

}  // namespace milepost::intake
