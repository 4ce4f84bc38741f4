// Events of one loan, and models of a few lines.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host/loans/loan_state.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

inline Time at(const std::string& text) {
  Time time{};
  EXPECT_TRUE(telemetry::from_text(text, time)) << text;
  return time;
}

inline const Time kMonday = at("2026-11-16T15:00:00Z");

inline std::shared_ptr<const Model> model_of(const config::LoanModel& definition) {
  config::Faults faults;
  auto model = Model::compile(definition, faults);
  EXPECT_TRUE(model) << (faults.empty() ? "" : faults.front().message);
  return model;
}

/// An event of a loan; it arrives as it happens, unless `accepted` says otherwise.
inline journal::Event event_of(journal::Sequence sequence, Time time, const std::string& reason = "", const std::string& version = "") {
  journal::Event event;
  event.sequence = sequence;
  event.time = event.accepted_at = time;
  event.reason = reason;
  event.revision = version;
  event.pipeline = "los";
  event.source = "webhook";
  event.subject = "L-1";
  event.receipt = "r-" + std::to_string(sequence);
  return event;
}

/// The state after this as well; the same where nothing of it counts.
inline Json after(const Json& state, const Json& with, const journal::Event& event, const Model& model = *Model::standard()) {
  auto merged = merge(state, with, event, model);
  return merged ? merged->state : state;
}

inline std::string stage_of(const Json& state) { return get<std::string>(state, "/fields/stage").value_or(""); }

}  // namespace milepost::loans
