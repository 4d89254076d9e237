#include "common/process/build_info.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"

namespace meso {
namespace {

using nlohmann::json;

TEST(BuildInfoTest, ShowsEveryFactAsJson) {
  const BuildFacts facts{"1.2.3",
                         "unknown",
                         false,
                         "Release",
                         "GNU \"12\"",
                         "ab12",
                         {{"SQLite", "3.40.1"}, {"gRPC", "1.51.1"}}};
  const json shown = json::parse(BuildInfoJson(facts, "inventory", 1, 2));
  EXPECT_EQ(shown, (json{{"service", "inventory"},
                         {"version", "1.2.3"},
                         {"revision", "unknown"},
                         {"modified", false},
                         {"build_type", "Release"},
                         {"compiler", "GNU \"12\""},
                         {"schema_version", "1.2"},
                         {"contract_hash", "ab12"},
                         {"libraries", {{"SQLite", "3.40.1"}, {"gRPC", "1.51.1"}}}}));
}

TEST(BuildInfoTest, TheVersionNamesTheRevisionWhereItIsKnown) {
  BuildFacts facts;
  facts.version = "1.2.3";
  facts.revision = "unknown";
  EXPECT_EQ(VersionText(facts), "1.2.3");
  facts.revision = "ab12";
  EXPECT_EQ(VersionText(facts), "1.2.3 (revision ab12)");
  facts.modified = true;
  EXPECT_EQ(VersionText(facts), "1.2.3 (revision ab12, modified)");
}

TEST(BuildInfoTest, TheBuildKnowsWhatItIs) {
  const BuildFacts& facts = ThisBuild();
  EXPECT_NE(facts.version, "");
  EXPECT_TRUE(facts.revision == "unknown" || facts.revision.size() == 40) << facts.revision;
  EXPECT_NE(facts.build_type, "");
  EXPECT_NE(facts.compiler, "");
  EXPECT_EQ(facts.contract_hash.size(), 64u);
  EXPECT_GE(facts.libraries.size(), 5u);
  for (const auto& [name, version] : facts.libraries) {
    EXPECT_FALSE(version.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(version[0])))
        << name << " " << version;
  }
}

}  // namespace
}  // namespace meso
