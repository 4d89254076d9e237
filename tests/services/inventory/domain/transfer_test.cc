// What is decided about transfers: whose units arrived, which were never sent, and what a variance
// must account for.
#include "services/inventory/domain/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

const LotName kA("lots/a");
const LotName kB("lots/b");

TransferLine Line(const LotName& lot, const std::string& unit, int64_t ampoules) {
  TransferLine line;
  line.lot = lot;
  line.unit = unit;
  line.ampoules = ampoules;
  line.in_transit = ampoules;
  return line;
}

Transfer Shipped(std::vector<TransferLine> lines) {
  Transfer transfer;
  transfer.name = TransferName("transfers/t");
  transfer.from_site = SiteName("sites/par-1");
  transfer.to_site = SiteName("sites/syd-1");
  transfer.document = "SN-1";
  transfer.lines = std::move(lines);
  transfer.state = TransferState::kShipped;
  return transfer;
}

std::vector<std::string> Causes(const absl::Status& status) {
  std::vector<std::string> causes;
  for (const Violation& violation : DetailsOf(status).violations) {
    causes.push_back(absl::StrCat(violation.reason, " ", violation.subject));
  }
  return causes;
}

std::vector<std::string> Broken(const Transfer& transfer) {
  FieldErrors errors;
  CheckTransfer(transfer, errors);
  return Causes(errors.ToStatus());
}

TEST(TransferTest, StatesReadBackAsTheyAreWritten) {
  for (int i = 1; i <= 5; ++i) {
    const auto state = static_cast<TransferState>(i);
    EXPECT_EQ(TransferStateOf(ToText(state)), state);
  }
  EXPECT_EQ(TransferStateOf("LOST"), TransferState::kUnspecified);
}

TEST(TransferTest, ANewOneGoesElsewhereWithEachShelfOnce) {
  Transfer transfer = Shipped({Line(kA, "main", 1), Line(kA, "fridge", 1000000)});
  EXPECT_THAT(Broken(transfer), IsEmpty());
  transfer.lines = {Line(kA, "main", 0), Line(kB, "main", 1000001), Line(kA, "main", 1)};
  transfer.to_site = transfer.from_site;
  transfer.document = std::string(65, 'x');
  EXPECT_THAT(Broken(transfer),
              ElementsAre("FIELD_INVALID transfer.to_site", "FIELD_INVALID transfer.document",
                          "FIELD_INVALID transfer.lines[0].ampoules",
                          "FIELD_INVALID transfer.lines[1].ampoules",
                          "FIELD_INVALID transfer.lines[2].lot"));
  transfer = Shipped(std::vector<TransferLine>(101, Line(kA, "main", 1)));
  EXPECT_THAT(Broken(transfer), ElementsAre("FIELD_INVALID transfer.lines"));
}

TEST(TransferTest, ArrivalsAreBookedDamagedFirstAndTheRestIsOver) {
  struct Case {
    const char* what;
    int64_t sent, ampoules, damaged;
    int64_t received, wasted, over;
  };
  const Case cases[] = {{"all in order", 10, 10, 0, 10, 0, 0},
                        {"nothing", 10, 0, 0, 0, 0, 0},
                        {"short", 10, 7, 0, 7, 0, 0},
                        {"short and damaged", 10, 7, 2, 7, 2, 0},
                        {"all damaged", 10, 0, 10, 0, 10, 0},
                        {"over", 10, 12, 0, 10, 0, 2},
                        {"over and damaged", 10, 10, 1, 9, 1, 1}};
  for (const Case& c : cases) {
    const auto receipts = DecideReceipt(Shipped({Line(kA, "fridge", c.sent)}),
                                        {{kA, "", "main", c.ampoules, c.damaged, "box crushed"}});
    ASSERT_TRUE(receipts.ok()) << c.what << receipts.status();
    EXPECT_EQ(receipts->front().received, c.received) << c.what;
    EXPECT_EQ(receipts->front().damaged, c.wasted) << c.what;
    EXPECT_EQ(receipts->front().over, c.over) << c.what;
  }
}

TEST(TransferTest, AnArrivalMeansOneLineAndSaysWhy) {
  const Transfer transfer =
      Shipped({Line(kA, "fridge", 4), Line(kA, "shelf", 4), Line(kB, "fridge", 4)});
  const auto refused = [&](std::vector<Arrival> arrivals) {
    const absl::Status status = DecideReceipt(transfer, arrivals).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << status;
    return Causes(status);
  };
  EXPECT_THAT(refused({{kA, "", "main", 4, 0, ""}}),
              ElementsAre("FIELD_REQUIRED lines[0].from_storage_unit"));
  EXPECT_THAT(refused({{LotName("lots/c"), "", "main", 4, 0, ""}}),
              ElementsAre("FIELD_INVALID lines[0].lot"));
  EXPECT_THAT(refused({{kB, "shelf", "main", 4, 0, ""}}),
              ElementsAre("FIELD_INVALID lines[0].from_storage_unit"));
  EXPECT_THAT(refused({{kB, "", "main", 2, 0, ""}, {kB, "fridge", "x", 2, 0, ""}}),
              ElementsAre("FIELD_INVALID lines[1].lot"));
  EXPECT_THAT(refused({{kB, "", "main", 5, 0, ""}}), ElementsAre("FIELD_REQUIRED lines[0].reason"));
  EXPECT_THAT(refused({{kB, "", "main", 3, 1, ""}}), ElementsAre("FIELD_REQUIRED lines[0].reason"));
  EXPECT_THAT(refused({{kB, "", "main", 0, 5, "broken"}}),
              ElementsAre("FIELD_INVALID lines[0].damaged_ampoules"));
  const auto receipts =
      DecideReceipt(transfer, {{kA, "shelf", "main", 4, 0, ""}, {kB, "", "main", 4, 0, ""}});
  ASSERT_TRUE(receipts.ok()) << receipts.status();
  EXPECT_EQ((*receipts)[0].line, 1u);
  EXPECT_EQ((*receipts)[1].line, 2u);
}

TEST(TransferTest, WithoutAUnitMainIsMeantWhereTheLotIsInSeveralLines) {
  const auto receipts = DecideReceipt(Shipped({Line(kA, "fridge", 4), Line(kA, "main", 4)}),
                                      {{kA, "", "main", 4, 0, ""}});
  ASSERT_TRUE(receipts.ok()) << receipts.status();
  EXPECT_EQ(receipts->front().line, 1u);
}

TEST(TransferTest, OnlyWhatIsUnderWayArrives) {
  for (const TransferState state : {TransferState::kDraft, TransferState::kVariance,
                                    TransferState::kReceived, TransferState::kCancelled}) {
    Transfer transfer = Shipped({Line(kA, "main", 4)});
    transfer.state = state;
    const absl::Status status = DecideReceipt(transfer, {{kA, "", "main", 4, 0, ""}}).status();
    EXPECT_EQ(status.code(), Code::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(status), "TRANSFER_STATE");
    EXPECT_EQ(DetailsOf(status).metadata["state"], ToText(state));
  }
}

TEST(TransferTest, WhoShippedItDoesNotWriteItOff) {
  Transfer transfer;
  transfer.name = TransferName("transfers/t");
  transfer.state = TransferState::kVariance;
  transfer.shipper = "users/s";
  transfer.receiver = "users/r";
  transfer.lines = {{}};
  transfer.lines[0].lot = kA;
  transfer.lines[0].unit = "main";
  transfer.lines[0].ampoules = 4;
  transfer.lines[0].in_transit = 4;
  const Resolution lost{kA, "", ResolutionKind::kLost, 1, "not found"};
  const Resolution back{kA, "", ResolutionKind::kReturned, 3, "left behind"};
  const Resolution all_back{kA, "", ResolutionKind::kReturned, 4, "left behind"};
  EXPECT_EQ(ReasonOf(DecideClosing(transfer, {back, lost}, "users/s").status()), "SELF_APPROVAL");
  EXPECT_TRUE(DecideClosing(transfer, {back, lost}, "users/c").ok());
  EXPECT_TRUE(DecideClosing(transfer, {all_back}, "users/s").ok()) << "it is on the own shelf";
}

TEST(TransferTest, AClosingAccountsForUnitsUnderWayOnceAtMost) {
  Transfer transfer = Shipped({Line(kA, "main", 4), Line(kB, "main", 9)});
  transfer.state = TransferState::kVariance;
  transfer.receiver = "users/r";
  transfer.lines[1].in_transit = 0;
  const Resolution lost{kA, "", ResolutionKind::kLost, 1, "not found"};
  const Resolution back{kA, "", ResolutionKind::kReturned, 3, "left behind"};
  const auto whole = DecideClosing(transfer, {lost, back}, "users/c");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ((*whole)[1].ampoules, 3);

  const auto refused = [&](std::vector<Resolution> resolutions, const char* closer) {
    return DecideClosing(transfer, resolutions, closer).status();
  };
  EXPECT_TRUE(DecideClosing(transfer, {lost}, "users/c").ok()) << "the rest stays under way";
  Resolution more = back;
  more.ampoules = 4;
  EXPECT_TRUE(DecideClosing(transfer, {more}, "users/c").ok());
  absl::Status status = refused({lost, more}, "users/c");
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "TRANSFER_STATE");
  EXPECT_THAT(Causes(status), ElementsAre("TRANSFER_STATE lots/a"));
  const Resolution arrived{kB, "", ResolutionKind::kReceived, 1, "found"};
  EXPECT_THAT(Causes(refused({lost, back, arrived}, "users/c")),
              ElementsAre("TRANSFER_STATE lots/b"));
  EXPECT_EQ(ReasonOf(refused({lost, back}, "users/r")), "SELF_APPROVAL");
  status = refused({lost, lost, {LotName("lots/c"), "", ResolutionKind::kLost, 1, "x"}}, "users/c");
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(Causes(status),
              ElementsAre("FIELD_INVALID resolutions[1].kind", "FIELD_INVALID resolutions[2].lot"));
  transfer.state = TransferState::kShipped;
  EXPECT_EQ(ReasonOf(refused({lost, back}, "users/c")), "TRANSFER_STATE");
}

}  // namespace
}  // namespace meso::inventory
