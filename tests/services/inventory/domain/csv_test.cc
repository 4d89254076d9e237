// RFC 4180, strictly: what is read, what is refused where, and that reading undoes writing.
#include "services/inventory/domain/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Cells = std::vector<std::string>;

// Reads the text in pieces of `piece` bytes.
std::vector<CsvRecord> Read(absl::string_view text, size_t piece = 1 << 20) {
  CsvReader reader;
  std::vector<CsvRecord> records;
  while (!text.empty()) {
    reader.Feed(text.substr(0, piece), records);
    text.remove_prefix(std::min(piece, text.size()));
  }
  reader.Finish(records);
  return records;
}

std::vector<Cells> CellsOf(absl::string_view text) {
  std::vector<Cells> all;
  for (const CsvRecord& record : Read(text)) {
    EXPECT_THAT(record.problems, IsEmpty()) << text;
    all.push_back(record.cells);
  }
  return all;
}

struct Found {
  int64_t record;
  int64_t field;
};
// The one problem of a text.
Found ProblemOf(absl::string_view text, absl::string_view description) {
  Found found{0, 0};
  int problems = 0;
  for (const CsvRecord& record : Read(text)) {
    for (const CsvProblem& problem : record.problems) {
      found = {record.number, problem.field};
      EXPECT_THAT(problem.description, HasSubstr(description));
      ++problems;
    }
  }
  EXPECT_EQ(problems, 1) << text;
  return found;
}

TEST(CsvTest, ReadsLinesThatEndInLfOrCrLfOrTheFilesEnd) {
  EXPECT_THAT(CellsOf("a,b\nc,d\n"), ElementsAre(Cells{"a", "b"}, Cells{"c", "d"}));
  EXPECT_THAT(CellsOf("a,b\r\nc,d"), ElementsAre(Cells{"a", "b"}, Cells{"c", "d"}));
  EXPECT_THAT(CellsOf("a,\n,b"), ElementsAre(Cells{"a", ""}, Cells{"", "b"}));
  EXPECT_THAT(CellsOf("a,"), ElementsAre(Cells{"a", ""}));
  EXPECT_THAT(CellsOf(","), ElementsAre(Cells{"", ""}));
  EXPECT_THAT(CellsOf("\"\""), ElementsAre(Cells{""}));
  EXPECT_THAT(CellsOf(""), IsEmpty());
}

TEST(CsvTest, EmptyLinesAreLeftOutButCount) {
  const std::vector<CsvRecord> records = Read("a\n\n\r\nb\n\n");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].number, 1);
  EXPECT_EQ(records[1].number, 4);
}

TEST(CsvTest, QuotesHoldCommasLineEndsAndQuotes) {
  EXPECT_THAT(CellsOf("\"a,b\",\"c\r\nd\ne\",\"say \"\"no\"\"\",\"\"\"\"\n"),
              ElementsAre(Cells{"a,b", "c\r\nd\ne", "say \"no\"", "\""}));
}

TEST(CsvTest, AByteOrderMarkIsNoPartOfTheFirstCell) {
  EXPECT_THAT(CellsOf("\xef\xbb\xbf"
                      "a,b\n"),
              ElementsAre(Cells{"a", "b"}));
  EXPECT_THAT(CellsOf("\xef\xbb\xbf\"a\"\n"), ElementsAre(Cells{"a"}));
  EXPECT_THAT(CellsOf("\xef\xbb\xbf"), IsEmpty());
  // Only at the front.
  EXPECT_THAT(CellsOf("a,\xef\xbb\xbf"
                      "b\n"),
              ElementsAre(Cells{"a",
                                "\xef\xbb\xbf"
                                "b"}));
  // A character that begins with the mark's first bytes.
  EXPECT_THAT(CellsOf("\xef\xbb\xbc\n"), ElementsAre(Cells{"\xef\xbb\xbc"}));
}

TEST(CsvTest, EveryMistakeIsNamedByRecordAndField) {
  const auto at = [](Found found) { return std::make_pair(found.record, found.field); };
  using P = std::pair<int64_t, int64_t>;
  EXPECT_EQ(at(ProblemOf("a,b\nc,d\"e\n", "quote inside")), P(2, 2));
  EXPECT_EQ(at(ProblemOf("a,b\n\"c\"d,e\n", "after the closing quote")), P(2, 1));
  EXPECT_EQ(at(ProblemOf("a,b\nc,\"d\n", "never closed")), P(2, 2));
  EXPECT_EQ(at(ProblemOf("a\rb\n", "CR without LF")), P(1, 1));
  EXPECT_EQ(at(ProblemOf("a,b\r", "CR without LF")), P(1, 2));
  EXPECT_EQ(at(ProblemOf(absl::string_view("a\nb,c\0d\n", 8), "NUL")), P(2, 2));
  EXPECT_EQ(at(ProblemOf("a,\"\xff\"\n", "not UTF-8")), P(1, 2));
  EXPECT_EQ(at(ProblemOf(std::string(kCsvCellBytesMax + 1, 'x'), "bytes in one cell")), P(1, 1));
  EXPECT_EQ(at(ProblemOf(std::string(2 * kCsvCellsMax, ','), "cells in one row")),
            P(1, kCsvCellsMax + 1));
}

TEST(CsvTest, GoesOnBehindAMistake) {
  const std::vector<CsvRecord> records = Read("a\"b,c\nd,e\n\"f\"g\nh");
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_THAT(records[0].problems, SizeIs(1));
  EXPECT_THAT(records[1].problems, IsEmpty());
  EXPECT_THAT(records[1].cells, ElementsAre("d", "e"));
  EXPECT_THAT(records[2].problems, SizeIs(1));
  EXPECT_THAT(records[3].problems, IsEmpty());
}

TEST(CsvTest, AnUnclosedQuoteTakesNoMoreMemoryThanACell) {
  CsvReader reader;
  std::vector<CsvRecord> records;
  reader.Feed("a,\"", records);
  for (int i = 0; i < 1000; ++i) reader.Feed("b,c\n", records);
  for (int i = 0; i < 1000; ++i) reader.Feed("d,e\n", records);
  reader.Finish(records);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(records[0].cells[1], SizeIs(kCsvCellBytesMax));
  EXPECT_THAT(records[0].problems, SizeIs(1));
}

TEST(CsvTest, KnowsWellFormedUtf8) {
  for (const char* good : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\x89", "\xed\x9f\xbf",
                           "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(CsvTest, WhatASpreadsheetWouldRunGetsAnApostrophe) {
  EXPECT_EQ(WriteCsvRecord({"=1+1", "+1", "-1", "@x", "\tx", "a=b"}),
            "'=1+1,'+1,'-1,'@x,'\tx,a=b\r\n");
  EXPECT_EQ(WriteCsvRecord({"\rx", "\n=x"}), "\"'\rx\",\"'\n=x\"\r\n");
  EXPECT_EQ(WriteCsvRecord({"'=1"}), "''=1\r\n") << "its own apostrophe comes back";
  EXPECT_EQ(WriteCsvRecord({"'tis"}), "'tis\r\n");
  EXPECT_THAT(CellsOf("'=1+1,''=1,'tis,',''\n"),
              ElementsAre(Cells{"=1+1", "'=1", "'tis", "'", "''"}));
}

// Cells of everything that means something to the reader, and characters of every length.
rc::Gen<std::string> AnyCell() {
  return rc::gen::map(rc::gen::container<Cells>(rc::gen::elementOf(Cells{"a",
                                                                         "Z",
                                                                         "7",
                                                                         " ",
                                                                         ",",
                                                                         "\"",
                                                                         "\n",
                                                                         "\r",
                                                                         "\r\n",
                                                                         "'",
                                                                         "=",
                                                                         "+",
                                                                         "-",
                                                                         "@",
                                                                         "\t",
                                                                         "\xc3\xa9",
                                                                         "\xe2\x82\xac",
                                                                         "\xf0\x9f\x92\x89",
                                                                         "\xef\xbb\xbf",
                                                                         "\x01"})),
                      [](const Cells& parts) {
                        std::string cell;
                        for (const std::string& part : parts) cell += part;
                        return cell;
                      });
}

RC_GTEST_PROP(CsvPropertyTest, ReadingUndoesWritingWhateverThePieces, ()) {
  std::vector<Cells> rows;
  std::string text;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    const Cells row = *rc::gen::container<Cells>(*rc::gen::inRange<size_t>(1, 6), AnyCell());
    rows.push_back(row);
    text += WriteCsvRecord(row);
  }
  const std::vector<CsvRecord> records = Read(text, *rc::gen::inRange<size_t>(1, 9));
  RC_ASSERT(records.size() == rows.size());
  std::string again;
  for (size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(records[i].problems.empty());
    RC_ASSERT(records[i].cells == rows[i]);
    again += WriteCsvRecord(records[i].cells);
  }
  RC_ASSERT(again == text);
}

RC_GTEST_PROP(CsvPropertyTest, AnyBytesAreReadTheSameInAnyPieces, ()) {
  const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(
      rc::gen::element<std::string>(",", "\"", "\n", "\r", "\r\n", "'", "=", "\xef\xbb\xbf", "a"),
      rc::gen::map(rc::gen::arbitrary<char>(), [](char c) { return std::string(1, c); })));
  std::string text;
  for (const std::string& part : parts) text += part;
  const std::vector<CsvRecord> whole = Read(text);
  const std::vector<CsvRecord> pieces = Read(text, *rc::gen::inRange<size_t>(1, 5));
  RC_ASSERT(whole.size() == pieces.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    RC_ASSERT(whole[i].number == pieces[i].number);
    RC_ASSERT(whole[i].cells == pieces[i].cells);
    RC_ASSERT(whole[i].problems.size() == pieces[i].problems.size());
    // What reads well can be written and read again.
    if (!whole[i].problems.empty()) continue;
    const std::vector<CsvRecord> again = Read(WriteCsvRecord(whole[i].cells));
    RC_ASSERT(again.size() == 1u);
    RC_ASSERT(again[0].cells == whole[i].cells);
    RC_ASSERT(again[0].problems.empty());
  }
}

RC_GTEST_PROP(CsvPropertyTest, NoWrittenCellRunsInASpreadsheet, ()) {
  const std::string cell = *AnyCell();
  const std::string line = WriteCsvRecord({cell});
  const char first = line[0] == '"' ? line[1] : line[0];
  RC_ASSERT(cell.empty() || !absl::StrContains("=+-@\t", first));
}

}  // namespace
}  // namespace meso::inventory
