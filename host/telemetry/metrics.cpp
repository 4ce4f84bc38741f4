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

/// A family makes a metric before it finds that it has one already; each thread remembers those that it has counted.
/// The registry never drops what it has made, and labels are few: they come from the configuration.
template <class Metric, class Make>
Metric& remembered(const std::string& name, const Labels& labels, Make make) {
  thread_local std::unordered_map<std::string, Metric*> known;
  thread_local std::string key;
  key.assign(name);
  for (const auto& [label, value] : labels) key.append(1, '\0').append(label).append(1, '\0').append(value);
  Metric*& found = known[key];
  if (found == nullptr) found = &make();
  return *found;
}

prometheus::Counter& counter(const std::string& name, const Labels& labels) {
  return remembered<prometheus::Counter>(
      name, labels, [&]() -> auto& { return family<prometheus::Counter>(name, prometheus::BuildCounter).Add(labels); });
}
prometheus::Histogram& histogram(const std::string& name, const Labels& labels) {
  return remembered<prometheus::Histogram>(name, labels, [&]() -> auto& {
    return family<prometheus::Histogram>(name, prometheus::BuildHistogram).Add(labels, kSeconds);
  });
}

}  // namespace

void count(const std::string& name, const Labels& labels, double by) { counter(name, labels).Increment(by); }

void gauge(const std::string& name, const Labels& labels, double value) {
  family<prometheus::Gauge>(name, prometheus::BuildGauge).Add(labels).Set(value);
}

void observe_seconds(const std::string& name, const Labels& labels, double seconds) {
  histogram(name, labels).Observe(seconds);
}

// The registry never drops what it has made.
Counter::Counter(const std::string& name, const Labels& labels) : counter_(&counter(name, labels)) {}
void Counter::add(double by) const { counter_->Increment(by); }

Timer::Timer(const std::string& name, const Labels& labels) : histogram_(&histogram(name, labels)) {}
void Timer::observe(double seconds) const { histogram_->Observe(seconds); }

std::string metrics_text() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace milepost::telemetry
