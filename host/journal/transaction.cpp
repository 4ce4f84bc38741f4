#include "host/journal/transaction.hpp"

#include "host/journal/rows.hpp"

namespace milepost::journal {

Writer::Transaction::Transaction(std::unique_ptr<sqlite::Connection> opened, telemetry::Clock& source, KnownIds& ids)
    : connection(std::move(opened)), clock(source), known(ids) {
  committed = ends = read_ends(*connection);
  has_loans = connection->number("SELECT EXISTS (SELECT 1 FROM loans)") != 0;
}

void Writer::Transaction::begin() {
  connection->clear_failure();
  awake.clear();
  changes.clear();
  loan_timers = false;
  connection->run("BEGIN IMMEDIATE");
}

void Writer::Transaction::commit(bool ahead) {
  // A work that swallowed a StoreError may have left half of itself behind.
  if (connection->failure()) throw StoreError(*connection->failure());
  if (ahead)
    connection->commit_unsynced();
  else
    connection->run("COMMIT");
  committed = ends;
}

void Writer::Transaction::rollback() noexcept {
  connection->rollback();
  ends = committed;
  awake.clear();
  changes.clear();
}

void Writer::Transaction::tell_loan(const std::string& subject, std::optional<LoanRevision> latest) {
  Fresh::Change change{.kind = Fresh::Change::Kind::loan, .event = {}, .loan = std::move(latest)};
  change.event.subject = subject;
  changes.push_back(std::move(change));
}

Ends Writer::Transaction::read_ends(sqlite::Connection& connection) {
  Ends read;
  read.event = static_cast<Sequence>(connection.number("SELECT max(sequence) FROM events"));
  auto row = connection.query("SELECT " MILEPOST_AUDIT_COLUMNS " FROM audit a ORDER BY a.sequence DESC LIMIT 1");
  if (row.next()) read_audit_row(row, read.audit);
  return read;
}

}  // namespace milepost::journal
