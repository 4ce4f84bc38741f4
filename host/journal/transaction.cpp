#include "host/journal/transaction.hpp"

#include "host/journal/rows.hpp"

namespace milepost::journal {

namespace {
constexpr std::size_t kMostLoans = 1024;
constexpr std::size_t kMostLoanBytes = 1u << 20;
}  // namespace

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
  loans_.clear();
  loan_bytes_ = 0;
}

const std::optional<LoanRevision>& Writer::Transaction::latest(const std::string& subject) {
  if (const auto kept = loans_.find(subject); kept != loans_.end()) return kept->second;
  auto row = connection->query("SELECT revision, event, time, state FROM loans WHERE subject = ? ORDER BY revision DESC LIMIT 1", subject);
  std::optional<LoanRevision> found;
  if (row.next()) found = LoanRevision{subject, row.integer(0), static_cast<Sequence>(row.integer(1)), row.time(2), std::string(row.text(3))};
  return remember(subject, std::move(found));
}

void Writer::Transaction::append(const LoanRevision& revision) {
  connection->run("INSERT INTO loans (subject, revision, event, time, state) VALUES (?, ?, ?, ?, ?)", revision.subject, revision.revision,
                  revision.event, revision.time, revision.state);
  has_loans = true;
  tell_loan(revision.subject, remember(revision.subject, revision));
}

std::optional<LoanRevision>& Writer::Transaction::remember(const std::string& subject, std::optional<LoanRevision> latest) {
  if (loans_.size() >= kMostLoans || loan_bytes_ > kMostLoanBytes) {
    loans_.clear();
    loan_bytes_ = 0;
  }
  if (latest) loan_bytes_ += latest->state.size();
  auto& kept = loans_[subject];
  if (kept) loan_bytes_ -= kept->state.size();
  return kept = std::move(latest);
}

void Writer::Transaction::tell_loan(const std::string& subject, std::optional<LoanRevision> latest) {
  changes.push_back(std::make_unique<Fresh::Tracked>(subject, std::move(latest)));
}

Ends Writer::Transaction::read_ends(sqlite::Connection& connection) {
  Ends read;
  read.event = static_cast<Sequence>(connection.number("SELECT max(sequence) FROM events"));
  auto row = connection.query("SELECT " MILEPOST_AUDIT_COLUMNS " FROM audit a ORDER BY a.sequence DESC LIMIT 1");
  if (row.next()) read_audit_row(row, read.audit);
  return read;
}

}  // namespace milepost::journal
