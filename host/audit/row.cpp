#include "host/audit/row.hpp"

#include <charconv>
#include <iterator>
#include <string_view>

namespace milepost::audit {

namespace {

// The format's name and number: a change to anything below is a new one.
constexpr std::string_view kTag = "milepost-audit-1\n";

void put_number(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

void put(std::string& out, std::string_view field) {
  put_number(out, field.size());
  out.append(":").append(field).append("\n");
}

void put_hex(std::string& out, const telemetry::Sha256& digest) {
  out.append("64:");
  telemetry::append_hex(out, telemetry::as_bytes(digest));
  out.append("\n");
}

}  // namespace

void encode(const Row& row, std::string& out) {
  out.assign(kTag);
  std::string number;
  put_number(number, row.sequence);
  put(out, number);
  put(out, telemetry::to_text(row.time));
  for (const std::string* field : {&row.kind, &row.user, &row.action, &row.subject, &row.pipeline, &row.version,
                                   &row.event, &row.step, &row.outcome, &row.plugin})
    put(out, *field);
  put_hex(out, row.details);
  put_hex(out, row.previous);
}

std::string encode(const Row& row) {
  std::string out;
  encode(row, out);
  return out;
}

telemetry::Sha256 hash(const Row& row) {
  thread_local std::string bytes;
  encode(row, bytes);
  return telemetry::sha256(bytes);
}

telemetry::Sha256 digest(const Details& details) {
  thread_local std::string bytes;
  bytes.assign(details.salt).append(details.body);
  return telemetry::sha256(bytes);
}

}  // namespace milepost::audit
