#include "plugins/sheets/claim.hpp"

#include "milepost/sha256.hpp"

namespace milepost::sheets {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr auto kLookAgain = 500ms;          // when another has the tab
constexpr std::size_t kMostStoredBytes = 60'000;  // of a value in the store: 64 KiB

std::string short_hash(std::string_view text) { return hex(sha256(text)).substr(0, 16); }
long long micros(Time time) { return time.time_since_epoch().count(); }

Json fresh(const std::string& value, Time now) {
  Json out = read_json(value.empty() ? "{}" : value).value_or(Json::object());
  if (!out.is_object()) out = Json::object();
  for (const char* key : {"open", "columns"})
    if (!out.contains(key) || !out[key].is_object()) out[key] = Json::object();
  auto& open = out["open"];
  for (auto entry = open.begin(); entry != open.end();)
    entry = get<long long>(entry.value(), "/until").value_or(0) <= micros(now) ? open.erase(entry) : std::next(entry);
  if (get<long long>(out, "/lease/until").value_or(0) <= micros(now)) out.erase("lease");
  return out;
}

}  // namespace

Result<Claim> Claim::take(Host host, const std::string& spreadsheet, const std::string& tab, std::vector<Key> keys,
                          const Call& call) {
  const auto now = host.clock().now();
  const std::string name = "tab/" + short_hash(spreadsheet + "\n" + tab);
  const auto stored = host.state().get(name, call);
  if (!stored) return fail(stored.error());
  Json notes = fresh(stored->value, now);
  if (notes.contains("lease"))
    return fail({ErrorKind::rate_limited,
                 "another writer has tab \"" + tab + "\": set the connection's in_flight to 1",
                 {},
                 kLookAgain});

  std::string all = std::to_string(micros(now)) + std::to_string(call.attempt());
  for (const auto& key : keys) all += key.delivery;
  Claim out(host, name, short_hash(all));
  out.before_ = notes;
  out.now_ = now;
  const auto left = std::max(call.left(), milliseconds(0));
  notes["lease"] = {{"id", out.lease_}, {"until", micros(now + left)}};
  for (const auto& key : keys) {
    if (out.held(key)) continue;
    notes["open"][short_hash(key.text)] = {{"until", micros(now + left + kMostProcessing)},
                                           {"of", short_hash(key.delivery)}};
  }
  const auto value = text(notes);
  if (value.size() > kMostStoredBytes)
    return fail(
        {ErrorKind::rate_limited, "too many writes to tab \"" + tab + "\" were not answered", {}, milliseconds(10s)});
  const auto put = host.state().put(name, value, stored->version, call);
  if (!put) return fail(put.error());
  if (!*put) return fail({ErrorKind::rate_limited, "another writer has tab \"" + tab + "\"", {}, kLookAgain});
  return out;
}

std::optional<milliseconds> Claim::held(const Key& key) const {
  const auto* open = find(before_, "/open/" + short_hash(key.text));
  if (open == nullptr || get<std::string>(*open, "/of").value_or("") == short_hash(key.delivery)) return std::nullopt;
  const auto left = microseconds(get<long long>(*open, "/until").value_or(0) - micros(now_));
  return std::max<milliseconds>(std::chrono::ceil<milliseconds>(left), 1ms);
}

bool Claim::had_column(const std::string& title) const {
  return find(before_, "/columns/" + short_hash(title)) != nullptr;
}

void Claim::has_column(const std::string& title) { columns_.insert(short_hash(title)); }

void Claim::release(const std::set<std::string>& keys, const Call& call) {
  for (int i = 0; i < 3; ++i) {
    const auto stored = host_.state().get(name_, call);
    if (!stored) return;
    Json notes = fresh(stored->value, host_.clock().now());
    if (get<std::string>(notes, "/lease/id").value_or("") == lease_) notes.erase("lease");
    for (const auto& key : keys) notes["open"].erase(short_hash(key));
    for (const auto& column : columns_) notes["columns"][column] = true;
    const auto put = host_.state().put(name_, text(notes), stored->version, call);
    if (!put || *put) return;
  }
}

}  // namespace milepost::sheets
