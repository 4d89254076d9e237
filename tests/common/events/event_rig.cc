#include "tests/common/events/event_rig.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/event_cursor.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"

namespace meso {
namespace {

const std::vector<Migration>& TargetMigrations() {
  static const auto& migrations = *new std::vector<Migration>{
      {1, "0001_initial",
       "CREATE TABLE effect (number INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL);"}};
  return migrations;
}

void CheckOk(const absl::Status& status) {
  if (!status.ok()) CheckFailed(__FILE__, __LINE__, status.ToString().c_str(), "test set-up");
}

std::unique_ptr<Database> Open(const std::string& path, const Clock& clock,
                               const std::string& service, const std::vector<Migration>& migrations,
                               IdSource& ids) {
  SqliteOptions options;
  options.path = path;
  options.clock = &clock;
  auto database = OpenSqliteDatabase(options);
  CheckOk(database.status());
  CheckOk(Migrate(**database, service, migrations, ids));
  return *std::move(database);
}

}  // namespace

std::unique_ptr<Database> OpenDatabase(const std::string& path, const Clock& clock,
                                       const std::string& service, IdSource& ids) {
  return Open(path, clock, service, {}, ids);
}

EventSource::EventSource(const Clock& clock) : clock_(clock), ids_(clock) { BeginNewEpoch(); }

EventSource::~EventSource() { database_->Close(); }

void EventSource::BeginNewEpoch() {
  if (database_ != nullptr) database_->Close();
  database_ = OpenDatabase(absl::StrCat(dir_.path(), "/source", ++epochs_, ".db"), clock_,
                           "inventory", ids_);
}

void EventSource::Append(int count, const std::string& type) {
  for (int i = 0; i < count; ++i) {
    CheckOk(database_->Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const EventPosition head, HeadPosition(tx));
      OutboxEvent event;
      event.id = ids_.NewId();
      event.type = type;
      event.subject = absl::StrCat("lots/", event.id);
      event.site = "sites/par-1";
      event.time = clock_.Now();
      event.data = absl::StrCat(head.sequence + 1);
      return AppendEvent(tx, event).status();
    }));
  }
}

EventPosition EventSource::Head() {
  EventPosition head;
  CheckOk(database_->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(head, HeadPosition(tx));
    return absl::OkStatus();
  }));
  return head;
}

absl::StatusOr<EventFeed::Batch> DirectFeed::Next(const EventPosition& after, int limit,
                                                  absl::Duration wait) {
  ++control_.asked;
  const auto give_up = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait);
  while (true) {
    if (interrupted_ || control_.down) return DependencyDown("inventory", "test");
    Batch batch;
    MESO_RETURN_IF_ERROR(source_.database().Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(batch.head, HeadPosition(tx));
      const bool same = after.epoch == batch.head.epoch;
      MESO_ASSIGN_OR_RETURN(batch.events, ListEventsAfter(tx, same ? after.sequence : 0, limit));
      return absl::OkStatus();
    }));
    if (!batch.events.empty() || std::chrono::steady_clock::now() >= give_up) return batch;
    PauseBetweenLooks();
  }
}

EventTarget::EventTarget(const Clock& clock)
    : ids_(clock),
      database_(Open(absl::StrCat(dir_.path(), "/target.db"), clock, "scheduling",
                     TargetMigrations(), ids_)) {}

EventTarget::~EventTarget() { database_->Close(); }

EventHandlers EventTarget::Handlers() {
  return {{kLotRecalled, [this](Transaction& tx, const EventPosition&, const OutboxEvent& event) {
             if (before_handler) {
               const absl::Status status = before_handler(event);
               if (!status.ok()) return status;
             }
             return tx.Execute("INSERT INTO effect (data) VALUES ($1)", {event.data});
           }}};
}

std::vector<std::string> EventTarget::Effects() {
  std::vector<std::string> effects;
  CheckOk(database_->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("SELECT data FROM effect ORDER BY number", {}));
    effects.clear();
    for (const Row& row : rows) effects.push_back(row.Text(0));
    return absl::OkStatus();
  }));
  return effects;
}

int64_t EventTarget::EffectCount() { return static_cast<int64_t>(Effects().size()); }

EventPosition EventTarget::Cursor() {
  EventPosition cursor;
  CheckOk(database_->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(cursor, LoadCursor(tx, "inventory"));
    return absl::OkStatus();
  }));
  return cursor;
}

int64_t EventTarget::DeadLetters() {
  int64_t count = 0;
  CheckOk(database_->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(count, CountDeadLetters(tx));
    return absl::OkStatus();
  }));
  return count;
}

std::vector<std::string> Numbers(int first, int last) {
  std::vector<std::string> numbers;
  for (int i = first; i <= last; ++i) numbers.push_back(absl::StrCat(i));
  return numbers;
}

void FailingDatabase::Submit(WriteRequest request) {
  if (fails && fails()) {
    request.work = [work = std::move(request.work)](Transaction& tx) -> absl::Status {
      MESO_RETURN_IF_ERROR(work(tx));
      return StorageUnavailable("test");
    };
  }
  real_.Submit(std::move(request));
}

}  // namespace meso
