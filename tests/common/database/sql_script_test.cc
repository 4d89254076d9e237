#include "common/database/sql_script.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

using ::testing::ElementsAre;

TEST(SqlScriptTest, CutsAtSemicolonsAndDropsCommentsAndEmptyStatements) {
  EXPECT_THAT(SplitStatements("-- first; really\nSELECT 1;; /* a;b */ SELECT 2 ;\n\n SELECT 3"),
              ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
  EXPECT_THAT(SplitStatements(""), ElementsAre());
  EXPECT_THAT(SplitStatements(" ; ;-- nothing"), ElementsAre());
}

TEST(SqlScriptTest, LeavesQuotedTextAlone) {
  EXPECT_THAT(SplitStatements("SELECT 'a;''b--c'; SELECT \"x;y\", `z;`"),
              ElementsAre("SELECT 'a;''b--c'", "SELECT \"x;y\", `z;`"));
}

TEST(SqlScriptTest, KeepsATriggerTogetherWithItsInnerStatements) {
  const std::string trigger =
      "CREATE TRIGGER a BEFORE UPDATE ON t WHEN new.begin_us > 1 BEGIN"
      " SELECT CASE WHEN new.x THEN RAISE(ABORT, 'end;') END; DELETE FROM u; END";
  EXPECT_THAT(SplitStatements(trigger + "; SELECT 1;"), ElementsAre(trigger, "SELECT 1"));
  EXPECT_THAT(SplitStatements("create temp trigger a before update on t begin select 1; end;x"),
              ElementsAre("create temp trigger a before update on t begin select 1; end", "x"));
}

TEST(SqlScriptTest, DoesNotTakeACaseInATableForATrigger) {
  EXPECT_THAT(SplitStatements("CREATE TABLE t (a CHECK (CASE WHEN a THEN 1 END)); SELECT 2"),
              ElementsAre("CREATE TABLE t (a CHECK (CASE WHEN a THEN 1 END))", "SELECT 2"));
}

TEST(SqlScriptTest, EndsOnAnyInput) {
  std::mt19937 random(1);
  const std::string alphabet = "CREATE TRIGGER BEGIN END CASE;'\"`-/*\n x";
  for (int round = 0; round < 2000; ++round) {
    std::string script;
    for (size_t n = random() % 60; n > 0; --n)
      script.push_back(alphabet[random() % alphabet.size()]);
    for (const std::string& statement : SplitStatements(script)) EXPECT_FALSE(statement.empty());
  }
}

}  // namespace
}  // namespace meso
