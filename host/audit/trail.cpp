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
void put(std::string& out, const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    out = text;
  else
    out = Json::parse(milepost::text(Json(text))).get<std::string>();
}

bool says_nothing(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

}  // namespace

void Body::name(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  milepost::detail::append_quoted(out_, name);
  out_ += ':';
}

Body& Body::add(std::string_view its, const Json& value) {
  if (says_nothing(value)) return *this;
  name(its);
  milepost::detail::write(out_, value);
  return *this;
}

Body& Body::add_text(std::string_view its, std::string_view text) {
  if (text.empty()) return *this;
  name(its);
  milepost::detail::append_quoted(out_, text);
  return *this;
}

Body& Body::add_number(std::string_view its, std::uint64_t number) {
  name(its);
  out_ += std::to_string(number);
  return *this;
}

Body& Body::add_all(const Json& details) {
  for (const auto& [its, value] : details.items()) add(its, value);
  return *this;
}

std::string body_of(const Json& details) { return Body().add_all(details).take(); }

std::string body(std::initializer_list<std::pair<std::string_view, std::string_view>> details) {
  Body out;
  for (const auto& [its, text] : details) out.add_text(its, text);
  return out.take();
}

std::uint64_t append(journal::Writer& writer, const Entry& entry) {
  thread_local Row row;  // its texts keep their room
  const Row& last = writer.last_audit_row();
  const Details details{.salt = telemetry::random_bytes(16), .body = entry.body.empty() ? body_of(entry.details) : entry.body};
  row.sequence = last.sequence + 1;
  row.time = writer.now();
  put(row.kind, entry.kind);
  put(row.user, entry.user);
  put(row.action, entry.action);
  put(row.subject, entry.subject);
  put(row.pipeline, entry.pipeline);
  put(row.version, entry.version);
  put(row.event, entry.event);
  put(row.step, entry.step);
  put(row.outcome, entry.outcome);
  put(row.plugin, entry.plugin);
  row.details = digest(details);
  row.previous = last.hash;
  row.hash = hash(row);
  writer.append_audit_row(row, details);
  return row.sequence;
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
