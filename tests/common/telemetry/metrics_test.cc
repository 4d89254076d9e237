#include "common/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  metrics.GetCounter("calls_total", "Calls.", {{"code", "OK"}}).Increment();
  metrics.GetCounter("calls_total", "Calls.", {{"code", "OK"}}).Increment(2);
  metrics.GetCounter("calls_total", "Calls.", {{"code", "ABORTED"}}).Increment();
  EXPECT_EQ(&metrics.GetCounter("calls_total", "Calls.", {{"code", "OK"}}),
            &metrics.GetCounter("calls_total", "Calls.", {{"code", "OK"}}));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP calls_total Calls."));
  EXPECT_THAT(text, HasSubstr("calls_total{code=\"OK\"} 3"));
  EXPECT_THAT(text, HasSubstr("calls_total{code=\"ABORTED\"} 1"));
}

TEST(MetricsTest, GaugesAndHistogramsShowWhatTheyWereTold) {
  Metrics metrics;
  Metrics::Gauge& lag = metrics.GetGauge("lag", "Lag.");
  lag.Set(5);
  lag.Add(-2);
  Metrics::Histogram& seconds = metrics.GetHistogram("seconds", "Seconds.");
  seconds.Observe(0.0001);
  seconds.Observe(0.3);
  seconds.Observe(60);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("lag 3"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"0.0001\"} 1"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"0.5\"} 2"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"10\"} 2"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"+Inf\"} 3"));
}

}  // namespace
}  // namespace meso
