// Large files through a real server: how far it is while it reads and writes, a
// trial that keeps nothing, an export that is the file again, and one row too many.
#include <algorithm>
#include <thread>

#include "services/inventory/domain/stock_import.h"
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// A quarter of what a file may have: an unoptimised build reads and writes ten thousand rows in two
// seconds. meso-bench imports twice as many.
constexpr int64_t kLargeRows = 50000;
constexpr size_t kPiece = size_t{256} << 10;  // as large as a message may be

class LargeExchangeTest : public RpcFixture {
 protected:
  struct Outcome {
    absl::Status status;
    std::vector<int64_t> checked_rows;  // as told, in order
    std::vector<int64_t> written_rows;
    std::vector<v1::ImportReport> reports;
    bool report_last = false;
  };
  // Sends the whole file while it reads what the server says.
  Outcome Import(v1::ImportStockRequest part, absl::string_view text) {
    grpc::ClientContext context;
    TestServer::Prepare(manager_, &context);
    // Builds with sanitizers take several times as long.
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(300));
    const auto stream = stub_->ImportStock(&context);
    Outcome outcome;
    std::thread reading([&] {
      v1::ImportStockResponse message;
      while (stream->Read(&message)) {
        outcome.report_last = message.has_report();
        if (message.has_checked_rows()) outcome.checked_rows.push_back(message.checked_rows());
        if (message.has_written_rows()) outcome.written_rows.push_back(message.written_rows());
        if (message.has_report()) outcome.reports.push_back(message.report());
      }
    });
    for (size_t at = 0; at < text.size(); at += kPiece) {
      part.set_chunk(std::string(text.substr(at, kPiece)));
      if (!stream->Write(part)) break;  // the server has heard enough
      part.Clear();
    }
    stream->WritesDone();
    reading.join();
    outcome.status = GrpcToStatus(stream->Finish());
    return outcome;
  }
  Outcome Import(int n, bool validate_only, absl::string_view text) {
    v1::ImportStockRequest first;
    first.set_parent("sites/par-1");
    first.set_validate_only(validate_only);
    first.set_request_id(Uuid(n));
    return Import(first, text);
  }

  std::string Export() {
    grpc::ClientContext context;
    TestServer::Prepare(manager_, &context);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(300));
    v1::ExportStockRequest request;
    request.set_parent("sites/par-1");
    const auto reader = stub_->ExportStock(&context, request);
    std::string text;
    v1::ExportStockResponse piece;
    while (reader->Read(&piece)) text += piece.chunk();
    EXPECT_EQ(GrpcToStatus(reader->Finish()), absl::OkStatus());
    return text;
  }
  // Rows of lots nobody has heard of, as an export writes them.
  static std::string NewLots(int64_t count) {
    std::string rows;
    for (int64_t i = 0; i < count; ++i) {
      absl::StrAppend(&rows, "par-1,09521234000112,B-", i, ",2027-06-", 10 + i % 20, ",",
                      1 + i % 50, ",ampoule,main,2026-11-20T09:00:00+00:00,DN-", i / 100,
                      ",12.50,EUR,,RELEASED,", 1 + i % 50, ",0,", 1 + i % 50, ",,\r\n");
    }
    return rows;
  }
  // The cheapest row, again and again: units of one lot.
  static std::string SameLot(int64_t count) {
    std::string text = "site_code,gtin,lot,expiry,qty\n";
    for (int64_t i = 0; i < count; ++i) text += "par-1,09521234000112,C-1,2027-06-30,1\n";
    return text;
  }
  static void ExpectGrowing(const std::vector<int64_t>& rows) {
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  }
};

TEST_F(LargeExchangeTest, ALargeFileGoesInAndComesOutAgain) {
  const std::string before = Export();
  const std::string rows = NewLots(kLargeRows);
  const std::string header = before.substr(0, before.find("\r\n") + 2);
  const std::string text = header + rows;

  const Outcome trial = Import(1, /*validate_only=*/true, text);
  ASSERT_EQ(trial.status, absl::OkStatus());
  ASSERT_THAT(trial.reports, SizeIs(1));
  EXPECT_EQ(trial.reports[0].imported_rows(), kLargeRows);
  EXPECT_EQ(trial.reports[0].new_lots(), kLargeRows);
  EXPECT_EQ(trial.reports[0].error_count(), 0);
  EXPECT_THAT(trial.written_rows, IsEmpty());
  EXPECT_EQ(Export(), before) << "a trial keeps nothing";

  const Outcome real = Import(2, /*validate_only=*/false, text);
  ASSERT_EQ(real.status, absl::OkStatus());
  ASSERT_THAT(real.reports, SizeIs(1));
  EXPECT_TRUE(real.report_last);
  EXPECT_EQ(real.reports[0].imported_rows(), kLargeRows);
  EXPECT_EQ(real.reports[0].new_lots(), kLargeRows);
  EXPECT_FALSE(real.reports[0].repeated()) << "a trial is no import";
  // A message for every part of the file, and one at its end.
  ExpectGrowing(real.checked_rows);
  EXPECT_GE(real.checked_rows.size(), text.size() / kPiece);
  EXPECT_GT(real.checked_rows.front(), 0);
  EXPECT_LT(real.checked_rows.front(), kLargeRows / 10);
  EXPECT_EQ(real.checked_rows.back(), kLargeRows);
  ExpectGrowing(real.written_rows);
  for (const int64_t written : real.written_rows) EXPECT_LE(written, kLargeRows);

  const std::string after = Export();
  EXPECT_EQ(after.size(), before.size() + rows.size());
  // Not EXPECT_EQ: nobody reads a difference of ten megabytes.
  EXPECT_TRUE(after == before + rows) << "what went in comes out, in its order";
}

TEST_F(LargeExchangeTest, OneRowMoreThanThereMayBeIsRefused) {
  const std::string before = Export();
  // Rows count before anything is known of them, which is the quick way to the bound.
  std::string full = "a column nobody knows\n";
  for (int64_t i = 0; i < kImportRowsMax; ++i) full += "x\n";
  const Outcome judged = Import(1, /*validate_only=*/true, full);
  ASSERT_EQ(judged.status, absl::OkStatus());
  ASSERT_THAT(judged.reports, SizeIs(1));
  EXPECT_EQ(judged.reports[0].rows(), kImportRowsMax);

  const Outcome refused = Import(2, /*validate_only=*/false, SameLot(kImportRowsMax + 1));
  Expect(refused.status, Code::kInvalidArgument, "RANGE_TOO_LARGE");
  EXPECT_EQ(DetailsOf(refused.status).metadata.at("rows_max"), absl::StrCat(kImportRowsMax));
  EXPECT_THAT(refused.reports, IsEmpty());
  EXPECT_THAT(refused.written_rows, IsEmpty());
  EXPECT_EQ(Export(), before);
}

}  // namespace
}  // namespace meso::inventory
