#include "host/audit/trail.hpp"

#include <algorithm>
#include <istream>
#include <ostream>

#include "host/audit/checker.hpp"
#include "host/audit/export.hpp"

namespace milepost::audit {

namespace {

/// Rows are hashed as bytes but exported as JSON, which carries UTF-8 alone: what is none is replaced before it is
/// hashed.
std::string utf8(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return text;
  return Json::parse(milepost::text(Json(text))).get<std::string>();
}

bool says_nothing(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

std::string body(const Json& details) {
  std::string out = "{";
  for (const auto& [name, value] : details.items()) {
    if (says_nothing(value)) continue;
    if (out.size() > 1) out += ',';
    milepost::detail::append_quoted(out, name);
    out += ':';
    milepost::detail::write(out, value);
  }
  return out + '}';
}

}  // namespace

std::string body(std::initializer_list<std::pair<std::string_view, std::string_view>> details) {
  std::string out = "{";
  for (const auto& [name, value] : details) {
    if (value.empty()) continue;
    if (out.size() > 1) out += ',';
    milepost::detail::append_quoted(out, name);
    out += ':';
    milepost::detail::append_quoted(out, value);
  }
  return out + '}';
}

std::uint64_t append(journal::Writer& writer, const Entry& entry) {
  const Row& last = writer.last_audit_row();
  const Details details{.salt = telemetry::random_bytes(16),
                        .body = entry.body.empty() ? body(entry.details) : entry.body};
  Row row{.sequence = last.sequence + 1,
          .time = writer.now(),
          .kind = utf8(entry.kind),
          .user = utf8(entry.user),
          .action = utf8(entry.action),
          .subject = utf8(entry.subject),
          .pipeline = utf8(entry.pipeline),
          .version = utf8(entry.version),
          .event = utf8(entry.event),
          .step = utf8(entry.step),
          .outcome = utf8(entry.outcome),
          .plugin = utf8(entry.plugin),
          .details = digest(details),
          .previous = last.hash};
  row.hash = hash(row);
  const auto sequence = row.sequence;
  writer.append_audit_row(std::move(row), details);
  return sequence;
}

Verdict verify(journal::Store& store) {
  Checker checker;
  store.each_audit_row([&](const journal::AuditRecord& record) {
    return checker.check(record.row, record.details, "row " + std::to_string(checker.next()));
  });
  return checker.verdict();
}

Verdict verify_export(std::istream& lines) {
  Checker checker;
  for (std::string line; std::getline(lines, line);) {
    const std::string where = "line " + std::to_string(checker.next());
    const auto record = from_line(line);
    if (!record) {
      checker.refuse(where, record.error().message);
      break;
    }
    if (!checker.check(record->row, record->details, where)) break;
  }
  return checker.verdict();
}

void write_export(journal::Store& store, std::ostream& out) {
  store.each_audit_row([&](const journal::AuditRecord& record) {
    out << to_line(record) << '\n';
    return out.good();
  });
}

}  // namespace milepost::audit
