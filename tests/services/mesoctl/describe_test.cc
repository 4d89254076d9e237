#include "services/mesoctl/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/error_pages.h"
#include "services/mesoctl/example_json.h"
#include "services/mesoctl/method_catalog.h"
#include "tests/services/mesoctl/mesoctl_run.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DescribeTest, AMethodIsToldWithItsRulesErrorsAndAnExample) {
  const Ran ran = RunLine({"describe", "BookAppointment"});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  for (const char* part :
       {"POST /v1/{parent=sites/*}/appointments:book", "front_desk, practitioner, doctor",
        "the role at the site that parent names", "patient  string  [required, patient data]",
        "SLOT_TAKEN  FAILED_PRECONDITION", "mesoctl appointments book", "mesoctl call "}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

TEST(DescribeTest, AMessageAServiceAndAnEnumGoByShortAndFullNames) {
  for (const char* name : {"Lot", "inventory.Lot", "meso.inventory.v1.Lot"}) {
    EXPECT_THAT(RunLine({"describe", name}).out, HasSubstr("expiry_date  string")) << name;
  }
  EXPECT_THAT(RunLine({"describe", "InventoryService"}).out, HasSubstr("DrawStock"));
  EXPECT_THAT(RunLine({"describe", "CancelReason"}).out,
              HasSubstr("CANCEL_REASON_PATIENT_REQUEST"));
  EXPECT_THAT(RunLine({"describe", "Appointment.State"}).out, HasSubstr("STATE_CHECKED_IN"));
}

TEST(DescribeTest, AnUnknownNameIsNotFoundAndTheNearestAreNamed) {
  const Ran ran = RunLine({"describe", "Appointmnt"});
  EXPECT_EQ(ran.code, ExitCode::kNotFound);
  EXPECT_THAT(ran.err, HasSubstr("Appointment"));
}

// Every required field of the message that a caller sets, at any depth.
void ExpectComplete(const Message& message, const std::string& where) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto& reflection = *message.GetReflection();
    const bool output_only = field.options().GetExtension(meso::options::v1::output_only);
    const bool set = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                         : reflection.HasField(message, &field);
    if (field.options().GetExtension(meso::options::v1::required) && !output_only) {
      EXPECT_TRUE(set) << where << "." << field.name();
    }
    EXPECT_FALSE(output_only && set) << where << "." << field.name();
    if (set && !field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ExpectComplete(reflection.GetMessage(message, &field),
                     absl::StrCat(where, ".", field.name()));
    }
  }
}

TEST(ExampleJsonTest, EveryRequestHasACompleteExampleThatCanBeReadBack) {
  for (const auto* service : ApiServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const Descriptor& type = *service->method(i)->input_type();
      ExpectComplete(*ExampleMessage(type), type.name());
      const auto read = NewMessage(type);
      EXPECT_TRUE(FromJson(ExampleJson(type), read.get()).ok()) << type.name();
      const Ran ran = RunLine({"describe", service->method(i)->name(), "-o", "json"});
      EXPECT_EQ(ran.out, ExampleJson(type));
    }
  }
}

TEST(ErrorPagesTest, AReasonIsExplainedOffline) {
  const Ran ran = RunLine({"errors", "explain", "slot-taken"});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("SLOT_TAKEN"), HasSubstr("FAILED_PRECONDITION"),
                             HasSubstr("ends with 1"), HasSubstr("search again"),
                             HasSubstr("SchedulingService.BookAppointment")));
  EXPECT_THAT(RunLine({"errors", "explain", "OVERLOADED"}).out, HasSubstr("ends with 5"));
  EXPECT_THAT(RunLine({"errors", "explain", "TOKEN_EXPIRED"}).out, HasSubstr("any method"));
}

TEST(ErrorPagesTest, AnUnknownReasonIsNotFoundAndTheNearestAreNamed) {
  const Ran ran = RunLine({"errors", "explain", "SLOT_TAKN"});
  EXPECT_EQ(ran.code, ExitCode::kNotFound);
  EXPECT_THAT(ran.err, HasSubstr("did you mean SLOT_TAKEN? `mesoctl errors list`"));
  EXPECT_THAT(RunLine({"errors", "explain", "QQQQ"}).err, HasSubstr("QQQQ; `mesoctl errors list`"));
}

// What an operator reads in the architecture page's table can be asked for.
TEST(ErrorPagesTest, EveryReasonOfTheCatalogueIsExplained) {
  std::ifstream file("services/README.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const size_t begin = page.find("## The error catalogue");
  const size_t end = page.find("## Decisions", begin);
  ASSERT_NE(end, std::string::npos) << "the test runs in the tree's root";
  const std::vector<std::string> known = ErrorReasons();
  int found = 0;
  for (const absl::string_view line : absl::StrSplit(page.substr(begin, end - begin), '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    if (cells.size() < 4) continue;
    for (const absl::string_view word :
         absl::StrSplit(cells[2], absl::ByAnyChar(" ,()"), absl::SkipEmpty())) {
      if (!absl::StrContains(word, '_') || !absl::ascii_isupper(word[0])) continue;
      EXPECT_THAT(known, ::testing::Contains(std::string(word)));
      ++found;
    }
  }
  EXPECT_GT(found, 40);
}

TEST(ErrorPagesTest, CausesAndFindingsAreExplainedToo) {
  const Ran start = RunLine({"errors", "explain", "DATABASE_TOO_NEW"});
  EXPECT_EQ(start.code, ExitCode::kOk);
  EXPECT_THAT(start.out, AllOf(HasSubstr("the start of a service"), HasSubstr("ends with 1"),
                               HasSubstr("restore the backup")));
  EXPECT_THAT(RunLine({"errors", "explain", "beyond_horizon"}).out,
              HasSubstr("cause of STOCK_NOT_AVAILABLE"));
  EXPECT_THAT(RunLine({"errors", "explain", "CLEARANCE_LOST"}).out,
              AllOf(HasSubstr("no error"), Not(HasSubstr("ends with"))));
}

TEST(ErrorPagesTest, TheListHasEveryReasonInEveryFormat) {
  const Ran names = RunLine({"errors", "list", "-o", "name"});
  for (const std::string& reason : ErrorReasons()) EXPECT_THAT(names.out, HasSubstr(reason + "\n"));
  EXPECT_THAT(RunLine({"errors", "list", "-o", "csv"}).out,
              HasSubstr("reason,code,exit_code,methods,meaning\r\n"));
  EXPECT_THAT(RunLine({"errors", "list", "-o", "json"}).out,
              HasSubstr("\"reason\": \"SLOT_TAKEN\""));
}

}  // namespace
}  // namespace meso::mesoctl
