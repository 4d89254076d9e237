// What people read of numbers that the contract counts in small whole units, and what programs do.
#include "services/mesoctl/api/field_value.h"

#include <gtest/gtest.h>

#include "meso/inventory/v1/cold_chain.pb.h"
#include "meso/inventory/v1/container.pb.h"
#include "meso/inventory/v1/planning.pb.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;

std::string Volume(int64_t microlitres, bool machine = false) {
  inv::OpenedContainer container;
  container.set_remaining_microlitres(microlitres);
  return ShowPath(container, "remaining_microlitres", absl::UTCTimeZone(), machine);
}

std::string Temperature(int32_t centidegrees, bool machine = false) {
  inv::TemperatureReading reading;
  reading.set_centidegrees(centidegrees);
  reading.mutable_measure_time()->set_seconds(1);
  inv::Sensor sensor;
  *sensor.mutable_last_reading() = reading;
  return ShowPath(sensor, "last_reading.centidegrees", absl::UTCTimeZone(), machine);
}

TEST(FieldValueTest, VolumesAreExactMillilitres) {
  EXPECT_EQ(Volume(5000), "5 ml");
  EXPECT_EQ(Volume(350), "0.35 ml");
  EXPECT_EQ(Volume(1005), "1.005 ml");
  EXPECT_EQ(Volume(0), "0");
  EXPECT_EQ(Volume(-20), "-0.02 ml");
  EXPECT_EQ(Volume(350, true), "350");
}

TEST(FieldValueTest, TemperaturesAreDegrees) {
  EXPECT_EQ(Temperature(800), "8 °C");
  EXPECT_EQ(Temperature(-1850), "-18.5 °C");
  EXPECT_EQ(Temperature(5), "0.05 °C");
  EXPECT_EQ(Temperature(0), "0 °C");
  EXPECT_EQ(Temperature(800, true), "800");
}

TEST(FieldValueTest, WithoutUseNoNumberOfDaysIsCovered) {
  inv::ReorderSuggestion suggestion;
  const auto show = [&](bool machine) {
    return ShowPath(suggestion, "days_of_cover_tenths", absl::UTCTimeZone(), machine);
  };
  suggestion.set_days_of_cover_tenths(-1);
  EXPECT_EQ(show(false), "");
  EXPECT_EQ(show(true), "-1");
  suggestion.set_days_of_cover_tenths(35);
  EXPECT_EQ(show(false), "3.5");
}

TEST(FieldValueTest, AUnitBesideTheValueIsNotInTheTitle) {
  EXPECT_EQ(TitleOf("remaining_microlitres"), "remaining");
  EXPECT_EQ(TitleOf("last_reading.centidegrees"), "last_reading.centidegrees");
  EXPECT_EQ(TitleOf("max_centidegrees"), "max");
  EXPECT_EQ(TitleOf("days_of_cover_tenths"), "days_of_cover");
  EXPECT_EQ(TitleOf("ampoules"), "ampoules");
}

}  // namespace
}  // namespace meso::mesoctl
