// Test cases as they are written: what comes in, how the vendors behave, what is expected.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cases/vendor_fault.hpp"
#include "host/config/yaml.hpp"
#include "host/journal/records.hpp"
#include "milepost/connector.hpp"

namespace milepost::cases {

/// One entry of `events`: time passes, then something comes in; or time alone passes.
struct Stimulus {
  enum class Kind { time, deliver, emit } kind = Kind::time;
  std::optional<telemetry::Time> at;         ///< else `after` the entry before
  std::chrono::milliseconds after{0};
  std::string pipeline;                      ///< deliver: where to
  std::string source;                        ///< deliver: by which of its sources
  std::string body;                          ///< deliver: raw
  HttpHeaders headers;                       ///< deliver, to a webhook
  bool decoded = false;                      ///< deliver: as if a source had made it of what came; never by a webhook
  std::map<std::string, std::string> event;  ///< of a decoded one: id, type, subject …
  std::string vendor;                        ///< emit: whose double sends a webhook
  Json emission;
};

struct Case {
  std::string name;
  config::Position at;
  std::vector<Stimulus> events;
  std::map<std::string, std::vector<VendorFault>> faults;   ///< by vendor
  std::map<std::string, std::vector<HttpRequest>> before;   ///< by vendor: asked of the double first
  /// Fields, by subject: what is known before the first event. `stage_since`, as expressions see it, is not a field.
  std::map<std::string, Json> loans;
  std::vector<journal::Link> links;                         ///< that are known before the first event
  std::map<std::string, std::string> suppressed;            ///< who gets no mail, and why
  std::optional<std::chrono::milliseconds> lasts;           ///< after the last entry; unset: until everything has ended
  const config::yaml::Node* node = nullptr;                 ///< the case as a whole
  const config::yaml::Node* expect = nullptr;               ///< nullptr: nothing is expected
};

struct CaseFile {
  std::string name;  ///< relative to the config folder: "tests/approval.yaml"
  std::string text;
  std::shared_ptr<const config::yaml::Document> document;  ///< owns the nodes
  std::vector<std::string> pipelines;                      ///< that run in its cases; never empty
  std::map<std::string, std::string> secrets;              ///< instead of made-up ones
  std::vector<Case> cases;
};

/// What a step may be expected to be, as `milepost why` says it, and two words that stand for several.
inline constexpr const char* kOutcomes[] = {"done",    "skipped", "failed",  "in_doubt",   "created", "updated",
                                            "unchanged", "passed",  "not_run", "not_reached", "superseded", "planned", "sent",
                                            "refused",   "lapsed",  "held_out", "settled"};
bool stands_for(const std::string& expected, const std::string& outcome);

/// Of a loan as expressions see it what somebody said of it, without what follows from that and the time.
Json said_of(Json loan);

}  // namespace milepost::cases
