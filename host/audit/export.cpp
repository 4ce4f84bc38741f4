#include "host/audit/export.hpp"

#include <array>
#include <utility>

#include "milepost/json.hpp"

namespace milepost::audit {

namespace {

using Member = std::pair<const char*, std::string Row::*>;
constexpr std::array<Member, 10> kTexts = {{{"kind", &Row::kind},
                                            {"user", &Row::user},
                                            {"action", &Row::action},
                                            {"subject", &Row::subject},
                                            {"pipeline", &Row::pipeline},
                                            {"version", &Row::version},
                                            {"event", &Row::event},
                                            {"step", &Row::step},
                                            {"outcome", &Row::outcome},
                                            {"plugin", &Row::plugin}}};
using Digest = std::pair<const char*, telemetry::Sha256 Row::*>;
constexpr std::array<Digest, 3> kDigests = {
    {{"details_digest", &Row::details}, {"previous", &Row::previous}, {"hash", &Row::hash}}};
constexpr std::size_t kMembers = 2 + kTexts.size() + kDigests.size() + 2;

/// Lower-case hexadecimal of exactly `size` bytes.
bool from_hex(std::string_view text, char* out, std::size_t size) {
  if (text.size() != size * 2) return false;
  const auto nibble = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < size; ++i) {
    const int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return true;
}

std::unexpected<Error> wrong(std::string_view member, std::string_view why) {
  return fail(ErrorKind::permanent, std::string(member) + ": " + std::string(why));
}

}  // namespace

std::string to_line(const journal::AuditRecord& record) {
  const Row& row = record.row;
  Json line = Json::object();
  line["sequence"] = row.sequence;
  line["time"] = telemetry::to_text(row.time);
  for (const auto& [name, field] : kTexts) line[name] = row.*field;
  for (const auto& [name, field] : kDigests) line[name] = telemetry::hex(row.*field);
  line["salt"] = record.details ? Json(telemetry::hex(record.details->salt)) : Json();
  line["details"] = record.details ? Json(record.details->body) : Json();
  return text(line);
}

Result<journal::AuditRecord> from_line(std::string_view source) {
  if (!source.starts_with('{')) return fail(ErrorKind::permanent, "not a JSON object");
  const auto line = read_json(source);
  if (!line) return fail(line.error());

  journal::AuditRecord record;
  Row& row = record.row;
  const auto member = [&](const char* name) -> const Json* {
    const auto found = line->find(name);
    return found == line->end() ? nullptr : &*found;
  };
  const auto text_of = [&](const char* name) -> const std::string* {
    const Json* value = member(name);
    return value != nullptr && value->is_string() ? &value->get_ref<const std::string&>() : nullptr;
  };

  const Json* sequence = member("sequence");
  if (sequence == nullptr || !sequence->is_number_unsigned()) return wrong("sequence", "expected a whole number");
  row.sequence = sequence->get<std::uint64_t>();

  const std::string* time = text_of("time");
  if (time == nullptr || !telemetry::from_text(*time, row.time) || telemetry::to_text(row.time) != *time)
    return wrong("time", "expected UTC with six digits, such as 2026-01-31T09:00:00.000000Z");
  for (const auto& [name, field] : kTexts) {
    const std::string* value = text_of(name);
    if (value == nullptr) return wrong(name, "expected text");
    row.*field = *value;
  }
  for (const auto& [name, field] : kDigests) {
    const std::string* value = text_of(name);
    auto& digest = row.*field;
    if (value == nullptr || !from_hex(*value, reinterpret_cast<char*>(digest.data()), digest.size()))
      return wrong(name, "expected 64 lower-case hexadecimal digits");
  }

  const Json* salt = member("salt");
  const Json* body = member("details");
  if (salt == nullptr || body == nullptr || salt->is_null() != body->is_null())
    return wrong("details", "expected both salt and details, or null for both");
  if (!salt->is_null()) {
    auto& details = record.details.emplace();
    details.salt.resize(16);
    const std::string* hex = text_of("salt");
    if (hex == nullptr || !from_hex(*hex, details.salt.data(), details.salt.size()))
      return wrong("salt", "expected 32 lower-case hexadecimal digits");
    if (!body->is_string()) return wrong("details", "expected text");
    details.body = body->get_ref<const std::string&>();
  }
  if (line->size() != kMembers) return fail(ErrorKind::permanent, "it has a member that no row has");
  return record;
}

}  // namespace milepost::audit
