#include "common/rpc/audit_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "meso/test/v1/note_service.pb.h"

namespace meso {
namespace {

using test::v1::CreateNoteRequest;
using test::v1::Note;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kUuid[] = "0198f2c4-7d1e-7c3a-8f00-0123456789ab";

TEST(AuditKeysTest, FindsWholeNamesAtAnyDepth) {
  CreateNoteRequest request;
  request.mutable_note()->set_site("sites/par-1");
  request.mutable_note()->set_patient("patients/p-1");
  request.mutable_note()->add_parts()->set_title(absl::StrCat("lots/", kUuid));
  request.mutable_note()->add_parts()->set_answer(absl::StrCat("sites/syd-1/appointments/", kUuid));
  AuditDraft draft;
  CollectKeys(request, draft);
  EXPECT_THAT(draft.keys,
              UnorderedElementsAre(
                  Pair("site", "sites/par-1"), Pair("site", "sites/syd-1"),
                  Pair("patient", "patients/p-1"), Pair("lot", absl::StrCat("lots/", kUuid)),
                  Pair("appointment", absl::StrCat("sites/syd-1/appointments/", kUuid))));
}

TEST(AuditKeysTest, TakesNothingThatOnlyLooksLikeAName) {
  Note note;
  for (const char* text : {"see patients/p-1", "patients/p 1", "patients/", "lots/abc", "sites/-",
                           "sites/", "patients/p-1/x", "sites/a b"}) {
    note.set_text(text);
    AuditDraft draft;
    CollectKeys(note, draft);
    EXPECT_THAT(draft.keys, IsEmpty()) << text;
  }
}

TEST(AuditKeysTest, TypesComeFromTheCollection) {
  EXPECT_EQ(ObjectTypeOf("lots/x"), "Lot");
  EXPECT_EQ(ObjectTypeOf("sites/a/appointments/x"), "Appointment");
  EXPECT_EQ(ObjectTypeOf("cocktails/c-01/revisions/r2"), "Cocktail");
  EXPECT_EQ(ObjectTypeOf("treatmentTypes/t"), "TreatmentType");
  EXPECT_EQ(ObjectTypeOf("entries/4"), "Entry");
  EXPECT_EQ(ObjectTypeOf("nothing"), "");
  EXPECT_EQ(ObjectTypeOf(""), "");
}

TEST(AuditKeysTest, TheObjectIsTheResponsesElseTheRequests) {
  CreateNoteRequest request;
  request.mutable_note()->set_name("notes/from-request");
  Note response;
  response.set_name("notes/from-response");
  AuditDraft draft;
  FillObject(request, &response, draft);
  EXPECT_EQ(draft.object_name, "notes/from-response");
  EXPECT_EQ(draft.object_type, "Note");
  draft = {};
  FillObject(request, nullptr, draft);
  EXPECT_EQ(draft.object_name, "notes/from-request");
  draft = {};
  draft.object_name = "lots/chosen";
  FillObject(request, &response, draft);
  EXPECT_EQ(draft.object_name, "lots/chosen");
  EXPECT_EQ(draft.object_type, "Lot");
}

TEST(AuditKeysTest, SeveralSitesAreNoneInParticular) {
  AuditDraft draft;
  draft.keys = {{"site", "sites/a"}};
  FillObject(Note(), nullptr, draft);
  EXPECT_EQ(draft.site, "sites/a");
  draft = {};
  draft.keys = {{"site", "sites/a"}, {"site", "sites/b"}};
  FillObject(Note(), nullptr, draft);
  EXPECT_EQ(draft.site, "");
}

}  // namespace
}  // namespace meso
