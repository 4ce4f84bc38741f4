// Raw bytes as a connection would deliver them, whole and cut in two places: nothing may crash, what is taken must not
// depend on the cuts, and what comes out must keep the promises that the rest of the host builds on.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/http/request_parser.hpp"
#include "host/http/syntax.hpp"

using namespace milepost::http;

namespace {

constexpr std::size_t kHead = 1 << 20, kBody = 1 << 12;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Taken {
  enum { more, refused, whole } outcome = more;
  Incoming request;
  std::string rest;
};

Taken take(std::string_view bytes, std::size_t first, std::size_t second) {
  RequestParser parser(kHead);
  std::string buffer;
  bool in_body = false;
  for (const std::size_t piece : {first, second, bytes.size()}) {
    buffer += bytes.substr(0, std::min(piece, bytes.size()));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::size_t used = 0;
    if (!in_body) {
      const auto state = parser.read_head(buffer, used);
      if (state == RequestParser::State::refused) return {Taken::refused, {}, {}};
      if (state == RequestParser::State::more) continue;
      require(used <= buffer.size());
      buffer.erase(0, used);
      in_body = true;
      if (parser.limit_body(kBody) == RequestParser::State::refused) return {Taken::refused, {}, {}};
    }
    if (!parser.complete() && !buffer.empty()) {
      const auto state = parser.read_body(buffer, used);
      require(used <= buffer.size());
      buffer.erase(0, used);
      if (state == RequestParser::State::refused) return {Taken::refused, {}, {}};
    }
    if (parser.complete()) return {Taken::whole, std::move(parser.request()), buffer + std::string(bytes)};
  }
  return {};
}

void check(const Incoming& request) {
  require(is_token(request.method));
  require(!request.path.empty() && (request.path.front() == '/' || request.path == "*"));
  for (const char c : request.path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  for (const char c : request.target) require(c > ' ' && c != 0x7f);
  for (const auto& [name, value] : request.headers) require(is_token(name) && is_field_value(value));
  require(request.body.size() <= kBody);
  require(request.header("Transfer-Encoding") == nullptr || request.header("Content-Length") == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Taken whole = take(bytes, bytes.size(), 0);
  const Taken cut = take(bytes, data[0], data[1]);
  require(whole.outcome == cut.outcome);
  if (whole.outcome != Taken::whole) return 0;
  check(whole.request);
  require(whole.request.method == cut.request.method && whole.request.target == cut.request.target &&
          whole.request.headers == cut.request.headers && whole.request.body == cut.request.body &&
          whole.rest == cut.rest);
  return 0;
}
