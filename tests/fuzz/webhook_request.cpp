// A delivery as anyone could send it: options, header lines, an empty line, a body. What is not signed with the secret
// is refused, what is signed is not, and whatever the body holds becomes an event that the journal can keep.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/intake/mapping.hpp"
#include "host/intake/payload.hpp"
#include "host/intake/verify.hpp"
#include "host/telemetry/ids.hpp"

using namespace milepost;

namespace {

constexpr const char* kSecret = "known-to-the-fuzzer";
const telemetry::Time kNow{std::chrono::seconds(1'800'000'000)};

void require(bool holds) {
  if (!holds) std::abort();
}

intake::Verifier verifier(const char* source) {
  auto made = intake::Verifier::make(*read_json(source), {});
  require(made.has_value());
  return std::move(*made);
}

const intake::Mapping& mapping() {
  static const intake::Mapping compiled = [] {
    config::Pipeline pipeline;
    pipeline.event = {.id = "${payload.id}",
                      .revision = "${payload.rev}",
                      .type = "x/${payload.type}",
                      .subject = "${payload.loan.id}",
                      .actor = "${payload.user}",
                      .reason = "${lower(payload.why)}",
                      .time = "${payload.at}",
                      .at = {}};
    config::Faults faults;
    auto made = intake::Mapping::compile(pipeline, faults);
    require(made.has_value());
    return std::move(*made);
  }();
  return compiled;
}

http::Incoming read(std::string_view bytes) {
  http::Incoming out{.method = "POST",
                     .target = "/hooks/a?b=c",
                     .path = "/hooks/a",
                     .query = "b=c",
                     .headers = {},
                     .body = {},
                     .peer = "127.0.0.1",
                     .scheme = "https"};
  for (;;) {
    const auto end = bytes.find('\n');
    const auto line = bytes.substr(0, end);
    if (end == bytes.npos || line.empty()) {
      out.body = end == bytes.npos ? bytes : bytes.substr(1);
      return out;
    }
    const auto colon = std::min(line.find(':'), line.size());
    out.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    bytes.remove_prefix(end + 1);
  }
}

std::string sign(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), kSecret, static_cast<int>(std::string_view(kSecret).size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return telemetry::hex(std::string_view(reinterpret_cast<const char*>(mac.data()), size));
}

void verify(http::Incoming& request, bool signs) {
  static const intake::Verifier by_hmac = verifier(R"({"hmac":{"header":"S","secret":["other","known-to-the-fuzzer"],
      "signed":"${timestamp}.${method}${url}${body}","timestamp":{"header":"T"}}})");
  static const intake::Verifier by_base64 =
      verifier(R"({"hmac":{"header":"S","secret":"known-to-the-fuzzer","encoding":"base64","prefix":"v1="}})");
  static const intake::Verifier by_secret =
      verifier(R"({"secret_header":{"header":"S","secret":"known-to-the-fuzzer"}})");
  if (!signs) {
    require(!by_hmac.refusal(request, kNow).empty());
    require(!by_base64.refusal(request, kNow).empty());
    (void)by_secret.refusal(request, kNow);
    return;
  }
  request.headers = {
      {"Host", "h"}, {"T", "1800000000"}, {"S", sign("1800000000.POSThttps://h/hooks/a?b=c" + request.body)}};
  require(by_hmac.refusal(request, kNow).empty());
  require(!by_hmac.refusal(request, kNow + std::chrono::hours(1)).empty());
  request.body += 'x';
  require(!by_hmac.refusal(request, kNow).empty());
  request.body.pop_back();
}

void map(const http::Incoming& request) {
  static expression::Machine machine;
  Event decoded;
  decoded.payload = Document(request.body);
  const auto event = mapping().map(machine, "loans", "webhook", decoded, "application/json", kNow);
  require(event.payload == request.body);
  const auto read = read_json(request.body);
  require(intake::Payload(request.body).fault() == (read ? "" : read.error().message));
  require(!event.id.empty() && event.id.size() <= 256 && event.subject.size() <= 256 && event.type.size() <= 256);
  require(event.lane == event.subject);
  require(!event.quarantine.empty() || (!event.subject.empty() && read_json(request.body).has_value()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  http::Incoming request = read({reinterpret_cast<const char*>(data) + 1, size - 1});
  verify(request, (data[0] & 1) != 0);
  map(request);
  return 0;
}
