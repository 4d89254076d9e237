// What CallServer refuses before the operation, over the wire: exact code, reason and entry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/auth/principal_codec.h"
#include "common/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using absl::StatusCode;
using test::v1::CreateNoteRequest;
using test::v1::Note;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string CodeAndReason(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ReasonOf(status));
}

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const Violation& v : DetailsOf(status).violations) {
    fields.push_back(absl::StrCat(v.subject, " ", v.reason));
  }
  return fields;
}

TEST(CallRefusalTest, ACallWithoutAnAcceptedTokenIsCountedAndLeavesNoEntry) {
  NoteServer notes;
  Note note;
  EXPECT_EQ(CodeAndReason(notes.Create("", notes.NewNote(), &note)),
            "UNAUTHENTICATED TOKEN_MISSING");
  EXPECT_EQ(CodeAndReason(notes.Create("not.a.token", notes.NewNote(), &note)),
            "UNAUTHENTICATED TOKEN_INVALID");
  TokenRequest expired;
  expired.principal = TestPrincipal("users/anna", {"front_desk@par-1"});
  expired.not_before = notes.server.clock().Now() - absl::Hours(2);
  expired.expiry = notes.server.clock().Now();
  EXPECT_EQ(CodeAndReason(notes.Create(notes.server.keys().Token(expired), notes.NewNote(), &note)),
            "UNAUTHENTICATED TOKEN_EXPIRED");
  EXPECT_THAT(notes.server.Entries(), IsEmpty());
  EXPECT_EQ(notes.service.creations, 0);
  const std::string metrics = notes.server.metrics().Text();
  EXPECT_THAT(metrics, HasSubstr("meso_unauthenticated_total{reason=\"TOKEN_MISSING\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("meso_unauthenticated_total{reason=\"TOKEN_EXPIRED\"} 1"));
}

TEST(CallRefusalTest, AWrongRoleOrSiteIsDeniedAndRecorded) {
  NoteServer notes;
  Note note;
  EXPECT_EQ(CodeAndReason(notes.Create(notes.chain_admin, notes.NewNote(), &note)),
            "PERMISSION_DENIED ROLE_REQUIRED");
  CreateNoteRequest elsewhere = notes.NewNote();
  elsewhere.mutable_note()->set_site("sites/syd-1");
  const absl::Status refused = notes.Create(notes.front_desk, elsewhere, &note);
  EXPECT_EQ(CodeAndReason(refused), "PERMISSION_DENIED SITE_FORBIDDEN");
  EXPECT_EQ(DetailsOf(refused).metadata.at("site"), "sites/syd-1");
  EXPECT_EQ(DetailsOf(refused).domain, "inventory.meso");
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].outcome, "DENIED");
  EXPECT_EQ(entries[0].reason, "ROLE_REQUIRED");
  EXPECT_EQ(entries[0].actor, "users/chris");
  EXPECT_EQ(entries[0].action, "C");
  EXPECT_EQ(entries[1].reason, "SITE_FORBIDDEN");
  EXPECT_EQ(notes.CountRows("notes"), 0);
}

TEST(CallRefusalTest, ARoleAtSomeSitesDoesNotReachChainWideCalls) {
  NoteServer notes;
  test::v1::MoveNotesRequest request;
  request.set_from("sites/par-1");
  request.set_to("sites/syd-1");
  request.set_request_id(kRequestId);
  test::v1::CountNotesResponse response;
  const std::string token = notes.server.keys().Token("users/x", {"chain_admin@par-1"});
  EXPECT_EQ(CodeAndReason(notes.server.Call(*notes.stub, &NoteServer::Stub::MoveNotes, token,
                                            request, &response)),
            "PERMISSION_DENIED ROLE_REQUIRED");
}

TEST(CallRefusalTest, TheWildcardSiteNeedsTheRoleSomewhere) {
  NoteServer notes;
  test::v1::CountNotesRequest request;
  request.set_parent("sites/-");
  test::v1::CountNotesResponse response;
  EXPECT_EQ(CodeAndReason(notes.server.Call(*notes.stub, &NoteServer::Stub::CountNotes,
                                            notes.front_desk, request, &response)),
            "OK ");
  EXPECT_EQ(CodeAndReason(notes.server.Call(*notes.stub, &NoteServer::Stub::CountNotes,
                                            notes.doctor, request, &response)),
            "PERMISSION_DENIED ROLE_REQUIRED");
}

TEST(CallRefusalTest, ACallWithoutDeadlineIsRefused) {
  NoteServer notes;
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", notes.front_desk));
  Note note;
  EXPECT_EQ(CodeAndReason(GrpcToStatus(notes.stub->CreateNote(&context, notes.NewNote(), &note))),
            "INVALID_ARGUMENT DEADLINE_REQUIRED");
  EXPECT_EQ(notes.service.creations, 0);
}

TEST(CallRefusalTest, AMessageOverOneMegabyteIsRefusedByUsAndOverFourByGrpc) {
  NoteServer notes;
  CreateNoteRequest request = notes.NewNote();
  Note note;
  request.mutable_note()->set_text(std::string(2 << 20, 'x'));
  const absl::Status refused = notes.Create(request, &note);
  EXPECT_EQ(CodeAndReason(refused), "INVALID_ARGUMENT MESSAGE_TOO_LARGE");
  EXPECT_EQ(DetailsOf(refused).metadata.at("size_max"), "1048576");
  request.mutable_note()->set_text(std::string(5 << 20, 'x'));
  EXPECT_EQ(notes.Create(request, &note).code(), StatusCode::kResourceExhausted);
}

TEST(CallRefusalTest, AllBadFieldsAreListedAtOnceGenericOnesAndTheMethodsOwn) {
  NoteServer notes;
  CreateNoteRequest request;
  request.mutable_note()->set_text(std::string(101, 'x'));
  request.mutable_note()->add_parts()->set_answer("yes");
  request.set_request_id("NOT-A-UUID");
  Note note;
  const absl::Status refused = notes.Create(request, &note);
  EXPECT_EQ(CodeAndReason(refused), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_THAT(Fields(refused),
              ElementsAre("request_id FIELD_INVALID", "note.site FIELD_REQUIRED",
                          "note.patient FIELD_REQUIRED", "note.parts[0].title FIELD_REQUIRED",
                          "note.text FIELD_INVALID"));
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].outcome, "REFUSED");
  EXPECT_EQ(entries[0].reason, "FIELD_INVALID");
}

TEST(CallRefusalTest, ASiteFieldThatIsNoSiteIsABadField) {
  NoteServer notes;
  for (const char* site : {"par-1", "sites/", "sites/a b", "lots/x", "sites/-"}) {
    CreateNoteRequest request = notes.NewNote();
    request.mutable_note()->set_site(site);
    Note note;
    const absl::Status refused = notes.Create(notes.doctor, request, &note);
    EXPECT_EQ(CodeAndReason(refused), "INVALID_ARGUMENT FIELD_INVALID") << site;
    EXPECT_THAT(Fields(refused), ElementsAre("note.site FIELD_INVALID")) << site;
  }
}

TEST(CallRefusalTest, FieldErrorsTravelAsBadRequestForOtherLanguages) {
  NoteServer notes;
  grpc::ClientContext context;
  TestServer::Prepare(notes.front_desk, &context);
  CreateNoteRequest request = notes.NewNote("");
  Note note;
  const grpc::Status status = notes.stub->CreateNote(&context, request, &note);
  google::rpc::Status proto;
  ASSERT_TRUE(proto.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  ASSERT_EQ(proto.details_size(), 2);
  ASSERT_TRUE(proto.details(0).UnpackTo(&info));
  ASSERT_TRUE(proto.details(1).UnpackTo(&bad));
  EXPECT_EQ(info.reason(), "FIELD_REQUIRED");
  EXPECT_EQ(info.domain(), "inventory.meso");
  EXPECT_EQ(bad.field_violations(0).field(), "request_id");
  EXPECT_EQ(bad.field_violations(0).description(), "FIELD_REQUIRED: must be set");
}

TEST(CallRefusalTest, OnlyAServiceMaySpeakForSomebodyElse) {
  NoteServer notes;
  const Principal anna = TestPrincipal("users/anna", {"front_desk@par-1"});
  const auto count = [&](const std::string& token, const std::string& bytes,
                         const std::string& parent) {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    context.AddMetadata(kOnBehalfOfKey, bytes);
    test::v1::CountNotesRequest request;
    request.set_parent(parent);
    test::v1::CountNotesResponse response;
    return CodeAndReason(GrpcToStatus(notes.stub->CountNotes(&context, request, &response)));
  };
  const std::string service = notes.server.keys().ServiceToken("scheduling");
  EXPECT_EQ(count(service, EncodePrincipal(anna), "sites/par-1"), "OK ");
  // Both are checked: the service may go everywhere, the user may not.
  EXPECT_EQ(count(service, EncodePrincipal(anna), "sites/syd-1"),
            "PERMISSION_DENIED SITE_FORBIDDEN");
  EXPECT_EQ(count(service, EncodePrincipal(TestPrincipal("users/x", {})), "sites/par-1"),
            "PERMISSION_DENIED ROLE_REQUIRED");
  EXPECT_EQ(count(service, "junk", "sites/par-1"), "INVALID_ARGUMENT FIELD_INVALID");
  EXPECT_EQ(count(notes.front_desk, EncodePrincipal(anna), "sites/par-1"),
            "PERMISSION_DENIED ROLE_REQUIRED");
  const std::vector<AuditRecord> entries = notes.server.Entries();
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(entries[0].actor, "services/scheduling");
  EXPECT_EQ(entries[0].on_behalf_of, "users/anna");
}

TEST(CallRefusalTest, AnUnknownErrorIsNeutralOutside) {
  NoteServer notes;
  notes.service.hooks.in_create = [](Transaction&, const CallContext&) {
    return absl::UnknownError("driver: table notes has a secret column");
  };
  Note note;
  const absl::Status refused = notes.Create(notes.NewNote(), &note);
  EXPECT_EQ(CodeAndReason(refused), "INTERNAL INTERNAL");
  EXPECT_FALSE(absl::StrContains(refused.message(), "secret")) << refused;
  EXPECT_FALSE(DetailsOf(refused).metadata.at("correlation_id").empty());
  EXPECT_EQ(notes.CountRows("notes"), 0);
  EXPECT_EQ(notes.server.Entries().at(0).outcome, "FAILED");
}

TEST(CallRefusalTest, ATokenWorksOnlyWhileItsKeyIsInTheSet) {
  NoteServer notes;
  Note note;
  ASSERT_EQ(CodeAndReason(notes.Create(notes.NewNote(), &note)), "OK ");
  WriteTestFile(notes.server.keys().jwks_file(), ToJwks({{"other", GenerateKey()}}).value());
  notes.server.clock().Advance(absl::Seconds(2));
  EXPECT_EQ(CodeAndReason(notes.Get(notes.front_desk, note.name(), &note)),
            "UNAUTHENTICATED TOKEN_INVALID");
}

}  // namespace
}  // namespace meso
