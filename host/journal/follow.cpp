// Reading on along the journal, in the order of acceptance.
#include <algorithm>

#include "host/journal/commit_loop.hpp"
#include "host/journal/rows.hpp"
#include "host/journal/store_state.hpp"

namespace milepost::journal {

namespace {

constexpr Sequence kStretch = 20'000;  // rows that are looked at in one transaction

}  // namespace

Sequence Store::newest() const {
  const auto reader = state_->readers.take();
  return static_cast<Sequence>(reader->number("SELECT coalesce(max(sequence), 0) FROM events"));
}

Store::Slice Store::accepted(Sequence after, const std::vector<std::string>& pipelines, std::size_t limit) const {
  std::string sql =
      "SELECT " MILEPOST_EVENT_COLUMNS
      " FROM events WHERE sequence > ? AND sequence <= ? AND hash IS NOT NULL";
  for (std::size_t i = 0; i < pipelines.size(); ++i) sql += i == 0 ? " AND pipeline IN (?" : ", ?";
  sql += pipelines.empty() ? " ORDER BY sequence LIMIT ?" : ") ORDER BY sequence LIMIT ?";

  const Sequence until = std::min(newest(), after + kStretch);
  Slice slice;
  const auto reader = state_->readers.take();
  auto row = reader->query(sql, after, until);
  int place = 3;
  for (const auto& pipeline : pipelines) row.bind(place++, pipeline, false);
  row.bind(place, limit, false);
  while (row.next()) slice.events.push_back(read_event(row));
  slice.reached = slice.events.size() < limit ? std::max(after, until) : slice.events.back().sequence;
  return slice;
}

void Store::on_loan_timers(std::function<void()> listener) {
  if (state_->loop) state_->loop->acknowledger().on_loan_timers(std::move(listener));
}

void Store::on_events(std::function<void(Sequence)> listener) {
  if (state_->loop) state_->loop->acknowledger().on_events(std::move(listener));
}

}  // namespace milepost::journal
