#include "host/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace milepost::telemetry {
namespace TEST_FILE {

using ::testing::HasSubstr;

TEST(Metrics, CountsByLabels) {
  count("test_events_total", {{"pipeline", "a"}});
  count("test_events_total", {{"pipeline", "a"}}, 2);
  count("test_events_total", {{"pipeline", "b"}});
  EXPECT_THAT(metrics_text(), HasSubstr("test_events_total{pipeline=\"a\"} 3\n"));
  EXPECT_THAT(metrics_text(), HasSubstr("test_events_total{pipeline=\"b\"} 1\n"));
}

TEST(Metrics, CountsTheSameThroughAHandle) {
  const Counter counter("test_handle_total", {{"pipeline", "a"}});
  counter.add();
  count("test_handle_total", {{"pipeline", "a"}});
  Counter("test_handle_total", {{"pipeline", "a"}}).add(2);
  EXPECT_THAT(metrics_text(), HasSubstr("test_handle_total{pipeline=\"a\"} 4\n"));
  const Timer timer("test_handle_seconds", {});
  timer.observe(0.02);
  observe_seconds("test_handle_seconds", {}, 0.02);
  EXPECT_THAT(metrics_text(), HasSubstr("test_handle_seconds_count 2\n"));
}

TEST(Metrics, KeepsTheLastValueOfAGauge) {
  gauge("test_depth", {}, 4);
  gauge("test_depth", {}, 3);
  EXPECT_THAT(metrics_text(), HasSubstr("test_depth 3\n"));
}

TEST(Metrics, PutsSecondsIntoBuckets) {
  observe_seconds("test_seconds", {{"step", "crm"}}, 0.02);
  EXPECT_THAT(metrics_text(), HasSubstr("test_seconds_count{step=\"crm\"} 1\n"));
  EXPECT_THAT(metrics_text(), HasSubstr("test_seconds_bucket{step=\"crm\",le=\"0.025\"} 1\n"));
  EXPECT_THAT(metrics_text(), HasSubstr("test_seconds_bucket{step=\"crm\",le=\"60\"} 1\n"));
}

TEST(Metrics, MayBeCountedFromEverywhereAtOnce) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (int n = 0; n < 250; ++n) count("test_parallel_total", {{"n", std::to_string(n % 5)}});
      });
  }
  EXPECT_THAT(metrics_text(), HasSubstr("test_parallel_total{n=\"4\"} 200\n"));
}

}  // namespace TEST_FILE
}  // namespace milepost::telemetry
