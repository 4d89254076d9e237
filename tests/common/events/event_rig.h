// A source service and a consuming service without their servers: two real databases, and a feed
// that answers from the source's outbox as PullEvents does. Shared by the tests of relay and
// consumer.
#ifndef MESO_TESTS_COMMON_EVENTS_EVENT_RIG_H_
#define MESO_TESTS_COMMON_EVENTS_EVENT_RIG_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/database/outbox.h"
#include "common/events/consumer.h"
#include "tests/support/child_process.h"

namespace meso {

inline constexpr char kLotRecalled[] = "meso.inventory.v1.LotRecalled";
inline constexpr char kLotHeld[] = "meso.inventory.v1.LotHeld";

std::unique_ptr<Database> OpenDatabase(const std::string& path, const Clock& clock,
                                       const std::string& service, IdSource& ids);

// The publishing service's database.
class EventSource {
 public:
  explicit EventSource(const Clock& clock);
  ~EventSource();

  Database& database() { return *database_; }
  // Commits `count` events one by one; their data are "1", "2", ...: the numbers they get.
  void Append(int count, const std::string& type = kLotRecalled);
  EventPosition Head();
  // The same service with a new, empty database: another epoch.
  void BeginNewEpoch();

 private:
  const Clock& clock_;
  TempDir dir_;
  Uuid7Source ids_;
  int epochs_ = 0;
  std::unique_ptr<Database> database_;
};

// The certain way, without a network.
class DirectFeed final : public EventFeed {
 public:
  struct Switch {
    std::atomic<bool> down{false};
    std::atomic<int> asked{0};
  };
  DirectFeed(EventSource& source, Switch& control) : source_(source), control_(control) {}
  absl::StatusOr<Batch> Next(const EventPosition& after, int limit, absl::Duration wait) override;
  void Interrupt() override { interrupted_ = true; }

 private:
  EventSource& source_;
  Switch& control_;
  std::atomic<bool> interrupted_{false};
};

// The consuming service's database; the handler writes each event's data down.
class EventTarget {
 public:
  explicit EventTarget(const Clock& clock);
  ~EventTarget();

  Database& database() { return *database_; }
  EventHandlers Handlers();
  // What took effect, in order.
  std::vector<std::string> Effects();
  int64_t EffectCount();
  EventPosition Cursor();
  int64_t DeadLetters();

  // When set, runs before the handler's own work and may fail it.
  std::function<absl::Status(const OutboxEvent&)> before_handler;

 private:
  TempDir dir_;
  Uuid7Source ids_;
  std::unique_ptr<Database> database_;
};

// "1" ... "n".
std::vector<std::string> Numbers(int first, int last);

// A Database that fails transactions after their work has run, as a crash before the commit would.
class FailingDatabase final : public Database {
 public:
  explicit FailingDatabase(Database& real) : real_(real) {}
  // Asked once per transaction.
  std::function<bool()> fails;

  void Submit(WriteRequest request) override;
  void SubmitRead(ReadRequest request) override { real_.SubmitRead(std::move(request)); }
  void Close() override { real_.Close(); }
  size_t QueuedWrites() const override { return real_.QueuedWrites(); }

 private:
  Database& real_;
};

}  // namespace meso

#endif  // MESO_TESTS_COMMON_EVENTS_EVENT_RIG_H_
