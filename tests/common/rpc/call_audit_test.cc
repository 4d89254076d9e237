// What a call leaves behind: its entry before its answer, its keys, and no patient data elsewhere.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using test::v1::Note;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

std::string CodeAndReason(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status));
}

// Everything the process writes to stderr while it lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(::dup(STDERR_FILENO)) {
    const int file = ::open(path().c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~CapturedStderr() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }
  std::string Text() const {
    std::ifstream file(path());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  std::string path() const { return dir_.path() + "/stderr"; }
  TempDir dir_;
  const int saved_;
};

TEST(CallAuditTest, AMutationsEntryNamesWhoDidWhatToWhat) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  const AuditRecord& entry = entries[0];
  EXPECT_EQ(entry.service, "inventory");
  EXPECT_EQ(entry.actor, "users/anna");
  EXPECT_THAT(entry.actor_roles, ::testing::ElementsAre("front_desk"));
  EXPECT_EQ(entry.method, "meso.test.v1.NoteService/CreateNote");
  EXPECT_EQ(entry.action, "C");
  EXPECT_EQ(entry.outcome, "OK");
  EXPECT_EQ(entry.reason, "");
  EXPECT_EQ(entry.object_type, "Appointment");
  EXPECT_EQ(entry.object_name, note.name());
  EXPECT_EQ(entry.site, "sites/par-1");
  EXPECT_EQ(entry.request_id, kRequestId);
  EXPECT_EQ(entry.causation_id, kRequestId);
  EXPECT_EQ(entry.client_address, "127.0.0.1");
  EXPECT_THAT(entry.correlation_id, SizeIs(36));
  EXPECT_THAT(entry.keys, Contains(Pair("patient", kPatient)));
  EXPECT_THAT(entry.keys, Contains(Pair("appointment", note.name())));
  EXPECT_THAT(entry.keys, Contains(Pair("site", "sites/par-1")));
  EXPECT_THAT(entry.keys, Contains(Pair("request", kRequestId)));
}

TEST(CallAuditTest, HeadersCarryCorrelationAndCausationWhenWellFormed) {
  NoteServer notes;
  for (const std::string correlation : {"process-7", "bad value\"}"}) {
    grpc::ClientContext context;
    TestServer::Prepare(notes.front_desk, &context);
    context.AddMetadata("meso-correlation-id", correlation);
    context.AddMetadata("meso-causation-id", "event-9");
    Note note;
    auto request = notes.NewNote(notes.server.ids().NewId());
    ASSERT_TRUE(notes.stub->CreateNote(&context, request, &note).ok());
  }
  const std::vector<AuditRecord> entries = notes.server.Entries();
  EXPECT_EQ(entries.at(0).correlation_id, "process-7");
  EXPECT_EQ(entries.at(0).causation_id, "event-9");
  EXPECT_THAT(entries.at(1).correlation_id, SizeIs(36));
}

TEST(CallAuditTest, APatientReadHasItsEntryBeforeItsAnswer) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_TRUE(notes.Get(notes.doctor, note.name(), &note).ok());
  // Durable by now: the answer came after the commit.
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[1].action, "R");
  EXPECT_EQ(entries[1].actor, "users/daria");
  EXPECT_THAT(entries[1].keys, Contains(Pair("patient", kPatient)));
}

TEST(CallAuditTest, APatientReadWhoseEntryCannotBeWrittenIsRefused) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_TRUE(notes.server.database()
                  .Transact([](Transaction& tx) { return tx.Execute("DROP TABLE meso_audit", {}); })
                  .ok());
  Note answer;
  EXPECT_EQ(CodeAndReason(notes.Get(notes.doctor, note.name(), &answer)),
            "UNAVAILABLE STORAGE_UNAVAILABLE");
  EXPECT_EQ(answer.patient(), "");
  // So is the refusal that cannot be recorded, and the mutation.
  EXPECT_EQ(CodeAndReason(notes.Get(notes.chain_admin, note.name(), &answer)),
            "UNAVAILABLE STORAGE_UNAVAILABLE");
  EXPECT_FALSE(notes.Create(notes.NewNote(notes.server.ids().NewId()), &answer).ok());
  EXPECT_EQ(notes.CountRows("notes"), 1);
}

TEST(CallAuditTest, AReadWithoutPatientDataLeavesNoEntry) {
  NoteServer notes;
  test::v1::CountNotesRequest request;
  request.set_parent("sites/par-1");
  test::v1::CountNotesResponse response;
  ASSERT_TRUE(
      notes.server
          .Call(*notes.stub, &NoteServer::Stub::CountNotes, notes.front_desk, request, &response)
          .ok());
  EXPECT_THAT(notes.server.Entries(), SizeIs(0));
}

TEST(CallAuditTest, AReadThatFindsNothingIsRecordedAsRefused) {
  NoteServer notes;
  Note note;
  const std::string name = "sites/par-1/appointments/0198f2c4-7d1e-7c3a-8f00-0123456789ab";
  EXPECT_EQ(CodeAndReason(notes.Get(notes.doctor, name, &note)), "NOT_FOUND RESOURCE_NOT_FOUND");
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].outcome, "REFUSED");
  EXPECT_EQ(entries[0].reason, "RESOURCE_NOT_FOUND");
  EXPECT_EQ(entries[0].object_name, name);
  EXPECT_THAT(entries[0].keys, Contains(Pair("appointment", name)));
}

// Who tried to see whom must be found under the patient, too, when the attempt failed at the door.
TEST(CallAuditTest, ADeniedCallsEntryNamesWhomItWasAbout) {
  NoteServer notes;
  Note note;
  test::v1::CreateNoteRequest request = notes.NewNote();
  request.mutable_note()->set_site("sites/elsewhere");
  EXPECT_EQ(CodeAndReason(notes.Create(request, &note)), "PERMISSION_DENIED SITE_FORBIDDEN");
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].outcome, "DENIED");
  EXPECT_EQ(entries[0].request_id, request.request_id());
  EXPECT_THAT(entries[0].keys, Contains(Pair("patient", request.note().patient())));
}

TEST(CallAuditTest, AReadingSagaHasItsEntryBeforeItsAnswer) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  test::v1::GetNoteRequest request;
  request.set_name(note.name());
  ASSERT_TRUE(
      notes.server.Call(*notes.stub, &NoteServer::Stub::AskNotes, notes.doctor, request, &note)
          .ok());
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[1].action, "E");
  EXPECT_THAT(entries[1].keys, Contains(Pair("patient", kPatient)));
}

TEST(CallAuditTest, AnOperationsDraftIsKeptAndNotDoubledByARerun) {
  NoteServer notes;
  notes.service.hooks.in_create = [](Transaction&, const CallContext& call) {
    call.Touch("lot", "lots/0198f2c4-7d1e-7c3a-8f00-0123456789ab");
    call.audit.facts["quantity"] = "3";
    call.audit.violation = true;
    call.audit.object_type = "Draw";
    return absl::OkStatus();
  };
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  const AuditRecord entry = notes.server.Entries().at(0);
  EXPECT_THAT(entry.keys, Contains(Pair("lot", "lots/0198f2c4-7d1e-7c3a-8f00-0123456789ab")));
  EXPECT_EQ(entry.facts.at("quantity"), "3");
  EXPECT_TRUE(entry.violation);
  EXPECT_EQ(entry.object_type, "Draw");
}

TEST(CallAuditTest, LogAndMetricsHoldNoPatientData) {
  CapturedStderr captured;
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_TRUE(notes.Get(notes.doctor, note.name(), &note).ok());
  auto bad = notes.NewNote("x");
  ASSERT_FALSE(notes.Create(bad, &note).ok());
  ASSERT_FALSE(notes.Get(notes.doctor, kPatient, &note).ok());
  notes.server.Stop();
  const std::string log = captured.Text();
  EXPECT_THAT(log, HasSubstr("\"method\":\"meso.test.v1.NoteService/CreateNote\""));
  EXPECT_THAT(log, HasSubstr(absl::StrCat("\"request_id\":\"", kRequestId)));
  EXPECT_THAT(log, HasSubstr("\"replayed\":\"true\""));
  EXPECT_THAT(log, HasSubstr("\"reason\":\"FIELD_INVALID\""));
  const std::string metrics = notes.server.metrics().Text();
  for (const std::string& text : {log, metrics}) {
    EXPECT_THAT(text, Not(HasSubstr("P-secret-17")));
    EXPECT_THAT(text, Not(HasSubstr(kText)));
  }
}

TEST(CallAuditTest, CallsAreCountedByMethodAndCode) {
  NoteServer notes;
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_FALSE(notes.Create(notes.NewNote("x"), &note).ok());
  notes.server.Stop();
  const std::string metrics = notes.server.metrics().Text();
  const std::string labels =
      "grpc_method=\"CreateNote\",grpc_service=\"meso.test.v1.NoteService\",grpc_type=\"unary\"}";
  EXPECT_THAT(metrics, HasSubstr(absl::StrCat("grpc_server_started_total{", labels, " 2")));
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("grpc_server_handled_total{grpc_code=\"OK\",", labels, " 1")));
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("grpc_server_handled_total{grpc_code=\"INVALID_ARGUMENT\",",
                                     labels, " 1")));
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("grpc_server_handling_seconds_count{", labels, " 2")));
}

}  // namespace
}  // namespace meso
