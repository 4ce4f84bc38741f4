// What every polling source has in its `with`, whoever asks the vendor: every, completes, missed_after.
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"

namespace milepost::config {

const std::set<std::string>& polling_keys() {
  static const auto keys = shape_keys("polling");
  return keys;
}

void read_polling(const yaml::Node* with, const std::string& path, Source& source, Report& report) {
  // Anything but a mapping is told by whoever reads the settings.
  Mapping map(with != nullptr && with->is_map() ? with : nullptr, "polling", path, report);
  if (const auto every = map.duration("every")) source.every = *every;
  source.completes = map.text("completes").value_or("");
  if (const auto after = map.duration("missed_after")) source.missed_after = *after;
  map.complete();
}

}  // namespace milepost::config
