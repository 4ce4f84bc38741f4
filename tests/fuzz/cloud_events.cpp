// A delivery as anyone could send it: header lines, an empty line, a body. Reading it as CloudEvents ends, and each event that comes of it
// has an id that the journal takes and a payload that is JSON.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/intake/cloud_events.hpp"

using namespace milepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  HttpRequest request{"POST", "/hooks/events", {}, {}, Intent::once};
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) break;
    const auto colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  request.body = rest;
  const auto events = intake::CloudEvents().receive(request);
  if (!events) return 0;
  for (const auto& event : *events) {
    if (event.id.empty() || event.id.size() > 256 || event.type.empty()) std::abort();
    if (!read_json(event.payload.text())) std::abort();
  }
  return 0;
}
