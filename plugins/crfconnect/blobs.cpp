#include "plugins/crfconnect/blobs.hpp"

#include <algorithm>

#include "milepost/quarantine.hpp"
#include "plugins/crfconnect/message.hpp"

namespace milepost::crfconnect {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kMostListed = 5000;                // of one page (List Blobs, read 2026-11)
constexpr std::uint64_t kChunk = 4u << 20;            // the host takes answers up to 8 MiB
constexpr std::size_t kMostPage = 16u << 20;          // of all blobs of a page together, but for the first
constexpr std::size_t kMostCursor = 48u << 10;        // which may have 64 KiB
constexpr std::size_t kFullCursor = kMostCursor / 2;  // so much of it undone: nothing more is read
constexpr unsigned kRefusedEnough = 3;
constexpr std::size_t kMostRecent = 1200;
// Within it a blob may become visible after a younger one: the service promises no order between its servers.
constexpr auto kOverlap = 10min;

}  // namespace

Settings<BlobSettings> blob_settings() {
  Settings<BlobSettings> settings("Leads from the blobs of an Azure container.");
  with_lead_settings(settings)
      .optional("prefix", &BlobSettings::prefix, "", "Only blobs whose names begin with it.", {{"maxLength", 1024}})
      .optional("after", &BlobSettings::after, "delete",
                "What becomes of a blob whose lead is journaled: delete, move (below `move_to`), or remember that it "
                "was read.",
                {{"enum", {"delete", "move", "remember"}}})
      .optional("move_to", &BlobSettings::move_to, "done/",
                "What goes before the name of a blob that was moved. What lies there is not read.",
                {{"minLength", 1}, {"maxLength", 256}})
      .optional("batch", &BlobSettings::batch, 16u, "Blobs read at once.", {{"minimum", 1}, {"maximum", 256}})
      .optional("page_size", &BlobSettings::page_size, 1000u, "Names asked for at once.",
                {{"minimum", 1}, {"maximum", kMostListed}})
      .optional("max_blob_mb", &BlobSettings::max_blob_mb, 16u,
                "A blob of more MiB is not read: it stays, and a note of it is quarantined.",
                {{"minimum", 1}, {"maximum", 24}});
  return settings;
}

Result<BlobPlace> BlobPlace::read(const Cursor& cursor) {
  BlobPlace place;
  if (cursor.empty()) return place;
  const auto json = read_json(cursor);
  if (!json || !json->is_object() || (!json->contains("journaled") && !json->contains("since")))
    return fail(ErrorKind::permanent,
                "the stored place is none of this source's: give the source's pipeline another name");
  const auto micros = [&](const char* key) {
    return Time(std::chrono::microseconds(get<std::int64_t>(*json, key).value_or(0)));
  };
  static const Json none = Json::array();
  const auto at = [&](const char* pointer) -> const Json& {
    const Json* found = find(*json, pointer);
    return found != nullptr && found->is_structured() ? *found : none;
  };
  for (const auto& entry : at("/journaled")) {
    const auto name = get<std::string>(entry, "/0"), etag = get<std::string>(entry, "/1");
    if (name && etag) place.journaled.push_back({*name, *etag, {}, get<std::uint64_t>(entry, "/2").value_or(0)});
  }
  place.since = micros("/since");
  place.floor = {micros("/floor"), get<std::string>(*json, "/floor_name").value_or("")};
  for (const auto& [mark, seconds] : at("/recent").items())
    if (seconds.is_number_integer()) place.recent[mark] = Time(std::chrono::seconds(seconds.get<std::int64_t>()));
  return place;
}

Cursor BlobPlace::write() const {
  Json out = Json::object();
  if (since == Time{}) {
    out["journaled"] = Json::array();
    for (const auto& blob : journaled) out["journaled"].push_back(Json::array({blob.name, blob.etag, blob.size}));
    return text(out);
  }
  out["since"] = since.time_since_epoch().count();
  if (floor.first != Time{}) out["floor"] = floor.first.time_since_epoch().count(), out["floor_name"] = floor.second;
  out["recent"] = Json::object();
  for (const auto& [mark, time] : recent)
    out["recent"][mark] = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return text(out);
}

bool BlobPlace::has_read(const Blob& blob) const {
  return blob.modified + kOverlap < since || std::pair(blob.modified, blob.name) <= floor ||
         recent.contains(mark_of(blob));
}

void BlobPlace::remember(const Blob& blob) {
  since = std::max(since, blob.modified);
  recent[mark_of(blob)] = blob.modified;
  std::erase_if(recent, [&](const auto& one) { return one.second + kOverlap < since; });
  if (recent.size() <= kMostRecent) return;
  // So many at once are a bulk, which comes in order: all up to here was read.
  floor = {blob.modified, blob.name};
  recent.clear();
}

bool Blobs::is_new(const Blob& blob, const BlobPlace& place) const {
  if (settings_.after == "move" && blob.name.starts_with(settings_.move_to)) return false;
  if (left_.contains(mark_of(blob))) return false;
  return !remembers() || !place.has_read(blob);
}

/// Fills `pending_` where it is empty, as far as one poll may.
Status Blobs::look(const BlobPlace& place, const Call& call) {
  if (!pending_.empty()) return {};
  if (!listing_) listing_.emplace();
  const auto complete = listing_->advance(connection_, {settings_.prefix, settings_.page_size}, call,
                                          [&](const Blob& blob) { return is_new(blob, place); });
  if (!complete) {
    if (complete.error().kind == ErrorKind::permanent) listing_.reset();  // its marker may be what is refused
    return fail(complete.error());
  }
  if (!*complete) return {};
  const bool circular = listing_->circular();
  auto found = listing_->take();
  listing_.reset();
  for (auto& blob : found) {
    const auto journaled = std::any_of(place.journaled.begin(), place.journaled.end(),
                                       [&](const Blob& one) { return one.name == blob.name && one.etag == blob.etag; });
    if (!journaled)
      pending_.push_back(std::move(blob));
    else if (auto done = finish(blob, call); !done)  // its lead is journaled: only this is missing
      return done;
  }
  if (!circular) return {};
  host_.metrics().count("listing_circular");
  host_.log().warn("listing_circular", {{"found", std::to_string(pending_.size())}});
  if (pending_.empty())
    return fail(ErrorKind::permanent, "the container's listing leads in a circle: a page's marker came back");
  return {};
}

Result<Page> Blobs::poll(const Cursor& after, std::size_t limit, const Call& call) {
  if (auto fits = connection_.is("container"); !fits) return fail(fits.error());
  if (held_ && held_->after == after && held_->page.events.size() <= limit) return held_->page;
  if (held_ && held_->page.next != after) pending_.clear();  // another place than we came to
  held_.reset();
  auto place = BlobPlace::read(after);
  if (!place) return fail(place.error());
  const auto forget_finished = [&] {
    std::erase_if(place->journaled, [&](const Blob& blob) { return finished_.contains(mark_of(blob)); });
  };
  forget_finished();
  if (!remembers() && place->write().size() > kFullCursor) {
    if (auto done = committed(after, call); !done) return fail(done.error());
    forget_finished();
  }
  if (auto looked = look(*place, call); !looked) return fail(looked.error());

  Page page{{}, after};
  auto next = *place;
  std::size_t bytes = 0, cursor = next.write().size();
  const auto most = std::min<std::size_t>(limit, settings_.batch);
  std::size_t read = 0;
  for (; read < std::min(most, pending_.size()); ++read) {
    const Blob& blob = pending_[read];
    cursor += blob.name.size() + blob.etag.size() + 16;
    if (read > 0 && (bytes + blob.size > kMostPage || (!remembers() && cursor > kMostCursor))) break;
    auto events = events_of(blob, call);
    if (!events) return fail(events.error());  // the same ones are read again then
    bytes += blob.size;
    if (page.events.size() + events->size() + (most - read - 1) > limit && events->size() > 1) events->resize(1);
    std::move(events->begin(), events->end(), std::back_inserter(page.events));
    if (remembers())
      next.remember(blob);
    else if (!events->empty() && !left_.contains(mark_of(blob)))
      next.journaled.push_back({blob.name, blob.etag, {}, blob.size});
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(read));
  if (read == 0 || (page.events.empty() && !remembers())) return page;
  page.next = next.write();
  if (page.next != after) held_ = Held{after, page};
  return page;
}

Result<std::vector<Event>> Blobs::events_of(const Blob& blob, const Call& call) {
  const auto counted = [&](const char* outcome) { host_.metrics().count("blobs", 1, {{"outcome", outcome}}); };
  const auto note = [&](const std::string& reason) {
    left_.insert(mark_of(blob));
    counted("left");
    return std::vector<Event>{
        quarantine(text(Json{{"blob", blob.name}, {"etag", blob.etag}, {"size", blob.size}}), reason)};
  };
  if (blob.size > std::uint64_t{settings_.max_blob_mb} << 20)
    return note("a blob of " + std::to_string(blob.size) +
                " bytes: more than max_blob_mb, so that it was left where it is");
  auto raw = content(blob, call);
  if (!raw) {
    const auto& refusal = raw.error();
    if (refusal.status == 404 || refusal.status == 412) {  // deleted or replaced since it was listed
      counted("gone");
      return std::vector<Event>{};
    }
    // Once or twice may be a proxy's mood; a blob that nobody can read must not keep the others waiting.
    if (refusal.error.kind == ErrorKind::permanent && ++refused_[mark_of(blob)] >= kRefusedEnough)
      return note("a blob that cannot be read, so that it was left where it is: " + refusal.error.message);
    return fail(refusal.error);
  }
  auto plain = content_of(*raw, "auto");
  auto events = leads_.read(plain ? *plain : *raw);
  counted(events ? "lead" : "quarantined");
  if (events) return events;
  return std::vector<Event>{quarantine(std::move(*raw), events.error().message)};
}

Result<std::vector<Event>> Blobs::decode(const std::string& kept) {
  if (const auto json = read_json(kept); json && find(*json, "/blob") != nullptr && find(*json, "/etag") != nullptr)
    return fail(ErrorKind::permanent, "what was kept is a note of a blob that lies in the container still, not its lead");
  return leads_.read_again(kept, "auto");
}

std::expected<std::string, StoreRefusal> Blobs::content(const Blob& blob, const Call& call) const {
  std::string out;
  do {
    HttpHeaders headers{{"If-Match", "\"" + blob.etag + "\""}};
    if (blob.size > kChunk)
      headers.emplace_back("x-ms-range", "bytes=" + std::to_string(out.size()) + "-" +
                                             std::to_string(std::min(blob.size, out.size() + kChunk) - 1));
    auto part =
        connection_.send("read", "GET", "/" + url_encoded(blob.name, true), Intent::read, call, std::move(headers));
    if (!part) return std::unexpected(std::move(part.error()));
    out += part->body;
    if (blob.size <= kChunk ? out.size() != blob.size : part->body.empty() || out.size() > blob.size)
      return std::unexpected(
          StoreRefusal{{ErrorKind::retryable, "the store gave another number of bytes than it listed",
                        "crfconnect: GET (read)", std::nullopt},
                       0,
                       {}});
  } while (out.size() < blob.size);
  return out;
}

/// Deletes or moves; done where it is gone, or became another.
Status Blobs::finish(const Blob& blob, const Call& call) {
  if (settings_.after == "move")
    if (auto moved = move(blob, call); !moved) return moved;
  const auto answer = connection_.send("delete", "DELETE", "/" + url_encoded(blob.name, true), Intent::repeatable, call,
                                       {{"If-Match", "\"" + blob.etag + "\""}});
  const auto& code = answer ? std::string() : answer.error().code;
  if (!answer && answer.error().status != 404 && code != "ConditionNotMet") return fail(answer.error().error);
  finished_.insert(mark_of(blob));
  return {};
}

/// Puts a copy below `move_to`, once: what is there already came from an earlier try.
Status Blobs::move(const Blob& blob, const Call& call) {
  auto raw = content(blob, call);
  if (!raw && (raw.error().status == 404 || raw.error().status == 412)) return {};
  if (!raw) return fail(raw.error().error);
  const auto put = connection_.send(
      "move", "PUT", "/" + url_encoded(settings_.move_to + blob.name, true), Intent::repeatable, call,
      {{"x-ms-blob-type", "BlockBlob"}, {"If-None-Match", "*"}, {"Content-Type", "application/json"}}, std::move(*raw));
  if (put || put.error().code == "BlobAlreadyExists") return {};
  return fail(put.error().error);
}

Status Blobs::committed(const Cursor& next, const Call& call) {
  if (remembers()) return {};
  const auto place = BlobPlace::read(next);
  if (!place) return fail(place.error());
  std::erase_if(finished_, [&](const std::string& mark) {
    return std::none_of(place->journaled.begin(), place->journaled.end(),
                        [&](const Blob& one) { return mark_of(one) == mark; });
  });
  for (const auto& blob : place->journaled) {
    if (finished_.contains(mark_of(blob))) continue;
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped before every blob was done with");
    if (auto done = finish(blob, call); !done) return done;
  }
  return {};
}

}  // namespace milepost::crfconnect
