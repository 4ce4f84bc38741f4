#include "plugins/postcard/sandbox/sandbox.hpp"

#include <algorithm>

namespace milepost::postcard {

HttpResponse PostcardSandbox::handle(const HttpRequest& request) {
  constexpr std::string_view kLob = "/lob/v1/";
  if (!request.target.starts_with(kLob)) return pcm_.handle(request);
  HttpRequest inner = request;
  inner.target.erase(0, kLob.size() - 1);
  return lob_.handle(inner);
}

Json PostcardSandbox::state() const {
  Json out = pcm_.state();
  out["lob"] = lob_.state();
  return out;
}

void PostcardSandbox::reset() {
  pcm_.reset();
  lob_.reset();
}

Result<std::vector<HttpRequest>> PostcardSandbox::emit(const Json& event) {
  const auto vendor = get<std::optional<std::string>>(event, "/vendor");
  if (!vendor) return fail(vendor.error());
  const auto push = vendor->value_or("pcm") == "lob" ? lob_.emit(event) : pcm_.emit(event);
  if (!push) return fail(push.error());
  const auto more = get<std::optional<std::int64_t>>(event, "/duplicates").value_or(std::nullopt).value_or(0);
  return std::vector<HttpRequest>(static_cast<std::size_t>(1 + std::clamp<std::int64_t>(more, 0, 100)), *push);
}

}  // namespace milepost::postcard
