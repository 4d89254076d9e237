// Rules about the source tree itself, read from the working directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tests/tidy/include_rule.h"
#include "tests/tidy/source_tree.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kFileLinesMax = 500;

TEST(IncludeRuleTest, HoldsForEveryFile) {
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree()) {
    for (const std::string& why : ForbiddenIncludes(file)) found.push_back(why);
  }
  EXPECT_THAT(found, IsEmpty()) << absl::StrJoin(found, "\n");
}

TEST(IncludeRuleTest, FindsEachKindOfPlantedViolation) {
  const std::pair<const char*, const char*> planted[] = {
      {"services/inventory/domain/lot.h", "#include \"meso/inventory/v1/lot.pb.h\""},
      {"services/inventory/domain/lot.h", "#include \"services/inventory/store/x.h\""},
      {"services/inventory/domain/lot.h", "#include \"common/database/database.h\""},
      {"services/inventory/store/x.cc", "#include <sqlite3.h>"},
      {"services/inventory/store/x.cc", "#include \"services/screening/domain/rule.h\""},
      {"services/inventory/inventory_operations.cc", "#include <grpcpp/grpcpp.h>"},
      {"services/inventory/rpc/x.cc", "#include \"meso/screening/v1/clearance.pb.h\""},
      {"services/inventory/events/inventory_events.cc",
       "#include \"services/inventory/inventory_operations.h\""},
      {"services/inventory/domain/gs1.cc", "#include <zint.h>"},
      {"services/inventory/domain/gs1.cc", "#include \"services/inventory/labels/lot_label.h\""},
      {"services/inventory/labels/lot_label.cc", "#include \"services/inventory/store/x.h\""},
      {"services/mesoctl/x.cc", "#include \"services/inventory/domain/lot.h\""},
      {"common/base/x.cc", "#include \"common/database/database.h\""},
      {"common/rpc/x.cc", "#include \"services/inventory/domain/lot.h\""},
      {"common/database/x.cc", "#include <grpcpp/grpcpp.h>"},
  };
  for (const auto& [path, text] : planted) {
    EXPECT_THAT(ForbiddenIncludes(MakeSourceFile(path, text)), Not(IsEmpty())) << path << text;
  }
}

TEST(IncludeRuleTest, AllowsTheConsumerOtherServicesEventMessages) {
  EXPECT_THAT(ForbiddenIncludes(MakeSourceFile("services/inventory/events/inventory_consumer.cc",
                                               "#include \"meso/scheduling/v1/events.pb.h\"")),
              IsEmpty());
}

TEST(HouseTest, NoFileIsLargerThanARoomAllows) {
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree()) {
    if (file.lines.size() > kFileLinesMax + 1) {
      found.push_back(absl::StrCat(file.path, ": ", file.lines.size(), " lines"));
    }
  }
  EXPECT_THAT(found, IsEmpty());
}

TEST(HouseTest, EveryHeaderOpensWithProse) {
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree()) {
    if (absl::EndsWith(file.path, ".h") && !absl::StartsWith(file.lines[0], "// ")) {
      found.push_back(file.path);
    }
  }
  EXPECT_THAT(found, IsEmpty());
}

// Words that mean unfinished work, a skipped test, a race hidden by waiting, or the machine's
// clock.
TEST(HouseTest, NothingIsLeftOpenSkippedOrSleptOver) {
  // Spelled in two halves, so that this file does not find itself.
  const std::pair<std::string, std::set<std::string>> forbidden[] = {
      {absl::StrCat("TO", "DO"), {}},
      {absl::StrCat("FIX", "ME"), {}},
      {absl::StrCat("DIS", "ABLED_"), {}},
      {absl::StrCat("GTEST_", "SKIP"), {}},
      {absl::StrCat("sleep", "_for("), {}},
      {absl::StrCat("absl::Sleep", "For("), {}},
      {absl::StrCat("us", "leep("), {}},
      {absl::StrCat("absl::", "Now()"), {"common/base/clock.cc", "common/base/log.cc"}},
  };
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree()) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      for (const auto& [text, allowed] : forbidden) {
        if (absl::StrContains(file.lines[i], text) && allowed.count(file.path) == 0) {
          found.push_back(absl::StrCat(file.path, ":", i + 1, ": ", text));
        }
      }
    }
  }
  EXPECT_THAT(found, IsEmpty()) << absl::StrJoin(found, "\n");
}

// The sibling law: outside domain/, a file named after its service exists in the other three.
TEST(HouseTest, SiblingsHaveTheSameRooms) {
  const std::string services[] = {"scheduling", "screening", "inventory", "audit"};
  const char* shape[] = {"README.md",
                         "CMakeLists.txt",
                         "main.cc",
                         "$_app.h",
                         "$_app.cc",
                         "$_operations.h",
                         "$_operations.cc",
                         "rpc/$_service.h",
                         "rpc/$_service.cc",
                         "rpc/$_convert.h",
                         "rpc/$_convert.cc",
                         "store/$_store.h",
                         "store/$_store.cc",
                         "store/migrations/0001_initial.sql",
                         "peers/$_peers.h",
                         "events/$_events.h",
                         "events/$_consumer.h"};
  std::vector<std::string> missing;
  for (const std::string& service : services) {
    for (const char* file : shape) {
      const std::string path =
          absl::StrCat("services/", service, "/", absl::StrReplaceAll(file, {{"$", service}}));
      if (!std::filesystem::exists(path)) missing.push_back(path);
    }
  }
  EXPECT_THAT(missing, IsEmpty());
}

}  // namespace
}  // namespace meso
