#include "common/rpc/required_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meso/test/v1/note_service.pb.h"

namespace meso {
namespace {

using test::v1::CreateNoteRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Subjects(const absl::Status& status) {
  std::vector<std::string> subjects;
  for (const Violation& v : DetailsOf(status).violations) subjects.push_back(v.subject);
  return subjects;
}

std::vector<std::string> Missing(const CreateNoteRequest& request) {
  FieldErrors errors;
  CheckRequired(request, errors);
  return Subjects(errors.ToStatus());
}

TEST(RequiredFieldsTest, NamesEveryMissingFieldByItsPath) {
  CreateNoteRequest request;
  EXPECT_THAT(Missing(request), ElementsAre("note"));
  request.mutable_note()->add_parts()->set_title("t");
  request.mutable_note()->add_parts();
  EXPECT_THAT(Missing(request),
              ElementsAre("note.site", "note.patient", "note.text", "note.parts[1].title"));
}

TEST(RequiredFieldsTest, WithAnUpdateMaskOnlyTheMaskedFieldsAreRead) {
  CreateNoteRequest request;
  request.mutable_note()->set_text("x");
  request.mutable_update_mask()->add_paths("text");
  EXPECT_THAT(Missing(request), IsEmpty());
}

TEST(RequiredFieldsTest, FindingsOfTheConversionAreAddedOnce) {
  FieldErrors generic;
  generic.Required("a");
  FieldErrors own;
  own.Invalid("a", "is empty");
  own.Invalid("b", "is odd");
  EXPECT_THAT(Subjects(MergeFieldErrors(generic, own.ToStatus())), ElementsAre("a", "b"));
  EXPECT_EQ(MergeFieldErrors(FieldErrors(), own.ToStatus()), own.ToStatus());
  EXPECT_TRUE(MergeFieldErrors(FieldErrors(), absl::OkStatus()).ok());
  EXPECT_EQ(ReasonOf(MergeFieldErrors(generic, ResourceNotFound("x"))), "FIELD_REQUIRED");
}

}  // namespace
}  // namespace meso
