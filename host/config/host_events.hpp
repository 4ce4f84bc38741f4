// The host's own events, which `events` sources follow like those of any pipeline. docs/pipelines.md shows each one's
// payload.
#pragma once

#include <array>
#include <string_view>

namespace milepost::config {

/// The pseudo pipeline that they are journaled under. No pipeline may have this name, and no other event a type that
/// begins so.
inline constexpr std::string_view kHostPipeline = "milepost";
inline constexpr std::string_view kHostTypes = "milepost.";

namespace host_event {
inline constexpr std::string_view kDeadLetter = "milepost.dead_letter";
inline constexpr std::string_view kInDoubt = "milepost.in_doubt";
inline constexpr std::string_view kConnectionPaused = "milepost.connection.paused";
inline constexpr std::string_view kConnectionFailing = "milepost.connection.failing";
inline constexpr std::string_view kConnectionResumed = "milepost.connection.resumed";
inline constexpr std::string_view kSourcePaused = "milepost.source.paused";
inline constexpr std::string_view kSourceFailing = "milepost.source.failing";
inline constexpr std::string_view kSourceResumed = "milepost.source.resumed";
inline constexpr std::string_view kUnmappedValue = "milepost.unmapped_value";
inline constexpr std::string_view kStageRefused = "milepost.stage_refused";
inline constexpr std::string_view kLoanStuck = "milepost.loan_stuck";
inline constexpr std::string_view kTaskOverdue = "milepost.task_overdue";
inline constexpr std::string_view kMailRecall = "milepost.mail_recall";
inline constexpr std::string_view kLoanChanged = "milepost.loan_changed";
inline constexpr std::string_view kFieldConflict = "milepost.field_conflict";
inline constexpr std::string_view kCompared = "milepost.compared";
inline constexpr std::string_view kMismatch = "milepost.mismatch";
inline constexpr std::string_view kWebhookMissed = "milepost.webhook_missed";
inline constexpr std::array kAll = {kDeadLetter,     kInDoubt,       kConnectionPaused, kConnectionFailing, kConnectionResumed,
                                    kSourcePaused,   kSourceFailing, kSourceResumed,    kUnmappedValue,     kStageRefused,
                                    kLoanStuck,      kTaskOverdue,   kMailRecall,       kLoanChanged,       kFieldConflict,
                                    kCompared,       kMismatch,      kWebhookMissed};
/// What asks for work, rather than telling of trouble: what follows it is no alert, and raises alerts of its own.
inline constexpr bool asks(std::string_view type) { return type == kLoanChanged || type == kMailRecall; }
}  // namespace host_event

}  // namespace milepost::config
