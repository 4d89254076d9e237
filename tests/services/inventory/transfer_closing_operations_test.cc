// How what did not arrive is accounted for: by whom, in parts, each unit once.
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/services/inventory/transfer_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Code = absl::StatusCode;

TEST_F(TransferOperationsTest, AVarianceStaysOpenUntilASecondPersonAccountsForEveryUnit) {
  const LotName a = Receive("A", "A1", "2027-06-30", 20);
  const LotName b = Receive("B", "B1", "2027-06-30", 20);
  const TransferName name = Shipped({{a, 10}, {b, 5}});
  const auto received = Arrive(name, {Arrived(a, 4)});
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->state, TransferState::kVariance);
  EXPECT_EQ(received->lines[0].in_transit, 6);
  EXPECT_EQ(received->lines[1].in_transit, 5) << "a lot that is not named has not arrived";
  EXPECT_EQ(Shelf(a).in_transit, 6);
  ExpectSoundLedger();
  const std::vector<Resolution> whole = {{a, "", ResolutionKind::kLost, 1, "never found"},
                                         {a, "", ResolutionKind::kReturned, 2, "left behind"},
                                         {a, "", ResolutionKind::kReceived, 3, "next van"},
                                         {b, "", ResolutionKind::kReceived, 5, "next van"}};
  ExpectRefused(Close(name, whole, Manager()).status(), Code::kFailedPrecondition, "SELF_APPROVAL");
  ExpectRefused(
      Close(name, {whole[0], whole[1], {a, "", ResolutionKind::kReceived, 4, "next van"}}, Second())
          .status(),
      Code::kFailedPrecondition, "TRANSFER_STATE");
  ExpectRefused(CallOff(name).status(), Code::kFailedPrecondition, "TRANSFER_STATE");
  // Each end speaks for its own shelves.
  ExpectRefused(Close(name, whole, Second("syd-1")).status(), Code::kPermissionDenied,
                "SITE_FORBIDDEN");
  ExpectRefused(Close(name, whole, Second("par-1")).status(), Code::kPermissionDenied,
                "SITE_FORBIDDEN");
  const auto closed = Close(name, whole, Second());
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->state, TransferState::kReceived);
  EXPECT_EQ(closed->closer, "users/second");
  EXPECT_EQ(closed->lines[0].received, 7);
  EXPECT_EQ(closed->lines[0].lost, 1);
  EXPECT_EQ(closed->lines[0].returned, 2);
  EXPECT_EQ(Shelf(a).on_hand, 12);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 7);
  EXPECT_EQ(Shelf(b, kSydney).on_hand, 5);
  EXPECT_THAT(Lines(name), Contains("ADJUST IN_TRANSIT->ADJUSTMENT 1 sites/par-1"));
  EXPECT_THAT(Lines(name), Contains("RECEIVE_TRANSFER IN_TRANSIT->STOCK 2 sites/par-1"));
  EXPECT_EQ(Events().back(), "TransferChanged");
  ExpectSoundLedger();
  ExpectRefused(Close(name, whole, Second()).status(), Code::kFailedPrecondition, "TRANSFER_STATE");
}

// Nobody has to have the role at both ends: each accounts for what came to the own shelves.
TEST_F(TransferOperationsTest, EachEndClosesItsPartOfAVariance) {
  const LotName a = Receive("A", "A1", "2027-06-30", 20);
  const LotName b = Receive("B", "B1", "2027-06-30", 20);
  const TransferName name = Shipped({{a, 10}, {b, 5}});
  ASSERT_TRUE(Arrive(name, {Arrived(a, 4), Arrived(b, 5)}).ok());
  const Resolution back{a, "", ResolutionKind::kReturned, 2, "left behind"};
  const Resolution later{a, "", ResolutionKind::kReceived, 3, "next van"};
  const Resolution lost{a, "", ResolutionKind::kLost, 1, "never found"};
  const size_t told = Events().size();
  CallContext call = Second("syd-1");
  const auto first = Close(name, {later}, call);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->state, TransferState::kVariance);
  EXPECT_EQ(first->closer, "users/second");
  EXPECT_EQ(first->lines[0].in_transit, 3);
  EXPECT_THAT(Events(told), ElementsAre("TransferChanged"));
  EXPECT_EQ(call.audit.facts.at("state"), "VARIANCE");
  EXPECT_EQ(call.audit.facts.at("closed_received"), "3");
  EXPECT_EQ(call.audit.facts.at("in_transit"), "3");
  EXPECT_EQ(call.audit.facts.count("closed_lost"), 0u);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 7);
  ExpectSoundLedger();
  // What is accounted for is not accounted for again, whoever says so.
  ExpectRefused(Close(name, {{a, "", ResolutionKind::kReceived, 4, "x"}}, call).status(),
                Code::kFailedPrecondition, "TRANSFER_STATE");
  ExpectRefused(Close(name, {back}, call).status(), Code::kPermissionDenied, "SITE_FORBIDDEN");
  ExpectRefused(Close(name, {back}, Manager()).status(), Code::kFailedPrecondition,
                "SELF_APPROVAL");
  CallContext sender = AtSite("par-1");
  sender.caller.subject = "users/sender";
  const auto second = Close(name, {back}, sender);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->state, TransferState::kVariance);
  EXPECT_EQ(Shelf(a).on_hand, 12);
  const auto third = Close(name, {lost}, call);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->state, TransferState::kReceived);
  EXPECT_EQ(third->lines[0].received, 7);
  EXPECT_EQ(third->lines[0].returned, 2);
  EXPECT_EQ(third->lines[0].lost, 1);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  EXPECT_THAT(Events(told), SizeIs(3));
  ExpectRefused(Close(name, {lost}, call).status(), Code::kFailedPrecondition, "TRANSFER_STATE");
}

TEST_F(TransferOperationsTest, OfManyWhoAccountForTheLastMissingUnitsEachUnitIsOnes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const TransferName name = Shipped({{a, 4}});
  ASSERT_TRUE(Arrive(name, {Arrived(a, 2)}).ok());
  std::vector<absl::Status> statuses(12);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto kind = i % 2 == 0 ? ResolutionKind::kLost : ResolutionKind::kReceived;
      statuses[i] = Close(name, {{a, "", kind, 1, "looked into"}}, Second()).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "TRANSFER_STATE");
    }
  }
  EXPECT_EQ(done, 2);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
