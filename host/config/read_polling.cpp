// What every polling source has in its `with`, whoever asks the vendor: every.
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"

namespace milepost::config {

const std::set<std::string>& polling_keys() {
  static const std::set<std::string> keys = {"every"};
  return keys;
}

void read_polling(const yaml::Node* with, const std::string& path, Source& source, Report& report) {
  using namespace std::chrono_literals;
  // Anything but a mapping is told by whoever reads the settings.
  Mapping map(with != nullptr && with->is_map() ? with : nullptr, path, report);
  if (const auto every = map.duration("every", 100ms, std::chrono::weeks(1))) source.every = *every;
}

}  // namespace milepost::config
