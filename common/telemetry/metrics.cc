#include "common/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>

#include "absl/synchronization/mutex.h"

namespace meso {
namespace {

class PrometheusCounter final : public Metrics::Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Increment(double by) override { counter_.Increment(by); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Metrics::Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }
  void Add(double by) override { gauge_.Increment(by); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Metrics::Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double seconds) override { histogram_.Observe(seconds); }

 private:
  prometheus::Histogram& histogram_;
};

// 100 us to 10 s, about three to a decade: a group commit is at the low end, a booking in the
// middle.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const auto& buckets = *new prometheus::Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return buckets;
}

using HandleKey = std::pair<std::string, Metrics::Labels>;

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  absl::Mutex mutex;
  std::map<HandleKey, std::unique_ptr<Counter>> counters ABSL_GUARDED_BY(mutex);
  std::map<HandleKey, std::unique_ptr<Gauge>> gauges ABSL_GUARDED_BY(mutex);
  std::map<HandleKey, std::unique_ptr<Histogram>> histograms ABSL_GUARDED_BY(mutex);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Metrics::Counter& Metrics::GetCounter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
  absl::MutexLock lock(&impl_->mutex);
  std::unique_ptr<Counter>& handle = impl_->counters[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
    handle = std::make_unique<PrometheusCounter>(family.Add(labels));
  }
  return *handle;
}

Metrics::Gauge& Metrics::GetGauge(const std::string& name, const std::string& help,
                                  const Labels& labels) {
  absl::MutexLock lock(&impl_->mutex);
  std::unique_ptr<Gauge>& handle = impl_->gauges[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
    handle = std::make_unique<PrometheusGauge>(family.Add(labels));
  }
  return *handle;
}

Metrics::Histogram& Metrics::GetHistogram(const std::string& name, const std::string& help,
                                          const Labels& labels) {
  absl::MutexLock lock(&impl_->mutex);
  std::unique_ptr<Histogram>& handle = impl_->histograms[{name, labels}];
  if (!handle) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
    handle = std::make_unique<PrometheusHistogram>(family.Add(labels, Buckets()));
  }
  return *handle;
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace meso
