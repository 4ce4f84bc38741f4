// Adds rows, and writes to rows that are there: exactly one row a key, whatever is lost on the way. Up to 200
// deliveries go out in one write (and one more where some of their rows exist).
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plugins/sheets/claim.hpp"
#include "plugins/sheets/connection.hpp"
#include "plugins/sheets/entry.hpp"
#include "plugins/sheets/table.hpp"

namespace milepost::sheets {

class Write : public Action, public Lookup {
 public:
  using Mapping = Result<Entry> (*)(const Delivery&);

  Write(SheetsConnection& connection, Host host, std::string name, Mapping mapping)
      : connection_(connection),
        client_(connection.client()),
        reader_(client_),
        host_(host),
        name_(std::move(name)),
        mapping_(mapping) {}

  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override;
  /// An appended row is found by its key. One that may be overwritten must also hold what was to be written: another
  /// event may have made it.
  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override;

 private:
  struct Item {
    Entry entry;
    std::string delivery;
    std::optional<Result<Answer>> result;
    std::string mark() const { return entry.key_column + '\n' + entry.key; }  // as the claim knows it
  };
  using Items = std::vector<Item*>;

  void group(const Items& items, const Call& call);
  void write(const Items& items, Claim& claim, const Call& call);
  Result<Table> prepare(const Items& items, Claim& claim, const Call& call);
  Status add_columns(Table& table, const std::vector<std::string>& missing, const std::string& tab, const Call& call);
  void update(const Items& items, const Table& table, const Call& call);
  void append(const Items& items, const Table& table, const Call& call);
  Answer answer(const Entry& entry, std::size_t row, Answer::Effect effect) const;

  const SheetsConnection& connection_;
  const Client& client_;
  TableReader reader_;
  Host host_;
  std::string name_;
  Mapping mapping_;
};

struct Append : Write {
  Append(SheetsConnection& connection, Host host) : Write(connection, host, "append", to_append) {}
};
struct Upsert : Write {
  Upsert(SheetsConnection& connection, Host host) : Write(connection, host, "upsert", to_upsert) {}
};

}  // namespace milepost::sheets
