// What follows from a loan's being otherwise than it was, whatever brought that about: an event, another name, or another loans.yaml.
// In the writer's transaction.
#pragma once

#include <string>

#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// Asks back each piece that went out within the cooling-off time (`milepost.mail_recall`): the loan has ended, or something that
/// its mail rests on has changed.
void recall_mail(journal::Writer& writer, const std::string& subject, const Model& model, const std::string& reason);

/// Tells (`milepost.loan_changed`) of the systems that are known to have another value than the loan has now in `state`. `told`:
/// what else the event says, such as {"why": "merged"}. Nothing, where nobody lacks anything.
void tell_owed(journal::Writer& writer, const std::string& subject, const Json& state, const Model& model, Json told);

}  // namespace milepost::loans
