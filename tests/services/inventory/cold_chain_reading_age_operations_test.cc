// How old a reading may be, and what lies between readings that are far apart.
#include <vector>

#include "common/base/error.h"
#include "services/inventory/cold_chain_operations.h"
#include "tests/services/inventory/cold_chain_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

}  // namespace
}  // namespace meso::inventory
