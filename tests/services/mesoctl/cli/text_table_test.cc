#include "services/mesoctl/cli/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "services/mesoctl/cli/table_output.h"

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;

const TextTable kTable = {{"name", "time_zone"}, {{"é", "x, \"y\""}, {"", "z"}}};

TEST(TextTableTest, ColumnsAreAlignedAndEmptyCellsAreADash) {
  EXPECT_EQ(AlignedTable(kTable, false), "NAME  TIME ZONE\né     x, \"y\"\n-     z\n");
  EXPECT_THAT(AlignedTable(kTable, true), HasSubstr("\x1b[1m"));
}

TEST(TextTableTest, CsvQuotesWhatMustBe) {
  EXPECT_EQ(CsvTable(kTable), "name,time_zone\r\né,\"x, \"\"y\"\"\"\r\n,z\r\n");
}

TEST(TextTableTest, StoredTextCannotMoveTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb\n\tc\x7f"), "a\\x1b[2Jb\\n\\tc\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("Zürich 日本"), "Zürich 日本");
}

TEST(TextTableTest, EveryFormatTakesTheChosenColumns) {
  OutputOptions options;
  options.columns = {"time_zone"};
  const auto print = [&](OutputFormat format) {
    options.format = format;
    std::ostringstream out;
    EXPECT_TRUE(PrintTable(kTable, "name", options, out).ok());
    return out.str();
  };
  EXPECT_EQ(print(OutputFormat::kTable), "TIME ZONE\nx, \"y\"\nz\n");
  EXPECT_EQ(print(OutputFormat::kCsv), "time_zone\r\n\"x, \"\"y\"\"\"\r\nz\r\n");
  EXPECT_EQ(print(OutputFormat::kJson),
            "[\n  {\"time_zone\": \"x, \\\"y\\\"\"},\n  {\"time_zone\": \"z\"}\n]\n");
  EXPECT_EQ(print(OutputFormat::kName), "é\n\n");
  options.columns = {"zone"};
  options.format = OutputFormat::kTable;
  std::ostringstream out;
  const absl::Status status = PrintTable(kTable, "name", options, out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("name, time_zone"));
}

}  // namespace
}  // namespace meso::mesoctl
