// Any bytes as the head of an event or a request: what is read without a document reads as the document would.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "milepost/host.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milepost;
  const std::string_view head(reinterpret_cast<const char*>(data), size);
  if (const auto event = detail::scan_event(head)) {
    auto json = detail::read_head(head);
    if (!json) std::abort();
    const auto read = detail::to_event(std::move(*json), "{}");
    if (!read || event->time != read->time) std::abort();
    for (const auto& [name, text] : detail::kEventTexts)
      if (*event.*text != *read.*text) std::abort();
  }
  if (const auto request = detail::scan_request(head)) {
    const auto json = detail::read_head(head);
    if (!json || request->headers != detail::to_headers(find(*json, "/headers"))) std::abort();
    const auto text_at = [&](const char* at) { return get<std::string>(*json, at).value_or(""); };
    if (request->method != text_at("/method") || request->target != text_at("/target")) std::abort();
  }
  return 0;
}
