#include "services/inventory/domain/storage_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StorageUnit Fridge() {
  StorageUnit unit;
  unit.name = StorageUnitName("sites/par-1/storageUnits/f-1");
  unit.display_name = "Fridge";
  unit.kind = StorageUnitKind::kFridge;
  unit.range = UsualRange(unit.kind);
  return unit;
}

std::vector<std::string> BadFields(const StorageUnit& unit) {
  FieldErrors errors;
  CheckStorageUnit(unit, errors);
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    fields.push_back(violation.subject);
  }
  return fields;
}

TEST(StorageUnitTest, EveryBrokenRuleIsNamed) {
  EXPECT_THAT(BadFields(Fridge()), IsEmpty());
  StorageUnit unit;
  EXPECT_THAT(BadFields(unit),
              ElementsAre("storage_unit.name", "storage_unit.display_name", "storage_unit.kind"));
  unit = Fridge();
  unit.display_name = std::string(128, 'x');
  unit.range = TemperatureRange{-1000, 1000};
  EXPECT_THAT(BadFields(unit), IsEmpty());
  unit.range = TemperatureRange{50, 50};
  EXPECT_THAT(BadFields(unit), IsEmpty());
  unit.display_name = std::string(129, 'x');
  unit.range = TemperatureRange{50, 49};
  EXPECT_THAT(BadFields(unit), ElementsAre("storage_unit.display_name",
                                           "storage_unit.temperature_range.max_decidegrees"));
  unit = Fridge();
  unit.display_name = "a\nb";
  unit.range = TemperatureRange{-1001, 1001};
  EXPECT_THAT(BadFields(unit), ElementsAre("storage_unit.display_name",
                                           "storage_unit.temperature_range.min_decidegrees",
                                           "storage_unit.temperature_range.max_decidegrees"));
}

TEST(StorageUnitTest, AUsualRangeFollowsTheKindASetOneStays) {
  FieldErrors errors;
  StorageUnit change;
  change.name = Fridge().name;
  change.kind = StorageUnitKind::kFreezer;
  EXPECT_EQ(MergeStorageUnit(Fridge(), change, {"kind"}, errors).range,
            (TemperatureRange{-250, -150}));
  StorageUnit narrow = Fridge();
  narrow.range = TemperatureRange{30, 60};
  EXPECT_EQ(MergeStorageUnit(narrow, change, {"kind"}, errors).range, (TemperatureRange{30, 60}));
  EXPECT_EQ(MergeStorageUnit(narrow, change, {"kind", "temperature_range"}, errors).range,
            (TemperatureRange{-250, -150}));
  change.kind = StorageUnitKind::kMixed;
  EXPECT_EQ(MergeStorageUnit(Fridge(), change, {}, errors).range, std::nullopt);
  EXPECT_TRUE(errors.empty());
  (void)MergeStorageUnit(Fridge(), change, {"name"}, errors);
  EXPECT_FALSE(errors.empty());
}

TEST(StorageUnitTest, AProductIsKeptWellWhereEveryTemperatureIsGoodForIt) {
  Product product;
  product.temperature_min_decidegrees = 20;
  product.temperature_max_decidegrees = 80;
  StorageUnit unit = Fridge();
  const std::pair<std::optional<TemperatureRange>, bool> cases[] = {
      {std::nullopt, true},
      {TemperatureRange{20, 80}, true},
      {TemperatureRange{30, 60}, true},
      {TemperatureRange{19, 80}, false},
      {TemperatureRange{20, 81}, false},
      {TemperatureRange{150, 250}, false}};
  for (const auto& [range, well] : cases) {
    unit.range = range;
    EXPECT_EQ(IsKeptWell(product, unit), well) << (range ? ToText(*range) : "none");
  }
  product.temperature_min_decidegrees = product.temperature_max_decidegrees = 0;
  unit.range = TemperatureRange{150, 250};
  EXPECT_TRUE(IsKeptWell(product, unit)) << "nothing is said about the product";
}

TEST(StorageUnitTest, KindsAndDegreesReadBackAsWritten) {
  for (int kind = 1; kind <= 5; ++kind) {
    EXPECT_EQ(StorageUnitKindOf(ToText(static_cast<StorageUnitKind>(kind))),
              static_cast<StorageUnitKind>(kind));
  }
  EXPECT_EQ(StorageUnitKindOf("UNSPECIFIED"), StorageUnitKind::kUnspecified);
  EXPECT_EQ(StorageUnitKindOf("CELLAR"), StorageUnitKind::kUnspecified);
  EXPECT_EQ(ToText(TemperatureRange{-5, 83}), "-0.5 to 8.3 C");
}

}  // namespace
}  // namespace meso::inventory
