#include "host/engine/compared.hpp"

#include "host/journal/host_event.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {

journal::Work telling(const journal::Event& event, const std::string& step, loans::Comparison comparison, audit::Entry row) {
  Json fields = Json::array();
  for (const auto& mismatch : comparison.mismatches) fields.push_back(mismatch.field);
  row.outcome = comparison.mismatches.empty() ? "same" : "mismatch";
  row.details = {{"system", comparison.system}, {"compared", comparison.compared}, {"mismatched", fields}};
  for (const auto& field : comparison.compared) {
    const bool differs = std::ranges::find(comparison.mismatches, field, &loans::Mismatch::field) != comparison.mismatches.end();
    telemetry::count("milepost_compared_total", {{"pipeline", event.pipeline}, {"system", comparison.system}, {"field", field}, {"outcome", differs ? "mismatch" : "same"}});
  }
  return [event, step, comparison = std::move(comparison), row = std::move(row), fields](journal::Writer& writer) {
    audit::append(writer, row);
    if (comparison.compared.empty()) return;
    journal::raise_about(writer, config::host_event::kCompared, event,
                         {{"step", step}, {"system", comparison.system}, {"compared", comparison.compared}, {"mismatched", fields}});
    for (const auto& mismatch : comparison.mismatches)
      journal::raise_about(writer, config::host_event::kMismatch, event,
                           {{"step", step}, {"system", comparison.system}, {"field", mismatch.field}, {"ours", mismatch.ours}, {"theirs", mismatch.theirs}});
  };
}

}  // namespace milepost::engine
