#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/audit/audit_operations.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

using ReadingOperationsTest = AuditLogFixture;

TEST_F(ReadingOperationsTest, ProvesAnEntryToBeInTheLog) {
  ASSERT_TRUE(Append(Run(1, 20)).ok());
  const auto get = [this](uint64_t index, const CallContext& call = Auditor()) {
    return Write([&](Transaction& tx) { return ops_.GetEntry(tx, call, index); });
  };
  EXPECT_FALSE(get(3)->proof.has_value()) << "nothing is signed yet";
  ASSERT_TRUE(Sign().ok());
  Hasher hasher;
  for (uint64_t index = 0; index < 20; ++index) {
    const absl::StatusOr<ProvenEntry> proven = get(index);
    ASSERT_TRUE(proven.ok()) << proven.status();
    const absl::StatusOr<Checkpoint> checkpoint =
        OpenCheckpoint(proven->checkpoint_note, {ops_.verifier()});
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_TRUE(VerifyInclusion(hasher.Leaf(proven->entry.leaf_bytes), index, checkpoint->size,
                                *proven->proof, checkpoint->root, hasher));
  }
  EXPECT_EQ(ReasonOf(get(20).status()), "RESOURCE_NOT_FOUND");
  // Entry 1 is of par-1, entry 2 of syd-1.
  const CallContext at_paris = Caller("users/a", "compliance_auditor", {"par-1"});
  EXPECT_TRUE(get(1, at_paris).ok());
  EXPECT_EQ(ReasonOf(get(2, at_paris).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ReadingOperationsTest, FindsEntriesByEveryKeyAndScansForTheRest) {
  ASSERT_TRUE(Append(Run(1, 60)).ok());
  const auto expect = [](const std::function<bool(uint64_t)>& belongs) {
    std::vector<uint64_t> indexes;
    for (uint64_t sequence = 60; sequence >= 1; --sequence) {
      if (belongs(sequence)) indexes.push_back(sequence - 1);
    }
    return indexes;
  };
  for (const int page_size : {1, 7, 500}) {
    EXPECT_EQ(List("", page_size), expect([](uint64_t) { return true; }));
    EXPECT_EQ(List("patient = \"patients/p-2\"", page_size),
              expect([](uint64_t s) { return s % 3 != 0 && s % 4 == 2; }));
    EXPECT_EQ(List("actor = \"users/u3\"", page_size),
              expect([](uint64_t s) { return s % 4 == 3; }));
    EXPECT_EQ(List("site = \"sites/par-1\" AND outcome = REFUSED", page_size),
              expect([](uint64_t s) { return s % 10 == 0; }));
    EXPECT_EQ(List("violation = true OR reason = SLOT_TAKEN", page_size),
              expect([](uint64_t s) { return s % 7 == 0 || s % 5 == 0; }));
    EXPECT_EQ(List(absl::StrCat("lot = \"", kLot, "\" AND NOT role = chain_admin"), page_size),
              expect([](uint64_t) { return true; }));
  }
  EXPECT_EQ(List("request_id = \"0198f2c4-0000-4000-8000-000000000042\""),
            (std::vector<uint64_t>{41}));
  EXPECT_EQ(List("correlation_id = \"c-4\""), (std::vector<uint64_t>{13, 12, 11}));
  EXPECT_EQ(List("patient = \"patients/nobody\""), (std::vector<uint64_t>{}));
  // SampleDraft(s) happened s * 1.000000007 s after 22:13:20.
  EXPECT_EQ(List("time >= \"2023-11-14T22:13:50Z\" AND time < \"2023-11-14T22:13:52Z\""),
            (std::vector<uint64_t>{30, 29}));
  EXPECT_EQ(List("time > \"2024-01-01T00:00:00Z\""), (std::vector<uint64_t>{}));
}

TEST_F(ReadingOperationsTest, FindsAcrossIndexSegmentsAndTimeBlocks) {
  for (uint64_t first = 1; first < 5000; first += 1000) {
    ASSERT_TRUE(Append(Run(first, first + 999)).ok());
  }
  EXPECT_EQ(List("actor = \"users/u1\" AND violation = true").size(), 5000u / 28);
  EXPECT_EQ(List("request_id = \"0198f2c4-0000-4000-8000-000000000002\""),
            (std::vector<uint64_t>{1}));
  EXPECT_EQ(List("reason = NONE").size(), 0u);
  EXPECT_EQ(List("time < \"2023-11-14T22:13:22.5Z\""), (std::vector<uint64_t>{1, 0}));
  EXPECT_EQ(Timeline("patients/p-1").size(), 834u);
}

TEST_F(ReadingOperationsTest, ShowsACallerItsOwnSitesOnly) {
  ASSERT_TRUE(Append(Run(1, 30)).ok());
  const CallContext at_paris = Caller("users/a", "compliance_auditor", {"par-1"});
  for (const uint64_t index : List("", 500, at_paris)) EXPECT_EQ(index % 2, 1u);
  EXPECT_EQ(List("", 500, at_paris).size(), 15u);
  EXPECT_EQ(List("site = \"sites/syd-1\"", 500, at_paris).size(), 0u);
  EXPECT_EQ(Timeline(kLot, 500, at_paris).size(), 15u);
}

TEST_F(ReadingOperationsTest, TouchesThePatientAskedForEvenWhenNothingIsFound) {
  const CallContext call = Auditor();
  ASSERT_TRUE(Write([&](Transaction& tx) {
                return ops_.ListEntries(tx, call, {"patient = \"patients/p-404\"", 50, {}});
              }).ok());
  EXPECT_EQ(call.audit.keys.count({"patient", "patients/p-404"}), 1u);
}

TEST_F(ReadingOperationsTest, RefusesAFilterItCannotRead) {
  const absl::Status status = Write([&](Transaction& tx) {
                                return ops_.ListEntries(tx, Auditor(), {"colour = red", 50, {}});
                              }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FILTER_INVALID");
}

TEST_F(ReadingOperationsTest, OrdersATimelineByTimeAcrossSourcesAndBySourceWithin) {
  Batch scheduling = Run(1, 3);
  Batch inventory = Run(1, 3, "inventory");
  const int64_t start = scheduling.drafts[0].time_ns;
  scheduling.drafts[0].time_ns = start + 10;
  scheduling.drafts[1].time_ns = start + 5;  // its clock was set back
  scheduling.drafts[2].time_ns = start + 40;
  for (int i = 0; i < 3; ++i) inventory.drafts[i].time_ns = start + 8 + 10 * i;  // 8 18 28
  ASSERT_TRUE(Append(scheduling).ok());
  ASSERT_TRUE(Append(inventory, Caller("services/inventory", "service")).ok());
  for (const int page_size : {1, 2, 500}) {
    EXPECT_EQ(Timeline(kLot, page_size), (std::vector<uint64_t>{3, 0, 1, 4, 5, 2}));
  }
}

TEST_F(ReadingOperationsTest, ATimelinePutsCausesBeforeEffectsWhateverTheClocksSay) {
  // Inventory's clock is an hour behind scheduling's, and its entry came first.
  Batch scheduling = Run(1, 2);
  Batch inventory = Run(1, 2, "inventory");
  const int64_t start = scheduling.drafts[0].time_ns;
  const int64_t hour = 3600 * int64_t{1'000'000'000};
  inventory.drafts[0].time_ns = start - hour;
  inventory.drafts[0].causation_id = scheduling.drafts[0].request_id;
  inventory.drafts[1].time_ns = start - hour + 5;
  inventory.drafts[1].causation_id = "event-1";
  inventory.drafts[1].correlation_id = "p";
  scheduling.drafts[0].causation_id = scheduling.drafts[0].request_id;
  scheduling.drafts[0].correlation_id = "p";
  inventory.drafts[0].request_id = "0198f2c4-0000-4000-8000-0000000000ff";
  scheduling.drafts[1].time_ns = start + 1;
  ASSERT_TRUE(Append(inventory, Caller("services/inventory", "service")).ok());
  ASSERT_TRUE(Append(scheduling).ok());
  for (const int page_size : {1, 2, 3, 500}) {
    EXPECT_EQ(Timeline(kLot, page_size), (std::vector<uint64_t>{2, 0, 1, 3}));
  }
}

TEST_F(ReadingOperationsTest, ATimelinesPagesAreThoseOfItsFirst) {
  ASSERT_TRUE(Append(Run(1, 3)).ok());
  TimelineRequest request;
  request.name = kLot;
  request.page_size = 2;
  const auto page = [&] {
    return *Write([&](Transaction& tx) { return ops_.GetTimeline(tx, Auditor(), request); });
  };
  const TimelinePage first = page();
  ASSERT_TRUE(first.next_after.has_value());
  // Older than all of them: it would stand first.
  Batch late = Run(1, 1, "inventory");
  late.drafts[0].time_ns = 1;
  ASSERT_TRUE(Append(late, Caller("services/inventory", "service")).ok());
  request.after = first.next_after;
  const TimelinePage second = page();
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].leaf.index, 2u);
  EXPECT_FALSE(second.next_after.has_value());
  request.after.reset();
  EXPECT_EQ(page().entries[0].leaf.index, 3u);
}

TEST_F(ReadingOperationsTest, AnAppointmentsTimelineFollowsItsProcesses) {
  Batch batch = Run(1, 4);
  batch.drafts[0].correlation_id = "booking";
  batch.drafts[1].correlation_id = "booking";
  batch.drafts[1].keys.clear();  // the clearance asked for this booking
  batch.drafts[1].object = {};
  batch.drafts[2].correlation_id = "booking";
  batch.drafts[2].keys = {
      {KeyKind::kAppointment, "sites/par-1/appointments/0198f2c4-0000-7000-8000-0000000000a2"}};
  batch.drafts[3].correlation_id = "other";
  batch.drafts[3].keys.clear();
  ASSERT_TRUE(Append(batch).ok());
  EXPECT_EQ(Timeline(kAppointment), (std::vector<uint64_t>{0, 1}))
      << "another appointment of the same process is another story";
}

TEST_F(ReadingOperationsTest, RefusesTimelinesOfOtherThingsAndOverlongOnes) {
  TimelineRequest request;
  for (const char* name : {"sites/par-1", "lots/x", "entries/1", "patients/", ""}) {
    request.name = name;
    const absl::Status status =
        Write([&](Transaction& tx) { return ops_.GetTimeline(tx, Auditor(), request); }).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(ReasonOf(status), "FIELD_INVALID") << name;
  }
}

}  // namespace
}  // namespace meso::audit
