// One request_id, one effect, one answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/reply.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using test::v1::CreateNoteRequest;
using test::v1::Note;
using ::testing::SizeIs;

std::string CodeAndReason(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status));
}

TEST(CallReplyTest, ARepeatedRequestGetsTheFirstAnswerWithItsPatient) {
  NoteServer notes;
  Note first;
  Note second;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &first).ok());
  ASSERT_TRUE(notes.Create(notes.NewNote(), &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(second.patient(), kPatient);
  EXPECT_EQ(notes.service.creations, 1);
  EXPECT_EQ(notes.CountRows("notes"), 1);
  EXPECT_THAT(notes.server.Entries(), SizeIs(1));
}

TEST(CallReplyTest, TheStoredReplyHoldsNoPatientData) {
  NoteServer notes;
  CreateNoteRequest request = notes.NewNote();
  auto* part = request.mutable_note()->add_parts();
  part->set_title("pregnant");
  part->set_answer("an answer");
  Note note;
  ASSERT_TRUE(notes.Create(request, &note).ok());
  EXPECT_EQ(note.parts(0).answer(), "an answer");
  Note stored;
  ASSERT_TRUE(stored.ParseFromString(ReplyBytes(note)));
  EXPECT_EQ(stored.patient(), "");
  EXPECT_EQ(stored.parts(0).title(), "pregnant");
  EXPECT_EQ(stored.parts(0).answer(), "");
  EXPECT_EQ(stored.name(), note.name());
}

TEST(CallReplyTest, AHundredParallelCopiesHaveOneEffectAndOneAnswer) {
  NoteServer notes;
  std::vector<std::thread> callers;
  std::vector<Note> answers(100);
  std::vector<absl::Status> statuses(100);
  for (int i = 0; i < 100; ++i) {
    callers.emplace_back([&, i] { statuses[i] = notes.Create(notes.NewNote(), &answers[i]); });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::string> different;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(statuses[i].ok()) << statuses[i];
    different.insert(answers[i].SerializeAsString());
  }
  EXPECT_THAT(different, SizeIs(1));
  EXPECT_EQ(notes.CountRows("notes"), 1);
  EXPECT_THAT(notes.server.Entries(), SizeIs(1));
}

TEST(CallReplyTest, TheSameIdWithAnotherBodyIsRefusedAndRecorded) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  CreateNoteRequest other = notes.NewNote();
  other.mutable_note()->set_text("something else");
  const absl::Status refused = notes.Create(other, &note);
  EXPECT_EQ(CodeAndReason(refused), "ALREADY_EXISTS REQUEST_ID_REUSED");
  EXPECT_EQ(notes.CountRows("notes"), 1);
  EXPECT_EQ(notes.server.Entries().at(1).reason, "REQUEST_ID_REUSED");
}

TEST(CallReplyTest, AnotherCallerMayUseTheSameId) {
  NoteServer notes;
  Note first;
  Note second;
  ASSERT_TRUE(notes.Create(notes.front_desk, notes.NewNote(), &first).ok());
  ASSERT_TRUE(notes.Create(notes.doctor, notes.NewNote(), &second).ok());
  EXPECT_NE(first.name(), second.name());
}

TEST(CallReplyTest, ARefusalIsNotKept) {
  NoteServer notes;
  bool refuse = true;
  notes.service.hooks.in_create = [&](Transaction&, const CallContext&) -> absl::Status {
    if (!refuse) return absl::OkStatus();
    return Error(absl::StatusCode::kFailedPrecondition, "SLOT_TAKEN", "Taken. Search again.");
  };
  Note note;
  EXPECT_EQ(CodeAndReason(notes.Create(notes.NewNote(), &note)), "FAILED_PRECONDITION SLOT_TAKEN");
  EXPECT_EQ(notes.CountRows("notes"), 0);
  refuse = false;
  EXPECT_EQ(CodeAndReason(notes.Create(notes.NewNote(), &note)), "OK ");
  EXPECT_EQ(notes.CountRows("notes"), 1);
}

TEST(CallReplyTest, AReplayIsAuthorisedAgain) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  const std::string demoted = notes.server.keys().Token("users/anna", {"front_desk@lyo-1"});
  EXPECT_EQ(CodeAndReason(notes.Create(demoted, notes.NewNote(), &note)),
            "PERMISSION_DENIED SITE_FORBIDDEN");
}

TEST(CallReplyTest, AValidateOnlyCallHasNoEffectNeedsNoIdAndLeavesOneEntry) {
  NoteServer notes;
  CreateNoteRequest trial = notes.NewNote("");
  trial.set_validate_only(true);
  Note note;
  ASSERT_EQ(CodeAndReason(notes.Create(trial, &note)), "OK ");
  EXPECT_EQ(note.text(), kText);
  EXPECT_EQ(notes.CountRows("notes"), 0);
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].facts.at("reason"), "VALIDATE_ONLY");
  EXPECT_EQ(entries[0].action, "E");
  EXPECT_EQ(entries[0].outcome, "OK");
  // The id of a trial is ignored: the real call with it has its effect.
  trial.set_request_id(kRequestId);
  ASSERT_TRUE(notes.Create(trial, &note).ok());
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  EXPECT_EQ(notes.CountRows("notes"), 1);
}

TEST(CallReplyTest, ASagaRunsOnceAndIsReplayed) {
  NoteServer notes;
  test::v1::MoveNotesRequest request;
  request.set_from("sites/par-1");
  request.set_to("sites/syd-1");
  request.set_request_id(kRequestId);
  for (int i = 0; i < 3; ++i) {
    test::v1::CountNotesResponse response;
    ASSERT_TRUE(
        notes.server
            .Call(*notes.stub, &NoteServer::Stub::MoveNotes, notes.chain_admin, request, &response)
            .ok());
    EXPECT_EQ(response.count(), 7);
  }
  EXPECT_EQ(notes.service.creations, 1);
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].request_id, kRequestId);
  request.set_to("sites/lyo-1");
  test::v1::CountNotesResponse response;
  EXPECT_EQ(CodeAndReason(notes.server.Call(*notes.stub, &NoteServer::Stub::MoveNotes,
                                            notes.chain_admin, request, &response)),
            "ALREADY_EXISTS REQUEST_ID_REUSED");
}

TEST(CallReplyTest, ASagasTrialLeavesOneEntryAndNoReply) {
  NoteServer notes;
  test::v1::MoveNotesRequest request;
  request.set_from("sites/par-1");
  request.set_to("sites/syd-1");
  request.set_validate_only(true);
  test::v1::CountNotesResponse response;
  ASSERT_TRUE(
      notes.server
          .Call(*notes.stub, &NoteServer::Stub::MoveNotes, notes.chain_admin, request, &response)
          .ok());
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].facts.at("reason"), "VALIDATE_ONLY");
  EXPECT_EQ(entries[0].request_id, "");
}

TEST(CallReplyTest, ASagasRefusalIsRecorded) {
  NoteServer notes;
  notes.service.hooks.in_move = [](const CallContext&) -> absl::Status {
    return DependencyDown("screening", "no connection");
  };
  test::v1::MoveNotesRequest request;
  request.set_from("sites/par-1");
  request.set_to("sites/syd-1");
  request.set_request_id(kRequestId);
  test::v1::CountNotesResponse response;
  const absl::Status refused = notes.server.Call(*notes.stub, &NoteServer::Stub::MoveNotes,
                                                 notes.chain_admin, request, &response);
  EXPECT_EQ(CodeAndReason(refused), "UNAVAILABLE DEPENDENCY_DOWN");
  EXPECT_EQ(DetailsOf(refused).retry_after, absl::Seconds(1));
  EXPECT_EQ(notes.server.Entries().at(0).outcome, "FAILED");
}

}  // namespace
}  // namespace meso
