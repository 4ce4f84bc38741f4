#include "plugins/crfconnect/queue.hpp"

#include <algorithm>

#include "milepost/quarantine.hpp"

namespace milepost::crfconnect {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kMostMessages = 32;           // of one Get (Get Messages, read 2026-11)
constexpr std::chrono::seconds kLongest = 168h;  // 7 days: the longest a message can be hidden
constexpr std::size_t kMostUndeleted = 128;
constexpr std::size_t kMostBytes = 56u << 10;  // of a cursor, which may have 64 KiB
constexpr std::int64_t kForgotten = 8 * 86'400;

}  // namespace

Settings<QueueSettings> queue_settings() {
  Settings<QueueSettings> settings("Leads from an Azure Storage queue.");
  with_lead_settings(settings)
      .optional("batch", &QueueSettings::batch, 16u, "Messages taken at once.",
                {{"minimum", 1}, {"maximum", kMostMessages}})
      .optional("visibility", &QueueSettings::visibility, std::chrono::milliseconds(120s),
                "How long a message that was taken stays hidden from others; 10 s to 7 d. Not deleted by then, it "
                "comes again.")
      .optional("max_dequeue", &QueueSettings::max_dequeue, 5u,
                "A message that was taken more often than this is quarantined as it is, undecoded.",
                {{"minimum", 1}, {"maximum", 1000}})
      .optional("encoding", &QueueSettings::encoding, "auto",
                "Of a message's text: plain, base64, or auto, which takes what begins with { or [ as it is.",
                {{"enum", {"auto", "plain", "base64"}}});
  return settings;
}

Result<Queue::Place> Queue::read(const Cursor& cursor) {
  Place place;
  if (cursor.empty()) return place;
  const auto json = read_json(cursor);
  const Json* list = json ? find(*json, "/taken") : nullptr;
  if (list == nullptr || !list->is_array())
    return fail(ErrorKind::permanent,
                "the stored place is none of this source's: give the source's pipeline another name");
  for (const auto& entry : *list) {
    const auto id = get<std::string>(entry, "/0"), receipt = get<std::string>(entry, "/1");
    if (id && receipt) place.push_back({*id, *receipt, get<std::int64_t>(entry, "/2").value_or(0)});
  }
  return place;
}

Cursor Queue::write(const Place& place) {
  Json list = Json::array();
  std::size_t bytes = 0;
  // The newest count most: should there be too many, an old message that was never deleted may come as a new one.
  for (auto taken = place.rbegin(); taken != place.rend() && bytes < kMostBytes; ++taken) {
    list.push_back(Json::array({taken->id, taken->receipt, taken->at}));
    bytes += taken->id.size() + taken->receipt.size() + 32;
  }
  std::reverse(list.begin(), list.end());
  return text(Json{{"taken", std::move(list)}});
}

/// What is journaled and perhaps not deleted. An error where deleting does not get on: nothing more is taken then.
Result<Queue::Place> Queue::left_of(const Cursor& after, const Call& call) {
  auto place = read(after);
  if (!place) return place;
  const auto knows = [&](const std::string& id) {
    return std::any_of(place->begin(), place->end(), [&](const auto& taken) { return taken.id == id; });
  };
  for (auto* ids : {&deleted_, &stale_}) std::erase_if(*ids, [&](const auto& id) { return !knows(id); });
  const auto undeleted = [&](const Taken& taken) { return !deleted_.contains(taken.id) && !stale_.contains(taken.id); };
  if (static_cast<std::size_t>(std::count_if(place->begin(), place->end(), undeleted)) >= kMostUndeleted)
    if (auto done = committed(after, call); !done) return fail(done.error());
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(host_.clock().now().time_since_epoch()).count();
  std::erase_if(*place, [&](const Taken& taken) {
    return deleted_.contains(taken.id) || (stale_.contains(taken.id) && taken.at + kForgotten < now);
  });
  return place;
}

Result<Page> Queue::poll(const Cursor& after, std::size_t limit, const Call& call) {
  if (auto fits = connection_.is("queue"); !fits) return fail(fits.error());
  const auto hidden = std::clamp<std::chrono::milliseconds>(settings_.visibility, 10s, kLongest);
  const auto now = host_.clock().now();
  if (held_ && held_->after == after && now < held_->until && held_->page.events.size() <= limit) return held_->page;
  held_.reset();
  auto place = left_of(after, call);
  if (!place) return fail(place.error());

  const auto number = std::min<std::size_t>({limit, settings_.batch, kMostMessages});
  const auto list = connection_.ask(
      "take",
      connection_.messages() + "?numofmessages=" + std::to_string(number) +
          "&visibilitytimeout=" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(hidden).count()),
      Intent::repeatable, "QueueMessagesList", call);
  if (!list) return fail(list.error().error);
  const auto messages = read_messages(*list);
  if (!messages) return fail(messages.error());

  Page page{{}, after};
  bool fresh = false;
  auto to_come = messages->size();
  for (const auto& message : *messages) {
    --to_come;
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const auto known =
        std::find_if(place->begin(), place->end(), [&](const auto& one) { return one.id == message.id; });
    if (known != place->end()) {  // journaled before: only its deletion is missing
      known->receipt = message.receipt;
      stale_.erase(message.id);
      host_.metrics().count("messages", 1, {{"outcome", "again"}});
      if (remove(*known, call)) place->erase(known);
      continue;
    }
    auto events = events_of(message);
    if (page.events.size() + events.size() + to_come > limit)
      events.resize(1);  // a report of drift can wait for the next lead
    std::move(events.begin(), events.end(), std::back_inserter(page.events));
    place->push_back({message.id, message.receipt, at});
    fresh = true;
  }
  if (fresh) page.next = write(*place);
  if (fresh) held_ = Held{after, page, now + hidden / 2};
  return page;
}

std::vector<Event> Queue::events_of(const Message& message) const {
  const auto aside = [&](std::string raw, const std::string& reason, const char* outcome) {
    host_.metrics().count("messages", 1, {{"outcome", outcome}});
    return std::vector<Event>{quarantine(std::move(raw), reason)};
  };
  if (message.taken > settings_.max_dequeue)
    return aside(message.text,
                 "a message that was taken " + std::to_string(message.taken) +
                     " times from the queue and never finished (max_dequeue is " +
                     std::to_string(settings_.max_dequeue) + ")",
                 "poison");
  auto content = content_of(message.text, settings_.encoding);
  if (!content) return aside(message.text, "a message's text: " + content.error().message, "quarantined");
  auto events = leads_.read(*content);
  if (!events) return aside(std::move(*content), events.error().message, "quarantined");
  host_.metrics().count("messages", 1, {{"outcome", "lead"}});
  return std::move(*events);
}

/// Done where it is gone, or is somebody's with a newer receipt: it will show up again, and be known.
Status Queue::remove(const Taken& taken, const Call& call) {
  const auto answer = connection_.send(
      "delete", "DELETE",
      connection_.messages() + "/" + url_encoded(taken.id) + "?popreceipt=" + url_encoded(taken.receipt),
      Intent::repeatable, call);
  if (answer || answer.error().code == "MessageNotFound") {
    deleted_.insert(taken.id);
    return {};
  }
  if (answer.error().code == "PopReceiptMismatch") {
    stale_.insert(taken.id);
    return {};
  }
  return fail(answer.error().error);
}

Status Queue::committed(const Cursor& next, const Call& call) {
  const auto place = read(next);
  if (!place) return fail(place.error());
  if (held_ && held_->page.next == next) held_.reset();
  for (const auto& taken : *place) {
    if (deleted_.contains(taken.id) || stale_.contains(taken.id)) continue;
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped before every message was deleted");
    if (auto done = remove(taken, call); !done) return done;
  }
  return {};
}

}  // namespace milepost::crfconnect
