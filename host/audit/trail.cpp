#include "host/audit/trail.hpp"

#include <algorithm>
#include <future>
#include <istream>
#include <ostream>
#include <thread>

#include "host/audit/checker.hpp"
#include "host/audit/export.hpp"

namespace milepost::audit {

namespace {

/// Rows are hashed as bytes but exported as JSON, which carries UTF-8 alone: what is none is replaced before it is
/// hashed.
std::string utf8(std::string&& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::move(text);
  return Json::parse(milepost::text(Json(text))).get<std::string>();
}

bool says_nothing(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

}  // namespace

std::string body_of(const Json& details) {
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

std::uint64_t append(journal::Writer& writer, Entry entry) {
  const Row& last = writer.last_audit_row();
  const Details details{.salt = telemetry::random_bytes(16),
                        .body = entry.body.empty() ? body_of(entry.details) : std::move(entry.body)};
  Row row{.sequence = last.sequence + 1,
          .time = writer.now(),
          .kind = utf8(std::move(entry.kind)),
          .user = utf8(std::move(entry.user)),
          .action = utf8(std::move(entry.action)),
          .subject = utf8(std::move(entry.subject)),
          .pipeline = utf8(std::move(entry.pipeline)),
          .version = utf8(std::move(entry.version)),
          .event = utf8(std::move(entry.event)),
          .step = utf8(std::move(entry.step)),
          .outcome = utf8(std::move(entry.outcome)),
          .plugin = utf8(std::move(entry.plugin)),
          .details = digest(details),
          .previous = last.hash};
  row.hash = hash(row);
  const auto sequence = row.sequence;
  writer.append_audit_row(std::move(row), details);
  return sequence;
}

namespace {

/// The rows after `after`, up to `last`.
Checker check_part(const journal::Store& store, std::uint64_t after, std::uint64_t last) {
  Checker checker("row", after + 1);
  store.each_audit_row([&](const auto& record) { return checker.check(record.row, record.details); }, after, last);
  return checker;
}

/// Stretches of the trail side by side, since a row names what it follows from. nullopt: something is wrong, and only the
/// walk from the first row says which row is the first that is.
std::optional<Verdict> verify_in_parts(const journal::Store& store) {
  constexpr std::uint64_t kWorthwhile = 20'000;  // rows a part
  constexpr unsigned kMostParts = 4;             // each reads by a connection of its own
  const auto newest = store.audit({.limit = 1, .newest_first = true});
  const std::uint64_t rows = newest.empty() ? 0 : newest.front().row.sequence;
  const auto parts = std::min<std::uint64_t>(rows / kWorthwhile, std::min(std::thread::hardware_concurrency(), kMostParts));
  if (parts < 2) return std::nullopt;

  std::vector<std::future<Checker>> checks;
  for (std::uint64_t i = 0; i < parts; ++i)
    checks.push_back(std::async(std::launch::async, check_part, std::cref(store), rows * i / parts,
                                i + 1 == parts ? INT64_MAX : rows * (i + 1) / parts));
  Verdict whole;
  telemetry::Sha256 head{};
  bool sound = true;
  for (auto& check : checks) {
    const Checker part = check.get();
    const Verdict verdict = part.verdict();
    sound = sound && verdict.fault.empty() && part.follows() == head && part.next() == whole.rows + verdict.rows + 1;
    whole.rows += verdict.rows;
    whole.erased += verdict.erased;
    whole.head = verdict.head;
    head = part.head();
  }
  return sound ? std::optional(std::move(whole)) : std::nullopt;
}

}  // namespace

Verdict verify(journal::Store& store) {
  if (auto whole = verify_in_parts(store)) return *std::move(whole);
  return check_part(store, 0, INT64_MAX).verdict();
}

Verdict verify_export(std::istream& lines) {
  Checker checker("line");
  for (std::string line; std::getline(lines, line);) {
    const auto record = from_line(line);
    if (!record) {
      checker.refuse(record.error().message);
      break;
    }
    if (!checker.check(record->row, record->details)) break;
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
