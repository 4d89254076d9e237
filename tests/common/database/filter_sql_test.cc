#include "common/database/filter_sql.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

using ::testing::ElementsAre;

const std::map<std::string, FilterColumn>& Columns() {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"site", {"site"}},
      {"count", {"count", FilterType::kInt}},
      {"at_risk", {"at_risk", FilterType::kBool}},
      {"start_time", {"start_us", FilterType::kTime}},
      {"state", {"state", FilterType::kText, {"HELD", "CHECKED_IN"}}},
      {"tag", {"EXISTS (SELECT 1 FROM tag WHERE tag.lot = lot.id AND tag.name = $)"}}};
  return columns;
}

absl::StatusOr<FilterSql> Compile(absl::string_view text, int first = 1) {
  std::vector<std::string> fields;
  for (const auto& [field, column] : Columns()) fields.push_back(field);
  MESO_ASSIGN_OR_RETURN(const FilterNode node, ParseFilter(text, fields));
  return CompileFilter(node, Columns(), first);
}

TEST(FilterSqlTest, CompilesToParametersNumberedFromTheGivenOne) {
  const auto sql = Compile("site = \"sites/par-1\" AND (count >= 3 OR NOT at_risk = true)", 4);
  ASSERT_TRUE(sql.ok()) << sql.status();
  EXPECT_EQ(sql->where, "((site = $4) AND ((count >= $5) OR (NOT (at_risk = $6))))");
  EXPECT_THAT(sql->args,
              ElementsAre(Value(std::string("sites/par-1")), Value(int64_t{3}), Value(int64_t{1})));
}

TEST(FilterSqlTest, MatchesEverythingWithAnEmptyFilter) {
  EXPECT_EQ(Compile("  ")->where, "(1)");
  EXPECT_THAT(Compile("")->args, ElementsAre());
}

TEST(FilterSqlTest, RefusesValuesThatDoNotFitTheirColumn) {
  for (const char* text :
       {"count = many", "count = 1.5", "count = 99999999999999999999", "at_risk = 1",
        "at_risk > true", "start_time < yesterday", "start_time = 2026-11-20", "tag > x"}) {
    const absl::Status status = Compile(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "FILTER_INVALID") << text;
  }
}

TEST(FilterSqlTest, TakesAWordInAnyCaseWithAndWithoutItsPrefix) {
  for (const char* text : {"state = CHECKED_IN", "state = checked_in", "state = STATE_CHECKED_IN",
                           "state : \"State_Checked_In\""}) {
    const auto sql = Compile(text);
    ASSERT_TRUE(sql.ok()) << text << sql.status();
    EXPECT_EQ(sql->where, "(state = $1)");
    EXPECT_THAT(sql->args, ElementsAre(Value(std::string("CHECKED_IN")))) << text;
  }
  EXPECT_EQ(Compile("state != HELD")->where, "(state <> $1)");
  EXPECT_EQ(Compile("state:*")->where, "(COALESCE(state <> '', 0))");
}

TEST(FilterSqlTest, RefusesAWordThereIsNotAndNamesThoseThereAre) {
  for (const char* text : {"state = HELP", "state = STATE_", "state = \"\"", "state = KIND_HELD",
                           "NOT state = STATE_STATE_HELD", "count = 1 OR state != checkedin"}) {
    const absl::Status status = Compile(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "FILTER_INVALID") << text;
    EXPECT_THAT(status.message(), testing::HasSubstr("state is one of HELD, CHECKED_IN")) << text;
  }
  EXPECT_THAT(Compile("state > HELD").status().message(), testing::HasSubstr("use = or !="));
}

TEST(FilterSqlTest, KeepsValuesOutOfTheError) {
  const absl::Status status = Compile("count = patients/secret").status();
  EXPECT_EQ(ReasonOf(status), "FILTER_INVALID");
  EXPECT_THAT(status.ToString(), testing::Not(testing::HasSubstr("secret")));
}

struct SelectCase {
  const char* filter;
  std::vector<int64_t> ids;
};

TEST(FilterSqlTest, SelectsTheRowsItSays) {
  TempDatabase database;
  ASSERT_TRUE(database
                  ->Transact([](Transaction& tx) -> absl::Status {
                    for (const char* sql :
                         {"CREATE TABLE lot (id INTEGER, site TEXT, count INTEGER, at_risk INTEGER,"
                          " start_us INTEGER)",
                          "CREATE TABLE tag (lot INTEGER, name TEXT)",
                          "INSERT INTO lot VALUES (1, 'par', 5, 0, 0), (2, 'syd', -5, 1, 1000000),"
                          " (3, '', 7, 1, 2000000), (4, NULL, 7, 0, 3000000)",
                          "INSERT INTO tag VALUES (1, 'cold'), (1, 'new'), (2, 'cold')"}) {
                      MESO_RETURN_IF_ERROR(tx.Execute(sql, {}));
                    }
                    return absl::OkStatus();
                  })
                  .ok());
  const std::vector<SelectCase> cases = {
      {"", {1, 2, 3, 4}},
      {"site = par", {1}},
      {"site = \"par' OR '1'='1\"", {}},
      {"site:*", {1, 2}},
      {"site != par", {2, 3}},
      {"count = -5 OR count > 5", {2, 3, 4}},
      {"at_risk = true AND count < 7", {2}},
      {"NOT at_risk = true", {1, 4}},
      {"start_time >= \"1970-01-01T00:00:02Z\"", {3, 4}},
      {"start_time < \"1970-01-01T01:00:01+01:00\"", {1}},
      {"tag:cold", {1, 2}},
      {"tag:cold AND tag:new", {1}},
      {"NOT tag:cold", {3, 4}},
      {"tag != cold", {3, 4}},
      // OR binds tighter than AND.
      {"at_risk = false AND site = par OR count = 7", {1, 4}},
      {"(at_risk = false AND site = par) OR count = 7", {1, 3, 4}},
  };
  for (const SelectCase& c : cases) {
    const auto sql = Compile(c.filter, 2);
    ASSERT_TRUE(sql.ok()) << c.filter << sql.status();
    std::vector<int64_t> ids;
    EXPECT_TRUE(database
                    ->Read([&](Transaction& tx) -> absl::Status {
                      Values args = {int64_t{0}};
                      args.insert(args.end(), sql->args.begin(), sql->args.end());
                      MESO_ASSIGN_OR_RETURN(
                          const Rows rows,
                          tx.Query(Sql::Dynamic("SELECT id FROM lot WHERE id > $1 AND " +
                                                sql->where + " ORDER BY id"),
                                   args));
                      for (const Row& row : rows) ids.push_back(row.Int(0));
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(ids, c.ids) << c.filter;
  }
}

}  // namespace
}  // namespace meso
