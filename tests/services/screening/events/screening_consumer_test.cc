// Other services' events as they arrive: what is kept of them, and what cannot be read.
#include "services/screening/events/screening_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meso/inventory/v1/events.pb.h"
#include "meso/scheduling/v1/events.pb.h"
#include "services/screening/store/projection_store.h"
#include "tests/services/screening/operations_fixture.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class ScreeningConsumerTest : public OperationsFixture {
 protected:
  template <typename Payload>
  absl::Status Deliver(const EventHandlers& handlers, const Payload& payload) {
    OutboxEvent event;
    event.type = Payload::descriptor()->full_name();
    event.data = payload.SerializeAsString();
    return Apply(
        [&](Transaction& tx) { return handlers.at(event.type)(tx, EventPosition(), event); });
  }

  std::optional<Treatment> Kept(const std::string& name) {
    std::optional<Treatment> treatment;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      auto loaded = LoadTreatment(tx, TreatmentName(name));
      if (loaded.ok()) treatment = *loaded;
      return loaded.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return treatment;
  }
};

TEST_F(ScreeningConsumerTest, TreatmentTypesAreKeptAsTheCodesRulesSpeak) {
  scheduling::v1::TreatmentTypeChanged payload;
  payload.set_name("treatmentTypes/T-EYE");
  payload.set_area(scheduling::v1::TREATMENT_AREA_UNDER_EYE);
  payload.set_delivery_method(scheduling::v1::DELIVERY_METHOD_INJECTABLE);
  payload.set_technique(scheduling::v1::TECHNIQUE_MICROPAPULE);
  payload.add_phases()->add_ingredient_tags("lidocaine");
  payload.add_phases()->add_ingredient_tags("prilocaine");
  payload.set_revision(7);
  ASSERT_TRUE(Deliver(SchedulingHandlers(operations_), payload).ok());
  const std::optional<Treatment> kept = Kept("treatmentTypes/T-EYE");
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->area, "UNDER_EYE");
  EXPECT_EQ(kept->delivery_method, "INJECTABLE");
  EXPECT_EQ(kept->technique, "MICROPAPULE");
  EXPECT_THAT(kept->numbing_cream_tags, ElementsAre("lidocaine", "prilocaine"));
  EXPECT_EQ(kept->revision, 7);
}

TEST_F(ScreeningConsumerTest, WhatSchedulingLeavesOpenStaysUnknown) {
  scheduling::v1::TreatmentTypeChanged payload;
  payload.set_name("treatmentTypes/T-NEW");
  payload.set_area(static_cast<scheduling::v1::TreatmentArea>(99));
  payload.set_delivery_method(scheduling::v1::DELIVERY_METHOD_DEVICE_ASSISTED);
  payload.set_revision(1);
  ASSERT_TRUE(Deliver(SchedulingHandlers(operations_), payload).ok());
  EXPECT_EQ(Kept("treatmentTypes/T-NEW")->area, "");
  EXPECT_EQ(Kept("treatmentTypes/T-NEW")->technique, "");
}

TEST_F(ScreeningConsumerTest, EveryRuleCodeIsOneThatSchedulingCanSend) {
  // A misspelt code in a rule would never match anything.
  const std::map<ConditionKind, std::set<std::string>> known = {
      {ConditionKind::kAreaIn, {"FACE", "UNDER_EYE", "SCALP", "SUBMENTAL"}},
      {ConditionKind::kDeliveryMethodIn, {"INJECTABLE", "DEVICE_ASSISTED"}},
      {ConditionKind::kTechniqueIn, {"ELECTROPORATION"}}};
  EXPECT_EQ(scheduling::v1::TreatmentArea_Name(scheduling::v1::TREATMENT_AREA_SUBMENTAL),
            "TREATMENT_AREA_SUBMENTAL");
  EXPECT_EQ(scheduling::v1::Technique_Name(scheduling::v1::TECHNIQUE_ELECTROPORATION),
            "TECHNIQUE_ELECTROPORATION");
  const std::function<void(const Condition&)> check = [&](const Condition& condition) {
    if (known.count(condition.kind) > 0) {
      for (const std::string& code : condition.values) {
        EXPECT_EQ(known.at(condition.kind).count(code), 1u) << code;
      }
    }
    for (const Condition& child : condition.children) check(child);
  };
  for (const Rule& rule : DefaultRuleSet().rules) {
    for (const Outcome& outcome : rule.outcomes) check(outcome.condition);
  }
}

TEST_F(ScreeningConsumerTest, SitesAndCocktailsAreKept) {
  scheduling::v1::SiteChanged site;
  site.set_name("sites/syd-1");
  site.set_time_zone("Australia/Sydney");
  site.set_jurisdiction("AU");
  site.set_revision(4);
  ASSERT_TRUE(Deliver(SchedulingHandlers(operations_), site).ok());
  inventory::v1::CocktailPublished published;
  published.set_cocktail("cocktails/C-01/revisions/r2");
  ASSERT_TRUE(Deliver(InventoryHandlers(operations_), published).ok());
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const auto kept = LoadSite(tx, SiteName("sites/syd-1"));
                    EXPECT_EQ((*kept)->time_zone, "Australia/Sydney");
                    EXPECT_EQ((*kept)->jurisdiction, "AU");
                    const auto cocktails = ListNewestCocktails(tx);
                    EXPECT_THAT(*cocktails, SizeIs(1));
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(ScreeningConsumerTest, OnlyACorrectedCompositionDropsTags) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  ASSERT_TRUE(Check().ok());
  inventory::v1::ProductChanged payload;
  payload.set_product("products/AMP-HA1");
  payload.add_cocktails("cocktails/C-01/revisions/r1");
  ASSERT_TRUE(Deliver(InventoryHandlers(operations_), payload).ok());
  ASSERT_TRUE(Check().ok());
  EXPECT_EQ(peers_.cocktails_asked, 1);
  payload.set_composition_changed(true);
  ASSERT_TRUE(Deliver(InventoryHandlers(operations_), payload).ok());
  ASSERT_TRUE(Check().ok());
  EXPECT_EQ(peers_.cocktails_asked, 2);
}

TEST_F(ScreeningConsumerTest, AnUnreadablePayloadIsRefused) {
  OutboxEvent event;
  event.type = "meso.scheduling.v1.SiteChanged";
  event.data = "\xff\xff";
  const EventHandlers handlers = SchedulingHandlers(operations_);
  EXPECT_EQ(Apply([&](Transaction& tx) {
              return handlers.at(event.type)(tx, EventPosition(), event);
            }).code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace meso::screening
