// Appends to the trail inside a store's transaction, and verifies it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include "host/audit/row.hpp"
#include "host/journal/store.hpp"
#include "milepost/json.hpp"

namespace milepost::audit {

struct Entry {
  std::string kind, user = "system", action, subject, pipeline, version, event, step, outcome, plugin;
  Json details = Json::object();  ///< {"reason": …, "note": …}; empty members are left out, never invented
  std::string body = {};          ///< not empty: stands for the details, as body_of() makes it of them
};

/// The details' text, member by member: what a Work can prepare before its turn. A member that says nothing is left out.
class Body {
 public:
  Body& add(std::string_view name, const Json& value);
  Body& add_text(std::string_view name, std::string_view text);
  Body& add_number(std::string_view name, std::uint64_t number);
  Body& add_all(const Json& details);  ///< of an object
  std::string take() { return std::move(out_ += '}'); }

 private:
  void name(std::string_view name);
  std::string out_ = "{";
};
std::string body_of(const Json& details);
/// The same when all of them are texts, in this order.
std::string body(std::initializer_list<std::pair<std::string_view, std::string_view>> details);

/// Chains and stores one row; returns its sequence. Only inside Store work: the row is on disk when that work's commit
/// is.
std::uint64_t append(journal::Writer& writer, const Entry& entry);

struct Verdict {
  std::uint64_t rows = 0;
  std::uint64_t erased = 0;  ///< details that were erased: the chain holds all the same
  std::string head;          ///< hash of the last row, hex
  /// The first fault: "row 17: its hash does not match its bytes". Empty: the trail is whole.
  std::string fault;
};
/// Every row's bytes, its link to the row before, its sequence, and the digest of the details that are there.
Verdict verify(journal::Store& store);
/// The same over an export (JSON lines as docs/audit.md has them), without a store. Malformed input is a fault that
/// names the line.
Verdict verify_export(std::istream& lines);
/// Writes every row as a JSON line.
void write_export(journal::Store& store, std::ostream& out);

}  // namespace milepost::audit
