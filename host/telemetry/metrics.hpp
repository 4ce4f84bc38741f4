// Counters, gauges and histograms for /metrics. Names and labels are a contract: docs/metrics.md. Thread: [any].
#pragma once

#include <map>
#include <string>

namespace milepost::telemetry {

using Labels = std::map<std::string, std::string>;

/// Made at first use; label values must come from the configuration or from code, never from a payload.
void count(const std::string& name, const Labels& labels = {}, double by = 1);
void gauge(const std::string& name, const Labels& labels, double value);
/// Seconds, in buckets from 1 ms to 60 s.
void observe_seconds(const std::string& name, const Labels& labels, double seconds);
/// The Prometheus text format.
std::string metrics_text();

}  // namespace milepost::telemetry
