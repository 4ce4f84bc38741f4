// Counters, gauges and histograms for /metrics. Names and labels are a contract: docs/metrics.md. Thread: [any].
#pragma once

#include <map>
#include <string>

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace milepost::telemetry {

using Labels = std::map<std::string, std::string>;

/// Made at first use; label values must come from the configuration or from code, never from a payload.
void count(const std::string& name, const Labels& labels = {}, double by = 1);
void gauge(const std::string& name, const Labels& labels, double value);
/// Seconds, in buckets from 1 ms to 60 s.
void observe_seconds(const std::string& name, const Labels& labels, double seconds);

/// The same counter, looked up once: for what every event passes.
class Counter {
 public:
  Counter(const std::string& name, const Labels& labels);
  void add(double by = 1) const;

 private:
  prometheus::Counter* counter_;
};
/// The same for observe_seconds().
class Timer {
 public:
  Timer(const std::string& name, const Labels& labels);
  void observe(double seconds) const;

 private:
  prometheus::Histogram* histogram_;
};

/// The Prometheus text format.
std::string metrics_text();

}  // namespace milepost::telemetry
