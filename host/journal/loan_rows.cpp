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

constexpr const char* kHoldings = "SELECT system, held FROM loan_holdings WHERE subject = ?";
constexpr const char* kKnownAs = "SELECT subject FROM loan_names WHERE name = ?";
constexpr const char* kNames = "SELECT name FROM loan_names WHERE subject = ? ORDER BY name";

std::map<std::string, std::string> read_pairs(sqlite::Query& row) {
  std::map<std::string, std::string> found;
  while (row.next()) found.emplace(row.text(0), row.text(1));
  return found;
}

std::vector<std::string> read_texts(sqlite::Query& row) {
  std::vector<std::string> found;
  while (row.next()) found.emplace_back(row.text(0));
  return found;
}

constexpr const char* kStatesOfScope = "SELECT key, value FROM plugin_state WHERE scope = ? AND value IS NOT NULL";

Suppression read_suppression(const sqlite::Query& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), row.time(3)};
}

LoanRevision read_revision(const sqlite::Query& row) {
  return {std::string(row.text(0)), row.integer(1), static_cast<Sequence>(row.integer(2)), row.time(3), std::string(row.text(4))};
}

}  // namespace

void Writer::set_loan_timer(const std::string& subject, std::optional<Time> at) {
  auto& connection = *transaction_.connection;
  if (!at) return connection.run("DELETE FROM loan_timers WHERE subject = ?", subject);
  connection.run("INSERT INTO loan_timers (subject, at) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET at = excluded.at WHERE at <> excluded.at",
                 subject, *at);
  if (connection.changes() == 1) transaction_.loan_timers = true;
}

std::map<std::string, std::string> Writer::holdings(const std::string& subject) {
  auto row = transaction_.connection->query(kHoldings, subject);
  return read_pairs(row);
}

void Writer::put_holding(const std::string& subject, const std::string& system, const std::string& held) {
  transaction_.connection->run("INSERT OR REPLACE INTO loan_holdings (subject, system, held) VALUES (?, ?, ?)", subject, system, held);
}

std::string Writer::known_as(const std::string& subject) {
  if (!transaction_.looked_for_names) {
    auto any = transaction_.connection->query("SELECT 1 FROM loan_names LIMIT 1");
    transaction_.has_names = any.next();
    transaction_.looked_for_names = true;
  }
  if (!transaction_.has_names) return subject;
  auto row = transaction_.connection->query(kKnownAs, subject);
  return row.next() ? std::string(row.text(0)) : subject;
}

std::vector<std::string> Writer::names_of(const std::string& subject) {
  if (known_as(subject) != subject || !transaction_.has_names) return {};
  auto row = transaction_.connection->query(kNames, subject);
  return read_texts(row);
}

void Writer::rename(const std::string& old, const std::string& subject) {
  auto& connection = *transaction_.connection;
  connection.run("UPDATE loan_names SET subject = ? WHERE subject = ?", subject, old);
  connection.run("INSERT OR REPLACE INTO loan_names (name, subject) VALUES (?, ?)", old, subject);
  connection.run("UPDATE links SET subject = ? WHERE subject = ?", subject, old);
  connection.run("UPDATE OR IGNORE mail SET subject = ? WHERE subject = ?", subject, old);
  connection.run("UPDATE OR IGNORE loan_holdings SET subject = ? WHERE subject = ?", subject, old);
  connection.run("DELETE FROM loan_holdings WHERE subject = ?", old);
  set_loan_timer(old, std::nullopt);
  transaction_.has_names = transaction_.looked_for_names = true;
}

void Writer::put(const MailPiece& piece) {
  transaction_.connection->run(
      "INSERT OR REPLACE INTO mail (subject, event, step, action, connection, sent_at, recalled_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      piece.subject, piece.event, piece.step, piece.action, piece.connection, piece.sent_at, piece.recalled_at);
}

void Writer::remove_mail(const std::string& subject, Sequence event, const std::string& step) {
  transaction_.connection->run("DELETE FROM mail WHERE subject = ? AND event = ? AND step = ?", subject, event, step);
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
    auto other = reader->query(kKnownAs, last);
    if (other.next()) continue;
    auto row = reader->query(
        "SELECT subject, revision, event, time, state FROM loans WHERE subject = ? ORDER BY revision DESC LIMIT 1", last);
    if (row.next()) found.push_back(read_revision(row));
  }
  return found;
}

std::string Store::known_as(const std::string& subject) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kKnownAs, subject);
  return row.next() ? std::string(row.text(0)) : subject;
}

std::vector<std::string> Store::names_of(const std::string& subject) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kNames, subject);
  return read_texts(row);
}

std::map<std::string, std::string> Store::holdings(const std::string& subject) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kHoldings, subject);
  return read_pairs(row);
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
  return read_pairs(row);
}

std::map<std::string, std::string> Store::states(const std::string& scope) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(kStatesOfScope, scope);
  return read_pairs(row);
}

}  // namespace milepost::journal
