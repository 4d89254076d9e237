#include "services/mesoctl/api/api_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "meso/scheduling/v1/appointment.pb.h"
#include "services/mesoctl/api/answer_view.h"
#include "services/mesoctl/api/api_request.h"
#include "services/mesoctl/api/field_value.h"
#include "services/mesoctl/command_line.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Between services, or reached by a command that is not of the table.
const std::set<std::string>& ElsewhereMethods() {
  static const auto& names = *new std::set<std::string>{
      "AuditService.AddCosignature",     "AuditService.BatchAppendEntries",
      "AuditService.ExportEntries",      "EventService.PullEvents",
      "InventoryService.ImportStock",    "InventoryService.ExportStock",
      "InventoryService.RenderLotLabel", "InventoryService.RecordTemperatures",
      "AuditService.ProveEntries",       "AuditService.VerifyLog",
  };
  return names;
}

TEST(ApiCommandsTest, EveryRowNamesAMethodAndFieldsThatExist) {
  for (const ApiCommand* row : ApiCommands()) {
    const std::string what = absl::StrCat(row->noun, " ", row->verb);
    const auto method = FindMethod(row->method);
    ASSERT_TRUE(method.ok()) << what;
    const auto& request = *(*method)->input_type();
    const google::protobuf::Descriptor* rows = (*method)->output_type();
    if (row->rows[0] != '\0') {
      const auto* field = rows->FindFieldByName(row->rows);
      ASSERT_TRUE(field != nullptr && field->is_repeated()) << what;
      rows = field->message_type();
    }
    for (const std::string& column :
         std::vector<std::string>(absl::StrSplit(row->columns, ',', absl::SkipEmpty()))) {
      EXPECT_NE(FindField(*rows, column), nullptr) << what << ": " << column;
    }
    if (row->argument[0] != '\0') {
      EXPECT_NE(FindField(request, row->argument), nullptr) << what;
    }
    if (row->filters[0] != '\0') {
      EXPECT_NE(request.FindFieldByName("filter"), nullptr) << what;
    }
    if (row->rows[0] != '\0') {
      EXPECT_NE(FindField(*rows, row->key), nullptr) << what;
    }
  }
}

TEST(ApiCommandsTest, EveryMethodOfTheApiHasANounAndAVerb) {
  std::set<std::string> reached = ElsewhereMethods();
  for (const ApiCommand* row : ApiCommands()) reached.insert(row->method);
  std::vector<std::string> missing;
  for (const auto* service : ApiServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name = absl::StrCat(service->name(), ".", service->method(i)->name());
      if (reached.count(name) == 0) missing.push_back(name);
    }
  }
  EXPECT_THAT(missing, IsEmpty()) << "add a row to services/mesoctl/api/<service>_commands.cc";
}

TEST(ApiCommandsTest, NoFlagHidesAnotherOfItsCommand) {
  for (const Command& command : AllCommands().commands) {
    std::set<std::string> names;
    for (const Flag& flag : command.flags) {
      EXPECT_TRUE(names.insert(FlagKey(flag.name)).second)
          << command.path[0] << " " << command.path.back() << " --" << flag.name;
    }
  }
}

TEST(ApiCommandsTest, EveryHelpPageHasTwoExamplesOfItsOwnCommand) {
  const CommandSet& set = AllCommands();
  for (const Command& command : set.commands) {
    if (command.hidden) continue;
    EXPECT_THAT(command.examples, SizeIs(2)) << command.path[0];
    EXPECT_FALSE(command.summary.empty()) << command.path[0];
    EXPECT_FALSE(absl::EndsWith(command.summary, ".")) << command.path[0];
    for (const std::string& example : command.examples) {
      EXPECT_TRUE(absl::StrContains(example, "mesoctl")) << example;
    }
  }
  for (const CommandGroup& group : set.groups) {
    EXPECT_THAT(group.examples, SizeIs(2));
    for (const std::string& example : group.examples) {
      EXPECT_FALSE(absl::StrContains(example, "--help")) << example << ": a page has said that";
    }
  }
  std::set<std::string> nouns;
  for (const Command& command : set.commands) {
    if (command.path.size() > 1) nouns.insert(command.path[0]);
  }
  for (const std::string& noun : nouns) EXPECT_NE(FindGroup(set, {noun}), nullptr) << noun;
}

// A kit below its par stops nobody, so whoever starts a session must at least read of it.
TEST(ApiCommandsTest, TheStartOfASessionShowsWhatItWarnedOf) {
  scheduling::v1::Appointment started;
  started.set_name("sites/par-1/appointments/x");
  scheduling::v1::AppointmentWarning* warning = started.add_warnings();
  warning->set_code("EMERGENCY_KIT_BELOW_PAR");
  warning->set_description("products/EMR-ADR: 2 of 4 units usable");
  for (const ApiCommand* row : ApiCommands()) {
    if (absl::string_view(row->method) != "SchedulingService.StartAppointment") continue;
    RowsView view;
    view.type = started.GetDescriptor();
    view.rows = {&started};
    view.columns = absl::StrSplit(row->columns, ',');
    view.zone = [](const google::protobuf::Message&) { return absl::UTCTimeZone(); };
    std::ostringstream out;
    const absl::Status status = PrintRows(view, OutputOptions(), out);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(absl::StrContains(out.str(), "EMERGENCY_KIT_BELOW_PAR")) << out.str();
    EXPECT_TRUE(absl::StrContains(out.str(), "products/EMR-ADR: 2 of 4 units usable")) << out.str();
    return;
  }
  FAIL() << "no command starts a session";
}

}  // namespace
}  // namespace meso::mesoctl
