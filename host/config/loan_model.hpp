// What loans.yaml says: how a loan goes through a lender's house, and what keeps its mail from going wrong. Checked for structure and
// names; expressions are still text. Plain values.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/config/fault.hpp"

namespace milepost::config {

/// How long a loan may stay in a stage: so many business days, or else a span of time.
struct ServiceLevel {
  unsigned business_days = 0;
  std::chrono::milliseconds span{0};
  std::string text() const;  ///< "5 business days", "3d"
};

struct BusinessCalendar {
  std::string zone = "UTC";
  std::array<bool, 7> working{false, true, true, true, true, true, false};  ///< from Sunday
  std::set<std::string> holidays;                                         ///< "2026-11-26", or "12-25": each year
};

/// How many pieces a day may go, and which.
struct MailBudget {
  std::size_t a_day = 0;
  std::chrono::minutes at{16 * 60};  ///< of the day in the calendar's zone: then the best of what waits are chosen
  std::string best;                  ///< expression of a number: the greatest go first; "": first come
  std::optional<std::chrono::milliseconds> lapse;  ///< what waited so long does not go at all
};

/// The mail gate's data, as expressions over payload, event, loan and steps; "" where the folder waives one (`none`).
struct MailRules {
  std::string do_not_mail = "loan.do_not_mail";  ///< boolean
  std::string fraud_score = "loan.fraud_score";  ///< number from 0
  std::string address = "loan.address_status";   ///< "deliverable" or true; "undeliverable" or false
  std::string as_of = "event.time";              ///< when the data was true: RFC 3339
  std::string consent;                           ///< boolean; not asked by default
  double fraud_limit = 0.85;                     ///< from here on no mail
  std::chrono::milliseconds max_age = std::chrono::hours(48);
  std::vector<std::string> suppress = {"${event.subject}"};  ///< templates: names that the suppression list may hold
  std::chrono::milliseconds cooling_off{0};      ///< how long after it went out a piece is asked back
  std::vector<std::string> recall_on;            ///< fields of the loan whose change asks a piece back too
  std::optional<MailBudget> budget;
  double hold_out = 0;                           ///< the share of loans that get no mail, so that mail's effect can be told from chance
  std::string hold_out_salt;                     ///< another text draws other loans
  std::map<std::string, Position> at;            ///< key -> where its value stands
};

/// When two values of a field are the same: a system may write another's value in its own way.
enum class Compare {
  exact,
  text,    ///< letter case and white space do not count
  phone,   ///< the digits alone, without a country's 1 before ten of them
  number,  ///< by value, to two places after the point
  date,    ///< the day alone
};

/// Which system has the say over a field of the loan.
struct FieldOwner {
  std::string owner;  ///< a system; "any": whoever changed it last
  enum class Otherwise {
    keep,  ///< a foreign value is not taken, and the owner's is written back
    take,  ///< it is taken
    task,  ///< it is not taken, and a person decides
  } otherwise = Otherwise::keep;
  Compare compare = Compare::exact;
};

struct LoanModel {
  std::vector<std::string> stages = {"inquiry", "pre-qual", "docs", "underwriting", "approval", "funding"};  ///< in order
  std::vector<std::string> terminal = {"denied", "withdrawn", "adverse"};
  /// From a stage, where it may go: what is not listed here goes to any later stage, or any terminal one.
  std::map<std::string, std::vector<std::string>> moves;
  /// Pipeline, source, or "any" -> a source's text -> stage.
  std::map<std::string, std::map<std::string, std::string>> synonyms;
  std::map<std::string, ServiceLevel> service_levels;
  BusinessCalendar calendar;
  std::chrono::milliseconds clock_tolerance = std::chrono::minutes(5);  ///< an event's time may be so far ahead of its arrival
  std::optional<MailRules> mail;
  /// System -> what names it: connectors, connections, pipelines, sources. Systems that nothing names here name themselves.
  std::map<std::string, std::vector<std::string>> systems;
  std::map<std::string, FieldOwner> owners;  ///< by field
  std::map<std::string, Position> at;        ///< "systems.crm", "owners.email" -> where its value stands

  bool knows(const std::string& stage) const;
};

}  // namespace milepost::config
