#include "services/mesoctl/contract/contract_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/mesoctl/contract/api_text.h"

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ContractTextTest, ErrorLinesAreTakenOutOfACommentWithTheirContinuations) {
  std::vector<ErrorLine> errors;
  const std::string said = SplitComment(
      " Books a slot.\n Twice is once.\n\n More of it.\n\n Errors:\n"
      " FAILED_PRECONDITION / SLOT_TAKEN, HOLD_EXPIRED: somebody else has it;\n"
      "   search again.\n"
      " NOT_FOUND / RESOURCE_NOT_FOUND: there is none.\n",
      "x.Book", &errors);
  EXPECT_EQ(said, "Books a slot. Twice is once.\nMore of it.");
  EXPECT_THAT(errors, ElementsAre(ErrorLine{"SLOT_TAKEN", "FAILED_PRECONDITION", "x.Book",
                                            "somebody else has it; search again."},
                                  ErrorLine{"HOLD_EXPIRED", "FAILED_PRECONDITION", "x.Book",
                                            "somebody else has it; search again."},
                                  ErrorLine{"RESOURCE_NOT_FOUND", "NOT_FOUND", "x.Book",
                                            "there is none."}));
}

TEST(ContractTextTest, AnUnknownCodeStopsTheBuild) {
  google::protobuf::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("meso/x/v1/x.proto");
  file->set_syntax("proto3");
  file->add_message_type()->set_name("M");
  auto* service = file->add_service();
  service->set_name("S");
  auto* method = service->add_method();
  method->set_name("Do");
  method->set_input_type("M");
  method->set_output_type("M");
  auto* location = file->mutable_source_code_info()->add_location();
  for (const int part : {6, 0, 2, 0}) location->add_path(part);
  for (const int part : {1, 1, 2}) location->add_span(part);
  location->set_leading_comments(" Does.\n\n Errors:\n NOT_FOND / NO_SUCH: it is gone.\n");
  const auto wrong = ReadContractText(set);
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("NOT_FOND"));

  location->set_leading_comments(" Does.\n\n Errors:\n NOT_FOUND / NO_SUCH: it is gone.\n");
  const auto right = ReadContractText(set);
  ASSERT_TRUE(right.ok()) << right.status();
  EXPECT_EQ(right->comments.at("S.Do"), "Does.");
  EXPECT_THAT(AsMarkdown(*right), HasSubstr("| NO_SUCH | NOT_FOUND | it is gone. |"));
  EXPECT_THAT(AsSource(*right),
              HasSubstr("{\"NOT_FOUND\", \"NO_SUCH\", \"S.Do\", \"it is gone.\"}"));
}

TEST(ApiTextTest, CommentsAndErrorsAreCompiledIn) {
  EXPECT_THAT(std::string(CommentOf("meso.inventory.v1.Lot")), Not(IsEmpty()));
  EXPECT_THAT(std::string(CommentOf("meso.inventory.v1.Lot.expiry_date")), Not(IsEmpty()));
  EXPECT_THAT(std::string(CommentOf("meso.inventory.v1.Lot.State.STATE_RELEASED")), Not(IsEmpty()));
  EXPECT_THAT(std::string(CommentOf("no.such.Thing")), IsEmpty());
  bool any = false;
  for (const ErrorNote& note : ErrorNotes()) {
    any = any || (std::string(note.reason) == "TOKEN_EXPIRED" && std::string(note.method).empty());
  }
  EXPECT_TRUE(any) << "the errors of any method stand at meso.options.v1.Access";
}

TEST(ApiTextTest, TheFirstSentenceEndsAtItsFullStop) {
  EXPECT_EQ(FirstSentence("Books a slot. More."), "Books a slot");
  EXPECT_EQ(FirstSentence("As in e.g. this one.\nMore."), "As in e.g. this one");
  EXPECT_EQ(FirstSentence(""), "");
}

}  // namespace
}  // namespace meso::mesoctl
