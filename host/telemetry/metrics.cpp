#include "host/telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <unordered_map>

namespace milepost::telemetry {

namespace {

// Never destroyed: threads may still count while the process exits.
prometheus::Registry& registry() {
  static auto& instance = *new prometheus::Registry;
  return instance;
}

/// The registry looks families up one by one; this remembers them by name.
template <class Metric, class Builder>
prometheus::Family<Metric>& family(const std::string& name, Builder build) {
  static auto& mutex = *new std::mutex;
  static auto& known = *new std::unordered_map<std::string, prometheus::Family<Metric>*>;
  const std::lock_guard guard(mutex);
  auto& found = known[name];
  if (found == nullptr) found = &build().Name(name).Register(registry());
  return *found;
}

const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                       0.5,   1,      2.5,   5,    10,    20,   30,  60};

}  // namespace

void count(const std::string& name, const Labels& labels, double by) {
  family<prometheus::Counter>(name, prometheus::BuildCounter).Add(labels).Increment(by);
}

void gauge(const std::string& name, const Labels& labels, double value) {
  family<prometheus::Gauge>(name, prometheus::BuildGauge).Add(labels).Set(value);
}

void observe_seconds(const std::string& name, const Labels& labels, double seconds) {
  family<prometheus::Histogram>(name, prometheus::BuildHistogram).Add(labels, kSeconds).Observe(seconds);
}

std::string metrics_text() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace milepost::telemetry
