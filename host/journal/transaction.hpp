// What a Writer works on: the writer's connection and what the thread remembers of the chain's and the journal's ends.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/journal/fresh.hpp"
#include "host/journal/known_ids.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/store.hpp"

namespace milepost::journal {

/// The last event and audit row. Kept in memory across works; after a failing disk the file must show the same.
struct Ends {
  Sequence event = 0;
  AuditRow audit;
};

struct Writer::Transaction {
  Transaction(std::unique_ptr<sqlite::Connection> opened, telemetry::Clock& source, KnownIds& ids);

  void begin();
  /// `ahead`: the caller has it synced.
  void commit(bool ahead);
  void rollback() noexcept;
  void tell_loan(const std::string& subject, std::optional<LoanRevision> latest);
  /// Its latest revision, as this transaction sees it; none: there is no loan of that subject.
  const std::optional<LoanRevision>& latest(const std::string& subject);
  void append(const LoanRevision& revision);
  static Ends read_ends(sqlite::Connection& connection);  ///< from the file

  std::unique_ptr<sqlite::Connection> connection;
  telemetry::Clock& clock;
  KnownIds& known;
  Ends ends;                   ///< as this transaction sees them
  Ends committed;              ///< as of the last commit
  std::vector<Lane> awake;     ///< lanes that this transaction gave something to do
  std::vector<Fresh::Change> changes;
  bool loan_timers = false;  ///< it set one
  bool has_loans = false;  ///< it appends to some, or there were some at opening
  bool has_names = true;   ///< some loan has had another name; learned at the first look
  bool looked_for_names = false;

 private:
  std::optional<LoanRevision>& remember(const std::string& subject, std::optional<LoanRevision> latest);
  std::unordered_map<std::string, std::optional<LoanRevision>> loans_;  ///< those that were asked for last: an event's loan is, several times
  std::size_t loan_bytes_ = 0;  ///< of their states
};

}  // namespace milepost::journal
