// Shedding, giving up, draining: decided by latches and a clock that stands still, never by how
// fast the machine is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using test::v1::Note;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string CodeAndReason(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status));
}

// One pool thread that stops inside the first call's conversion until Open.
class BlockedPool {
 public:
  explicit BlockedPool(int queue_max)
      : notes([queue_max](CallServerOptions& options) {
          options.pool_threads = 1;
          options.queue_max = queue_max;
        }) {
    notes.service.hooks.in_convert = [this] {
      if (first_.exchange(false)) {
        inside_.Notify();
        open_.WaitForNotification();
      }
    };
    blocked_ = std::thread([this] {
      Note note;
      first_status = notes.Create(Request(), &note);
    });
    inside_.WaitForNotification();
  }
  ~BlockedPool() { Open(); }

  void Open() {
    if (!open_.HasBeenNotified()) open_.Notify();
    if (blocked_.joinable()) blocked_.join();
  }
  test::v1::CreateNoteRequest Request() { return notes.NewNote(notes.server.ids().NewId()); }
  // Waits until the server has seen this many calls begin.
  void WaitForStarted(int calls) {
    ASSERT_TRUE(WaitUntil([&] {
      return absl::StrContains(
          notes.server.metrics().Text(),
          absl::StrCat("grpc_service=\"meso.test.v1.NoteService\",grpc_type=\"unary\"} ", calls));
    }));
  }

  NoteServer notes;
  absl::Status first_status;

 private:
  std::atomic<bool> first_ = true;
  absl::Notification inside_;
  absl::Notification open_;
  std::thread blocked_;
};

TEST(CallOverloadTest, TheCountIsThereBeforeTheFirstCallIsShed) {
  NoteServer notes;
  EXPECT_THAT(notes.server.metrics().Text(),
              AllOf(HasSubstr("meso_shed_total{queue=\"calls\"} 0"),
                    HasSubstr("meso_shed_total{queue=\"sagas\"} 0")));
}

TEST(CallOverloadTest, AFullQueueShedsAtOnceWithARetryHint) {
  BlockedPool pool(/*queue_max=*/1);
  absl::Status queued;
  std::thread waiting([&] {
    Note note;
    queued = pool.notes.Create(pool.Request(), &note);
  });
  pool.WaitForStarted(2);
  // The queue's one place is taken (or is about to be: then this call takes it and the other is
  // shed).
  Note note;
  std::vector<std::string> outcomes;
  std::thread releasing([&] {
    EXPECT_TRUE(WaitUntil([&] {
      return absl::StrContains(pool.notes.server.metrics().Text(),
                               "meso_shed_total{queue=\"calls\"} 1");
    }));
    pool.Open();
  });
  const absl::Status third = pool.notes.Create(pool.Request(), &note);
  releasing.join();
  waiting.join();
  const absl::Status& shed = third.ok() ? queued : third;
  EXPECT_EQ(CodeAndReason(shed), "RESOURCE_EXHAUSTED OVERLOADED");
  EXPECT_EQ(DetailsOf(shed).retry_after, absl::Milliseconds(100));
  EXPECT_TRUE(pool.first_status.ok()) << pool.first_status;
  EXPECT_EQ(pool.notes.CountRows("notes"), 2);
}

TEST(CallOverloadTest, ACallThatWaitedTooLongIsShedInsteadOfServed) {
  BlockedPool pool(/*queue_max=*/10);
  absl::Status aged;
  std::thread waiting([&] {
    Note note;
    aged = pool.notes.Create(pool.Request(), &note);
  });
  pool.WaitForStarted(2);
  pool.notes.server.clock().Advance(absl::Milliseconds(201));
  pool.Open();
  waiting.join();
  EXPECT_EQ(CodeAndReason(aged), "RESOURCE_EXHAUSTED OVERLOADED");
  EXPECT_TRUE(pool.first_status.ok()) << pool.first_status;
  EXPECT_EQ(pool.notes.CountRows("notes"), 1);
  EXPECT_THAT(pool.notes.server.metrics().Text(), HasSubstr("meso_shed_total{queue=\"calls\"} 1"));
  EXPECT_EQ(pool.notes.server.Entries().size(), 1u);
}

TEST(CallOverloadTest, ACallWhoseCallerHasGoneHasNoEffect) {
  BlockedPool pool(/*queue_max=*/10);
  grpc::ClientContext context;
  TestServer::Prepare(pool.notes.front_desk, &context);
  absl::Status gone;
  std::thread waiting([&] {
    Note note;
    gone = GrpcToStatus(pool.notes.stub->CreateNote(&context, pool.Request(), &note));
  });
  pool.WaitForStarted(2);
  context.TryCancel();
  waiting.join();
  EXPECT_EQ(gone.code(), absl::StatusCode::kCancelled);
  // The server learns of it a moment later; a call made after that is behind it on the same
  // connection.
  Note note;
  std::thread after([&] { (void)pool.notes.Create(pool.Request(), &note); });
  pool.WaitForStarted(3);
  pool.Open();
  after.join();
  EXPECT_EQ(pool.notes.CountRows("notes"), 2);
}

TEST(CallOverloadTest, ADeadlineThatPassesBeforeTheWriterStopsTheCall) {
  NoteServer notes;
  notes.service.hooks.in_convert = [&] { notes.server.clock().Advance(absl::Seconds(21)); };
  Note note;
  EXPECT_EQ(CodeAndReason(notes.Create(notes.NewNote(), &note)),
            "DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
  EXPECT_EQ(notes.service.creations, 0);
}

TEST(CallOverloadTest, DrainRefusesNewCallsAndLetsRunningOnesEnd) {
  NoteServer notes;
  absl::Notification inside;
  absl::Notification open;
  notes.service.hooks.in_move = [&](const CallContext&) {
    inside.Notify();
    open.WaitForNotification();
    return absl::OkStatus();
  };
  absl::Status running;
  std::thread caller([&] {
    test::v1::MoveNotesRequest request;
    request.set_from("sites/par-1");
    request.set_to("sites/syd-1");
    request.set_request_id(kRequestId);
    test::v1::CountNotesResponse response;
    running = notes.server.Call(*notes.stub, &NoteServer::Stub::MoveNotes, notes.chain_admin,
                                request, &response);
  });
  inside.WaitForNotification();
  std::thread draining([&] { notes.server.calls().Drain(absl::Seconds(20)); });
  Note note;
  EXPECT_TRUE(WaitUntil([&] {
    return CodeAndReason(notes.Create(notes.NewNote(notes.server.ids().NewId()), &note)) ==
           "UNAVAILABLE DEPENDENCY_DOWN";
  }));
  open.Notify();
  draining.join();
  caller.join();
  EXPECT_TRUE(running.ok()) << running;
}

TEST(CallOverloadTest, AfterTheGraceRunningCallsAreStoppedAtTheirNextStep) {
  NoteServer notes;
  absl::Notification inside;
  absl::Notification open;
  notes.service.hooks.in_convert = [&] {
    inside.Notify();
    open.WaitForNotification();
  };
  absl::Status status;
  std::thread caller([&] {
    Note note;
    status = notes.Create(notes.NewNote(), &note);
  });
  inside.WaitForNotification();
  notes.server.calls().Drain(absl::ZeroDuration());
  open.Notify();
  caller.join();
  EXPECT_EQ(CodeAndReason(status), "UNAVAILABLE DEPENDENCY_DOWN");
  EXPECT_EQ(notes.CountRows("notes"), 0);
}

}  // namespace
}  // namespace meso
