// The figures that a lender steers by, exactly as docs/signals.md defines them: days in stage, overdue rate, mismatch rate, mail-to-close latency, automation
// coverage. Reads the store in short pages. [any]
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// Which loans, grouped how, and of what time.
struct Period {
  Time since{}, until{};  ///< what happened at or after, and before; `until` is not after now
  std::string by;         ///< branch, broker or loan_type: a group for each value that there is; "": one group
  std::map<std::string, std::string> only;  ///< field -> value: other loans do not count
};

/// How long something took, in days of 24 hours.
class Spans {
 public:
  void add(double days) { days_.push_back(days); }
  std::size_t count() const { return days_.size(); }
  /// {"count", "mean", "median", "p90"}; without the last three where there is none. p90: nine of ten took no longer.
  Json json() const;

 private:
  std::vector<double> days_;
};

struct StageSignals {
  Spans left;                 ///< stays that ended in the period
  Spans business;             ///< the same, in business days
  std::size_t there = 0;      ///< loans that are in it at the period's end
};

struct Compared {
  std::size_t compared = 0, mismatched = 0;
};

/// Loans whose first piece of mail left in the period, or was held out in it: how they went on.
struct Arm {
  std::size_t loans = 0, responded = 0, closed = 0;
  Spans days;  ///< from then to closing
};

struct Signals {
  std::size_t loans = 0;
  std::map<std::string, StageSignals> stages;
  std::size_t due = 0, overdue = 0;           ///< tasks whose due date lies in the period; those not cleared by then
  std::size_t compared = 0, mismatched = 0;   ///< fields of loans that `compare` steps held against another system's; those that differed
  std::map<std::pair<std::string, std::string>, Compared> fields;   ///< the same by system and field
  std::map<std::pair<std::string, std::string>, std::size_t> missed;  ///< by pipeline and webhook source: events that a poll had to bring
  Spans mail_to_close;                        ///< of loans that closed in the period: since their first piece of mail
  Arm mailed, held_out;
  std::size_t changes = 0, by_hand = 0;       ///< stage changes; those whose event a person had to touch, or that did not end well
};

/// By group; a loan without the field is in the group "".
std::map<std::string, Signals> signals(const journal::Store& store, const Model& model, const Period& period);
/// Sets the gauges of docs/metrics.md to the figures of all loans over the last 30 days.
void publish_signals(const journal::Store& store, const Model& model, Time now);
/// A group's figures, the stages in the model's order.
Json to_json(const Signals& signals, const Model& model);

}  // namespace milepost::loans
