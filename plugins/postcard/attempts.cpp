#include "plugins/postcard/attempts.hpp"

#include <charconv>

namespace milepost::postcard {
namespace {

std::string name_of(const std::string& key) { return "ordered/" + key; }

}  // namespace

Result<bool> Attempts::begin(const std::string& key, const Call& call) const {
  const auto item = host_.state().get(name_of(key), call);
  if (!item) return fail(item.error());
  if (item->version != 0) return false;
  const auto now = std::to_string(host_.clock().now().time_since_epoch().count());
  const auto stored = host_.state().put(name_of(key), now, 0, call);
  if (!stored) return fail(stored.error());
  return *stored;
}

Result<std::optional<Time>> Attempts::first(const std::string& key, const Call& call) const {
  const auto item = host_.state().get(name_of(key), call);
  if (!item) return fail(item.error());
  long long micros = 0;
  const auto& text = item->value;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), micros);
  if (item->version == 0 || fault != std::errc() || stop != text.data() + text.size()) return std::optional<Time>();
  return std::optional(Time(std::chrono::microseconds(micros)));
}

void Attempts::end(const std::string& key, const Call& call) const {
  const auto item = host_.state().get(name_of(key), call);
  if (!item || item->version == 0) return;
  if (auto gone = host_.state().put(name_of(key), std::nullopt, item->version, call); !gone)
    host_.log().debug("attempt_kept", {{"error", gone.error().message}});
}

}  // namespace milepost::postcard
