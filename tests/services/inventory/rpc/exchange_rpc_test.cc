// ImportStock and ExportStock as a client sees them: parts, progress, reports, rights, repetitions,
// and callers that go away.
#include "absl/strings/str_split.h"
#include "services/inventory/rpc/import_stream.h"
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kHeader[] = "site_code,gtin,lot,expiry,qty,hold\n";

class ExchangeTest : public RpcServerFixture {
 protected:
  ExchangeTest() : RpcServerFixture({Paris(), Sydney()}) { MakeProduct(); }

  static v1::ImportStockRequest First(int n, const std::string& parent = "sites/par-1") {
    v1::ImportStockRequest first;
    first.set_parent(parent);
    first.set_request_id(Uuid(n));
    return first;
  }
  struct Outcome {
    absl::Status status;
    std::vector<v1::ImportStockResponse> messages;
    // The last message, when it is a report.
    v1::ImportReport report;
  };
  // Sends the first part with the text in pieces of at most `piece` bytes, then reads everything.
  Outcome Import(v1::ImportStockRequest part, const std::string& text, const std::string& token,
                 size_t piece = 100000) {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    auto stream = stub_->ImportStock(&context);
    size_t at = 0;
    bool taken = true;
    do {
      part.set_chunk(text.substr(at, piece));
      taken = stream->Write(part);
      part.Clear();
      at += piece;
    } while (taken && at < text.size());
    stream->WritesDone();
    return Finish(*stream);
  }
  template <typename Stream>
  Outcome Finish(Stream& stream) {
    Outcome outcome;
    v1::ImportStockResponse message;
    while (stream.Read(&message)) outcome.messages.push_back(message);
    outcome.status = GrpcToStatus(stream.Finish());
    if (!outcome.messages.empty()) outcome.report = outcome.messages.back().report();
    return outcome;
  }
  static std::string Row(int lot, const std::string& site = "par-1", int quantity = 3) {
    return absl::StrCat(site, ",09521234000112,L", lot, ",2027-06-30,", quantity, ",\n");
  }
  static std::string Rows(int count, const std::string& site = "par-1") {
    std::string rows;
    for (int i = 0; i < count; ++i) rows += Row(i, site);
    return rows;
  }
  struct Exported {
    absl::Status status;
    std::string text;
    int64_t rows = 0;
    int pieces = 0;
  };
  Exported Export(const std::string& token, const std::string& parent = "sites/-",
                  const std::string& filter = "") {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    v1::ExportStockRequest request;
    request.set_parent(parent);
    request.set_filter(filter);
    auto reader = stub_->ExportStock(&context, request);
    Exported exported;
    v1::ExportStockResponse piece;
    while (reader->Read(&piece)) {
      EXPECT_LE(piece.chunk().size(), size_t{64} << 10);
      EXPECT_GE(piece.rows(), exported.rows);
      exported.text += piece.chunk();
      exported.rows = piece.rows();
      ++exported.pieces;
    }
    exported.status = GrpcToStatus(reader->Finish());
    return exported;
  }
  void ExpectNothingImported() { EXPECT_EQ(Export(chain_manager_).rows, 0); }
};

TEST_F(ExchangeTest, TakesAFileInPartsAndSaysHowFarItIs) {
  const Outcome outcome = Import(First(1), kHeader + Rows(5000), manager_, 20000);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.report.rows(), 5000);
  EXPECT_EQ(outcome.report.imported_rows(), 5000);
  EXPECT_EQ(outcome.report.ampoules(), 15000);
  EXPECT_EQ(outcome.report.new_lots(), 5000);
  EXPECT_FALSE(outcome.report.repeated());
  int64_t checked = 0;
  ASSERT_GT(outcome.messages.size(), 3u);
  for (size_t i = 0; i + 1 < outcome.messages.size(); ++i) {
    const v1::ImportStockResponse& message = outcome.messages[i];
    EXPECT_FALSE(message.has_report()) << "it is the last message";
    if (message.part_case() != v1::ImportStockResponse::kCheckedRows) continue;
    EXPECT_GE(message.checked_rows(), checked);
    checked = message.checked_rows();
  }
  EXPECT_EQ(checked, 5000);
  const AuditRecord entry = server_.Entries().back();
  EXPECT_EQ(entry.outcome, "OK");
  EXPECT_EQ(entry.action, "C");
  EXPECT_EQ(entry.request_id, Uuid(1));
  EXPECT_EQ(entry.site, "sites/par-1");
  EXPECT_EQ(entry.facts.at("imported_rows"), "5000");
  EXPECT_THAT(entry.facts.at("file_sha256"), SizeIs(64));
}

TEST_F(ExchangeTest, AFileOfSingleBytesIsTheSame) {
  const Outcome outcome = Import(First(1), kHeader + Rows(3), manager_, 1);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.report.imported_rows(), 3);
  EXPECT_TRUE(Import(First(2), kHeader + Rows(3), manager_).report.repeated());
}

TEST_F(ExchangeTest, MistakesAreReportedByRowColumnAndCode) {
  const std::string text = absl::StrCat(kHeader, Row(1), "par-1,09521234000113,L2,2027-06-30,0,\n");
  const Outcome outcome = Import(First(1), text, manager_);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.report.rows(), 2);
  EXPECT_EQ(outcome.report.imported_rows(), 0);
  EXPECT_EQ(outcome.report.error_count(), 2);
  ASSERT_THAT(outcome.report.errors(), SizeIs(2));
  EXPECT_EQ(outcome.report.errors(0).row(), 3);
  EXPECT_EQ(outcome.report.errors(0).column(), "gtin");
  EXPECT_EQ(outcome.report.errors(0).code(), "CHECK_DIGIT_WRONG");
  EXPECT_EQ(outcome.report.errors(1).column(), "qty");
  ExpectNothingImported();
  const std::vector<AuditRecord> entries = server_.Entries();
  EXPECT_EQ(entries[entries.size() - 2].facts.at("error_count"), "2");
  // The file corrected, the same request may go on: nothing was kept of the refused one.
  EXPECT_EQ(Import(First(1), kHeader + Row(1), manager_).report.imported_rows(), 1);
}

TEST_F(ExchangeTest, ARepeatedRequestGetsTheFirstAnswerAndAnotherFileNone) {
  const Outcome first = Import(First(1), kHeader + Rows(3), manager_);
  ASSERT_EQ(first.status, absl::OkStatus());
  const Outcome again = Import(First(1), kHeader + Rows(3), manager_, 7);
  ASSERT_EQ(again.status, absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first.report, again.report));
  Expect(Import(First(1), kHeader + Rows(4), manager_).status, Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  v1::ImportStockRequest opening = First(1);
  opening.set_opening_balance(true);
  Expect(Import(opening, kHeader + Rows(3), manager_).status, Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  EXPECT_EQ(Export(manager_).rows, 3);
  EXPECT_THAT(Export(manager_).text, HasSubstr(",3,ampoule,main,"));
}

TEST_F(ExchangeTest, ATrialNeedsNoRequestIdAndChangesNothing) {
  v1::ImportStockRequest trial = First(1);
  trial.clear_request_id();
  trial.set_validate_only(true);
  const Outcome outcome = Import(trial, kHeader + Rows(3), manager_);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.report.imported_rows(), 3);
  ExpectNothingImported();
  EXPECT_FALSE(Import(First(1), kHeader + Rows(3), manager_).report.repeated());
}

TEST_F(ExchangeTest, SeveralSitesInOneFile) {
  const std::string text = absl::StrCat(kHeader, Row(1), Row(1, "syd-1"));
  const Outcome refused = Import(First(1, "sites/-"), text, manager_);
  ASSERT_EQ(refused.status, absl::OkStatus());
  ASSERT_THAT(refused.report.errors(), SizeIs(1));
  EXPECT_EQ(refused.report.errors(0).code(), "SITE_FORBIDDEN");
  EXPECT_EQ(refused.report.errors(0).row(), 3);
  EXPECT_EQ(Import(First(2, "sites/-"), text, chain_manager_).report.imported_rows(), 2);
  EXPECT_EQ(Import(First(3, "sites/-"), kHeader + Row(1), manager_).report.imported_rows(), 1);
}

TEST_F(ExchangeTest, WhoMayNotIsRefusedBeforeAnythingIsRead) {
  const std::string text = kHeader + Rows(3);
  Expect(Import(First(1), text, "").status, Code::kUnauthenticated, "TOKEN_MISSING");
  Expect(Import(First(1), text, nurse_).status, Code::kPermissionDenied, "ROLE_REQUIRED");
  Expect(Import(First(1), text, elsewhere_).status, Code::kPermissionDenied, "SITE_FORBIDDEN");
  Expect(Import(First(1, "sites/rom-1"), text, manager_).status, Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Import(First(1, "sites/rom-1"), text, chain_manager_).status, Code::kUnavailable,
         "DEPENDENCY_DOWN");
  ExpectNothingImported();
}

TEST_F(ExchangeTest, EveryMalformedPartNamesItsFields) {
  const std::string text = kHeader + Rows(3);
  absl::Status status = Import(v1::ImportStockRequest(), text, manager_).status;
  Expect(status, Code::kInvalidArgument, "FIELD_REQUIRED");
  EXPECT_THAT(Fields(status), ::testing::UnorderedElementsAre("parent", "request_id"));
  v1::ImportStockRequest part = First(1);
  part.set_request_id("7");
  status = Import(part, text, manager_).status;
  Expect(status, Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_THAT(Fields(status), ::testing::ElementsAre("request_id"));
  for (const char* parent : {"par-1", "sites/", "sites/par-1/storageUnits/main", "sites/a b"}) {
    status = Import(First(1, parent), text, manager_).status;
    EXPECT_TRUE(ReasonOf(status) == "FIELD_INVALID" || ReasonOf(status) == "SITE_FORBIDDEN")
        << parent << ": " << status;
  }
  status = Import(First(1), std::string((256 << 10) + 1, 'x'), manager_, 1 << 20).status;
  Expect(status, Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_THAT(Fields(status), ::testing::ElementsAre("chunk"));

  grpc::ClientContext nothing;
  TestServer::Prepare(manager_, &nothing);
  auto empty = stub_->ImportStock(&nothing);
  empty->WritesDone();
  Expect(Finish(*empty).status, Code::kInvalidArgument, "FIELD_REQUIRED");

  grpc::ClientContext context;
  TestServer::Prepare(manager_, &context);
  auto stream = stub_->ImportStock(&context);
  stream->Write(First(1));
  v1::ImportStockRequest other = First(2, "sites/syd-1");
  other.set_opening_balance(true);
  other.set_validate_only(true);
  stream->Write(other);
  stream->WritesDone();
  status = Finish(*stream).status;
  Expect(status, Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_THAT(Fields(status), ::testing::UnorderedElementsAre("parent", "request_id",
                                                              "opening_balance", "validate_only"));
  ExpectNothingImported();
}

TEST_F(ExchangeTest, TooManyRowsEndTheCall) {
  std::string text = "nothing known\n";
  for (int64_t i = 0; i <= kImportRowsMax; ++i) text += "x\n";
  Expect(Import(First(1), text, manager_).status, Code::kInvalidArgument, "RANGE_TOO_LARGE");
}

// However far the caller came - parts cut at the end of a row look like a whole file - nothing of
// it is left.
TEST_F(ExchangeTest, ACallerThatGoesAwayMidwayLeavesNothing) {
  for (int round = 0; round < 60; ++round) {
    grpc::ClientContext context;
    TestServer::Prepare(manager_, &context);
    auto stream = stub_->ImportStock(&context);
    v1::ImportStockRequest part = First(round);
    part.set_chunk(kHeader + Rows(1 + round));
    ASSERT_TRUE(stream->Write(part));
    if (round % 3 == 1) {
      part.Clear();
      part.set_chunk(Row(1000));
      stream->Write(part);
    }
    if (round % 3 == 2) {
      // The server has surely taken the part when it asks for more than the transport's window.
      part.Clear();
      part.set_chunk(Rows(2000));
      stream->Write(part);
      v1::ImportStockResponse progress;
      if (!stream->Read(&progress)) {
        // Those that were left before are not all gone.
        Expect(Finish(*stream).status, Code::kResourceExhausted, "OVERLOADED");
        continue;
      }
    }
    context.TryCancel();
    const absl::Status left = Finish(*stream).status;
    EXPECT_TRUE(left.code() == Code::kCancelled || ReasonOf(left) == "OVERLOADED") << left;
  }
  server_.Stop();  // waits for all of them
  ASSERT_TRUE(server_.database()
                  .Read([&](Transaction& tx) -> absl::Status {
                    const auto lots = operations_.ListLots(tx, CallContext(), PageQuery());
                    if (!lots.ok()) return lots.status();
                    EXPECT_EQ(lots->items.size(), 0u);
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(ExchangeTest, ASlowCallerHoldsNobodyUp) {
  grpc::ClientContext context;
  TestServer::Prepare(manager_, &context);
  auto slow = stub_->ImportStock(&context);
  v1::ImportStockRequest part = First(1);
  part.set_chunk(absl::StrCat(kHeader, "par-1,095212"));
  ASSERT_TRUE(slow->Write(part));
  // Others come and go meanwhile, as many as there are threads and more.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Import(First(100 + i), kHeader + Row(i), manager_).report.imported_rows(), 1);
  }
  part.Clear();
  part.set_chunk("34000112,L99,2027-06-30,3,\n");
  ASSERT_TRUE(slow->Write(part));
  slow->WritesDone();
  EXPECT_EQ(Finish(*slow).report.imported_rows(), 1);
}

TEST_F(ExchangeTest, SoManyFilesAreReadAtOnceAndNoMore) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<
      std::unique_ptr<grpc::ClientReaderWriter<v1::ImportStockRequest, v1::ImportStockResponse>>>
      streams;
  for (int i = 0; i < ImportStream::kAtOnceMax; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    TestServer::Prepare(manager_, contexts.back().get());
    streams.push_back(stub_->ImportStock(contexts.back().get()));
    v1::ImportStockRequest part = First(i);
    part.set_chunk(kHeader + Rows(2500));
    ASSERT_TRUE(streams.back()->Write(part));
    v1::ImportStockResponse progress;
    ASSERT_TRUE(streams.back()->Read(&progress));
  }
  const absl::Status refused = Import(First(50), kHeader + Row(1), manager_).status;
  Expect(refused, Code::kResourceExhausted, "OVERLOADED");
  EXPECT_TRUE(DetailsOf(refused).retry_after.has_value());
  contexts[0]->TryCancel();
  Finish(*streams[0]);
  streams[1]->WritesDone();
  EXPECT_EQ(Finish(*streams[1]).report.imported_rows(), 2500);
  for (size_t i = 2; i < streams.size(); ++i) {
    contexts[i]->TryCancel();
    Finish(*streams[i]);
  }
}

TEST_F(ExchangeTest, ExportsInPiecesWhatAnImportTakes) {
  ASSERT_EQ(Import(First(1), kHeader + Rows(3000), manager_).report.imported_rows(), 3000);
  const Exported exported = Export(manager_, "sites/par-1");
  ASSERT_EQ(exported.status, absl::OkStatus());
  EXPECT_EQ(exported.rows, 3000);
  EXPECT_GT(exported.pieces, 2);
  const std::vector<std::string> lines = absl::StrSplit(exported.text, "\r\n");
  EXPECT_THAT(lines, SizeIs(3002));
  EXPECT_EQ(lines[0],
            "site_code,gtin,lot,expiry,qty,unit,storage_location,received_at,supplier_ref,"
            "unit_cost,currency,hold,state,on_hand,reserved,available,opened_at,bud_at");
  EXPECT_EQ(lines[1],
            "par-1,09521234000112,L0,2027-06-30,3,ampoule,main,2026-11-20T09:00:00+00:00,,,,,"
            "RELEASED,3,0,3,,");
  const AuditRecord entry = server_.Entries().back();
  EXPECT_EQ(entry.action, "E");
  EXPECT_EQ(entry.facts.at("rows"), "3000");
  v1::ImportStockRequest opening = First(2);
  opening.set_opening_balance(true);
  EXPECT_EQ(Import(opening, exported.text, manager_).report.imported_rows(), 3000);
}

TEST_F(ExchangeTest, ExportsWhatTheFilterAndTheRightsLeave) {
  ASSERT_EQ(
      Import(First(1, "sites/-"), absl::StrCat(kHeader, Row(1), Row(2, "syd-1")), chain_manager_)
          .report.imported_rows(),
      2);
  EXPECT_EQ(Export(chain_manager_).rows, 2);
  EXPECT_EQ(Export(manager_).rows, 1);
  EXPECT_EQ(Export(nurse_).rows, 1);
  EXPECT_EQ(Export(chain_manager_, "sites/syd-1").rows, 1);
  EXPECT_EQ(Export(chain_manager_, "sites/-", "product = products/A").rows, 2);
  EXPECT_EQ(Export(chain_manager_, "sites/-", "product = products/B").rows, 0);
  Expect(Export(chain_manager_, "sites/-", "color = red").status, Code::kInvalidArgument,
         "FILTER_INVALID");
  Expect(Export(chain_manager_, "").status, Code::kInvalidArgument, "FIELD_REQUIRED");
  Expect(Export(chain_manager_, "par-1").status, Code::kInvalidArgument, "FIELD_INVALID");
  Expect(Export(manager_, "sites/syd-1").status, Code::kPermissionDenied, "SITE_FORBIDDEN");
  Expect(Export("").status, Code::kUnauthenticated, "TOKEN_MISSING");
}

TEST_F(ExchangeTest, AReaderThatGoesAwayMidwayEndsTheExport) {
  ASSERT_EQ(Import(First(1), kHeader + Rows(3000), manager_).report.imported_rows(), 3000);
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext context;
    TestServer::Prepare(manager_, &context);
    v1::ExportStockRequest request;
    request.set_parent("sites/par-1");
    auto reader = stub_->ExportStock(&context, request);
    v1::ExportStockResponse piece;
    ASSERT_TRUE(reader->Read(&piece));
    context.TryCancel();
    while (reader->Read(&piece)) {
    }
    reader->Finish();
  }
  EXPECT_EQ(Export(manager_).rows, 3000);
}

}  // namespace
}  // namespace meso::inventory
