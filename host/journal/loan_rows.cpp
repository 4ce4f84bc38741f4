// What the store keeps of loans beside their latest revision: lists, timers, the mail that went out, and who gets none.
#include "host/journal/store.hpp"
#include "host/journal/store_state.hpp"
#include "host/journal/transaction.hpp"

namespace milepost::journal {
namespace {

constexpr const char* kMailOfSubject =
    "SELECT event, step, action, connection, sent_at, recalled_at FROM mail WHERE subject = ? ORDER BY event, step";

std::vector<MailPiece> read_mail(sqlite::Query& row, const std::string& subject) {
  std::vector<MailPiece> found;
  while (row.next())
    found.push_back({subject, static_cast<Sequence>(row.integer(0)), std::string(row.text(1)), std::string(row.text(2)),
                     std::string(row.text(3)), row.time(4), row.maybe_time(5)});
  return found;
}

constexpr const char* kStatesOfScope = "SELECT key, value FROM plugin_state WHERE scope = ? AND value IS NOT NULL";

std::map<std::string, std::string> read_states(sqlite::Query& row) {
  std::map<std::string, std::string> found;
  while (row.next()) found.emplace(row.text(0), row.text(1));
  return found;
}

Suppression read_suppression(const sqlite::Query& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), row.time(3)};
}

LoanRevision read_revision(const sqlite::Query& row) {
  return {std::string(row.text(0)), row.integer(1), static_cast<Sequence>(row.integer(2)), row.time(3), std::string(row.text(4))};
}

}  // namespace

void Writer::set_loan_timer(const std::string& subject, std::optional<Time> at) {
  auto& connection = *transaction_.connection;
  transaction_.loan_timers = true;
  if (at)
    connection.run("INSERT INTO loan_timers (subject, at) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET at = excluded.at WHERE at <> excluded.at",
                   subject, *at);
  else
    connection.run("DELETE FROM loan_timers WHERE subject = ?", subject);
}

void Writer::put(const MailPiece& piece) {
  transaction_.connection->run(
      "INSERT OR REPLACE INTO mail (subject, event, step, action, connection, sent_at, recalled_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      piece.subject, piece.event, piece.step, piece.action, piece.connection, piece.sent_at, piece.recalled_at);
}

std::vector<MailPiece> Writer::mail_of(const std::string& subject) {
  auto row = transaction_.connection->query(kMailOfSubject, subject);
  return read_mail(row, subject);
}

void Writer::put(const Suppression& suppression) {
  transaction_.connection->run("INSERT OR REPLACE INTO suppressions (key, reason, user, since) VALUES (?, ?, ?, ?)",
                               suppression.key, suppression.reason, suppression.user, suppression.since);
}

bool Writer::remove_suppression(const std::string& key) {
  transaction_.connection->run("DELETE FROM suppressions WHERE key = ?", key);
  return transaction_.connection->changes() == 1;
}

std::optional<Suppression> Writer::suppression(const std::string& key) {
  auto row = transaction_.connection->query("SELECT key, reason, user, since FROM suppressions WHERE key = ?", key);
  if (!row.next()) return std::nullopt;
  return read_suppression(row);
}

std::vector<LoanRevision> Store::loans(const std::string& after, std::size_t limit) const {
  // From each loan the key leads straight to the next, however many revisions it has.
  std::vector<LoanRevision> found;
  const auto reader = state_->readers.take();
  std::string last = after;
  while (found.size() < limit) {
    auto next = reader->query("SELECT subject FROM loans WHERE subject > ? ORDER BY subject LIMIT 1", last);
    if (!next.next()) break;
    last = next.text(0);
    auto row = reader->query(
        "SELECT subject, revision, event, time, state FROM loans WHERE subject = ? ORDER BY revision DESC LIMIT 1", last);
    if (row.next()) found.push_back(read_revision(row));
  }
  return found;
}

std::vector<LoanRevision> Store::loan_history(const std::string& subject, std::int64_t before, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT subject, revision, event, time, state FROM loans WHERE subject = ?1 AND (?2 = 0 OR revision < ?2) "
      "ORDER BY revision DESC LIMIT ?3",
      subject, before, limit);
  std::vector<LoanRevision> found;
  while (row.next()) found.push_back(read_revision(row));
  return found;
}

std::vector<std::string> Store::loans_due(Time now, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT subject FROM loan_timers WHERE at <= ? ORDER BY at, subject LIMIT ?", now, limit);
  std::vector<std::string> found;
  while (row.next()) found.emplace_back(row.text(0));
  return found;
}

std::optional<Time> Store::next_loan_due() const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT at FROM loan_timers ORDER BY at LIMIT 1");
  if (!row.next()) return std::nullopt;
  return row.time(0);
}

std::vector<MailPiece> Store::mail_of(const std::string& subject) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kMailOfSubject, subject);
  return read_mail(row, subject);
}

std::vector<Suppression> Store::suppressions(const std::string& after, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT key, reason, user, since FROM suppressions WHERE key > ? ORDER BY key LIMIT ?", after, limit);
  std::vector<Suppression> found;
  while (row.next()) found.push_back(read_suppression(row));
  return found;
}

std::map<std::string, std::string> Writer::states(const std::string& scope) {
  auto row = transaction_.connection->query(kStatesOfScope, scope);
  return read_states(row);
}

std::map<std::string, std::string> Store::states(const std::string& scope) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kStatesOfScope, scope);
  return read_states(row);
}

}  // namespace milepost::journal
