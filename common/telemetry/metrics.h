// The process's metrics, in Prometheus' text form at /metrics of the admin port.
//
// Names and labels come from bounded sets: methods, codes, reasons, never a resource's or a
// person's name. Counter, Gauge and Histogram handles are cheap to keep and thread-safe; get them
// once, not per call.
#ifndef MESO_COMMON_TELEMETRY_METRICS_H_
#define MESO_COMMON_TELEMETRY_METRICS_H_

#include <map>
#include <memory>
#include <string>

namespace meso {

class Metrics {
 public:
  class Counter {
   public:
    virtual ~Counter() = default;
    virtual void Increment(double by = 1) = 0;
  };
  class Gauge {
   public:
    virtual ~Gauge() = default;
    virtual void Set(double value) = 0;
    virtual void Add(double by) = 0;
  };
  class Histogram {
   public:
    virtual ~Histogram() = default;
    virtual void Observe(double seconds) = 0;  // buckets from 100 us to 10 s
  };
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // The same name and labels give the same handle, valid as long as the Metrics.
  Counter& GetCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const Labels& labels = {});

  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_TELEMETRY_METRICS_H_
