// A vendor's answer as raw bytes, whole and cut in two places: nothing may crash or outgrow its bound, and what is
// understood must not depend on the cuts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/http/response_parser.hpp"
#include "host/http/syntax.hpp"

using namespace milepost::http;

namespace {

constexpr std::size_t kBody = 1 << 10;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Taken {
  ResponseParser::State state = ResponseParser::State::more;
  Response response;
};

Taken take(std::string_view bytes, bool head_only, std::size_t first, std::size_t second) {
  using State = ResponseParser::State;
  ResponseParser parser(head_only, kBody);
  Taken taken;
  for (const std::size_t piece : {first, second, bytes.size()}) {
    const std::size_t count = std::min(piece, bytes.size());
    if (count > 0) taken.state = parser.feed(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (taken.state != State::more) break;
  }
  if (taken.state == State::more) taken.state = parser.end();
  if (taken.state == State::done)
    taken.response = parser.take();
  else
    require(!parser.fault().empty());
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
  const bool head_only = data[2] % 8 == 0;
  const Taken whole = take(bytes, head_only, bytes.size(), 0);
  const Taken cut = take(bytes, head_only, data[0], data[1]);
  require(whole.state == cut.state);
  if (whole.state != ResponseParser::State::done) return 0;
  require(whole.response.status >= 0 && whole.response.status <= 999 && whole.response.body.size() <= kBody);
  for (const auto& [name, value] : whole.response.headers) require(is_token(name) && is_field_value(value));
  require(whole.response.status == cut.response.status && whole.response.headers == cut.response.headers &&
          whole.response.body == cut.response.body);
  return 0;
}
