// The day's budget of mail: once a day the best of the pieces that wait are given their turn. Durable; [any], inside a Store's work.
#pragma once

#include "host/journal/store.hpp"
#include "host/loans/mail_gate.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// Which piece: a step of an event.
struct PieceKey {
  journal::Sequence event = 0;
  std::string step;
};

/// Turns a `go` into `wait` or `lapse` where the piece's turn has not come: a new piece waits for the next draw, at the budget's time of the day.
/// At a draw the `a_day` best go: by `worth`, and then by how long they have waited. One draw a day: what the host was down for is not made up.
void take_turn(journal::Writer& writer, const Model& model, const PieceKey& piece, MailVerdict& verdict, Time now);
/// It does not wait any more: refused, held, or gone.
void leave_queue(journal::Writer& writer, const PieceKey& piece);

}  // namespace milepost::loans
