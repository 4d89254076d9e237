// How old a reading may be, and what lies between readings that are far apart.
#include <cmath>
#include <vector>

#include "common/base/error.h"
#include "services/inventory/cold_chain_operations.h"
#include "tests/services/inventory/cold_chain_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using ColdChainReadingAgeTest = ColdChainFixture;

constexpr double kHour = 60;
constexpr double kDayMinutes = 24 * kHour;

TEST_F(ColdChainReadingAgeTest, AClockThatWasResetIsNotBelieved) {
  const LotName lot = Store("A", "A1", 1);
  Wait(600 * kDayMinutes);
  ASSERT_TRUE(Send({{600 * kDayMinutes - 10, 500}}).ok());
  // 1970 and 2000, beside what is sound; and the bound itself, which is not too old.
  const double reset = absl::ToDoubleMinutes(absl::UnixEpoch() - start_);
  const double bound = 200 * kDayMinutes;
  const absl::Status status =
      Send({{bound, 500}, {reset, 2500}, {bound - 0.001, 2500}, {600 * kDayMinutes, 500}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  std::vector<std::string> fields;
  for (const Violation& one : DetailsOf(status).violations) {
    fields.push_back(one.subject);
    EXPECT_EQ(one.description, "not before 2027-06-08T09:00:00+00:00; set the sensor's clock");
  }
  EXPECT_THAT(fields, ElementsAre("readings[1].measure_time", "readings[2].measure_time"));
  EXPECT_THAT(Excursions(), IsEmpty());
  EXPECT_THAT(Held(lot), IsEmpty());
  EXPECT_EQ(Send({{bound, 500}, {600 * kDayMinutes, 500}})->recorded, 2);
}

TEST_F(ColdChainReadingAgeTest, AnOldReadingAndOneOfNowLeaveWhatIsBetweenAlone) {
  AddRanged("COLD", "09521234000228", 20, 80);
  Store("COLD", "L1", 1, kParis, kMainUnit);
  const auto send = [&](const Points& points) {
    TemperatureBatch batch{StorageUnitNameOf(kParis, kMainUnit), "R1", {}};
    for (const auto& [minutes, centidegrees] : points) {
      batch.readings.push_back({At(minutes), centidegrees});
    }
    return RunCold(&ColdChainOperations::RecordTemperatures, batch);
  };
  Wait(200 * kDayMinutes);
  ASSERT_TRUE(send(Steady(kDayMinutes, 199 * kDayMinutes, 500, 6 * kHour)).ok());
  ASSERT_TRUE(send({{100 * kDayMinutes + 30, 1200}}).ok());
  ASSERT_THAT(Excursions(), SizeIs(1));
  // The product bears more than was thought. Readings beside the excursion would show it; these two
  // lie months before and behind it.
  ASSERT_TRUE(database_
                  ->Transact([](Transaction& tx) {
                    return tx.Execute("UPDATE product SET temperature_max_decidegrees = 250", {});
                  })
                  .ok());
  ASSERT_TRUE(send({{kDayMinutes + 60, 500}, {199 * kDayMinutes, 500}}).ok());
  EXPECT_THAT(Excursions(), SizeIs(1));
  EXPECT_EQ(Only().revision, 1);
  ASSERT_TRUE(send({{100 * kDayMinutes + 40, 500}}).ok());
  EXPECT_EQ(Only().revision, 2);
}

TEST_F(ColdChainReadingAgeTest, SparseReadingsJudgeWhatTheyTouchOnce) {
  Store("A", "A1", 1);
  Wait(41 * kDayMinutes);
  // A tolerated warm hour every day.
  Points points = Steady(0, 40 * kDayMinutes, 400);
  for (auto& [minutes, centidegrees] : points) {
    if (std::fmod(minutes, kDayMinutes) == 600) centidegrees = 900;
  }
  ASSERT_TRUE(Send(points).ok());
  ASSERT_THAT(Excursions(), SizeIs(40));
  TemperatureBatch batch{StorageUnitNameOf(kParis, "fridge"), "S1", {}};
  for (double at = 15; at < 40 * kDayMinutes; at += 25 * kHour) {
    batch.readings.push_back({At(at), 400});
  }
  ASSERT_THAT(ClumpsOf(batch.readings), SizeIs(39));
  FaultyDatabase counted(*database_);
  const absl::Status told = counted.Transact([&](Transaction& tx) {
    return cold_chain_.RecordTemperatures(tx, Manager(), batch).status();
  });
  ASSERT_TRUE(told.ok()) << told;
  EXPECT_LT(counted.statements(), 700) << "so many clumps, and so many excursions";
}

TEST_F(ColdChainReadingAgeTest, ReadingsThatAreFarApartWithNothingBetweenAreOneRun) {
  const LotName lot = Store("A", "A1", 1);
  Wait(20 * kDayMinutes);
  ASSERT_TRUE(Send({{1.5 * kDayMinutes, 500},
                    {3 * kDayMinutes, 1600},
                    {4.5 * kDayMinutes, 1600},
                    {6 * kDayMinutes, 500}})
                  .ok());
  EXPECT_EQ(Only().begin, At(3 * kDayMinutes));
  EXPECT_EQ(Only().last, At(4.5 * kDayMinutes));
  EXPECT_EQ(Only().end, At(6 * kDayMinutes));
  EXPECT_THAT(Held(lot), SizeIs(1));
}

TEST_F(ColdChainReadingAgeTest, ALongExcursionIsSplitByEachOfTheReadingsThatCameLate) {
  const LotName lot = Store("A", "A1", 1);
  Wait(20 * kDayMinutes);
  Points points = Steady(kDayMinutes, 6 * kDayMinutes, 900);
  points.push_back({6 * kDayMinutes, 500});
  ASSERT_TRUE(Send(points).ok());
  ASSERT_EQ(Only().end, At(6 * kDayMinutes));
  ASSERT_TRUE(Send({{2 * kDayMinutes + 15, 500}, {4 * kDayMinutes + 15, 500}}).ok());
  std::vector<absl::Time> begins;
  for (const Excursion& one : Excursions()) begins.push_back(one.begin);
  EXPECT_THAT(begins, UnorderedElementsAre(At(kDayMinutes), At(2 * kDayMinutes + 30),
                                           At(4 * kDayMinutes + 30)));
  EXPECT_THAT(Held(lot), SizeIs(3)) << "each holds by itself";
}

}  // namespace
}  // namespace meso::inventory
