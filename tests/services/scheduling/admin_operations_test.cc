#include "services/scheduling/admin_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/services/scheduling/scheduling_clinic.h"

namespace meso::scheduling {
namespace {

class AdminOperationsTest : public testing::Test {
 protected:
  absl::StatusOr<Site> Update(const UpdateRequest<Site>& request) {
    absl::StatusOr<Site> saved;
    const absl::Status status = clinic_.Do([&](Transaction& tx) {
      saved = UpdateSite(clinic_.env, tx, clinic_.Call(1), request);
      return saved.status();
    });
    if (!status.ok()) return status;
    return saved;
  }
  static Site NewSite() {
    Site site;
    site.name = SiteName("sites/syd-1");
    site.display_name = "Sydney";
    site.time_zone = "Australia/Sydney";
    site.jurisdiction = "AU-NSW";
    return site;
  }

  SchedulingClinic clinic_;
};

TEST_F(AdminOperationsTest, CreatesOnlyWithAllowMissing) {
  EXPECT_EQ(ReasonOf(Update({NewSite(), {}, false, ""}).status()), "RESOURCE_NOT_FOUND");
  const auto created = Update({NewSite(), {}, true, ""});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->version.revision, 1);
}

TEST_F(AdminOperationsTest, AMaskChangesOnlyWhatItNames) {
  ASSERT_TRUE(Update({NewSite(), {}, true, ""}).ok());
  Site change;
  change.name = SiteName("sites/syd-1");
  change.display_name = "Sydney Harbour";
  change.time_zone = "nonsense that is not read";
  const auto changed = Update({change, {"display_name"}, false, "r1"});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->display_name, "Sydney Harbour");
  EXPECT_EQ(changed->time_zone, "Australia/Sydney");
  EXPECT_EQ(changed->version.revision, 2);
  EXPECT_EQ(ReasonOf(Update({change, {"display_name"}, false, "r1"}).status()), "ETAG_MISMATCH");
  EXPECT_EQ(ReasonOf(Update({change, {"colour"}, false, ""}).status()), "FIELD_INVALID");
}

TEST_F(AdminOperationsTest, ReportsEveryBadFieldAtOnce) {
  Site bad = NewSite();
  bad.display_name = "tab\there";
  bad.time_zone = "Europe/Atlantis";
  bad.jurisdiction = "france";
  bad.gln = "9521234900017";
  bad.working_hours = {{absl::Weekday::monday, 600, 500, {}, {}}};
  const absl::Status status = Update({bad, {}, true, ""}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(status).violations.size(), 5u);
}

TEST_F(AdminOperationsTest, RefusesWhatDoesNotExistAround) {
  const absl::Status room = clinic_.Do([&](Transaction& tx) {
    Room lost;
    lost.name = RoomName("sites/nowhere/rooms/r1");
    lost.display_name = "Room";
    lost.kinds = {"procedure"};
    return UpdateRoom(clinic_.env, tx, clinic_.Call(1), {lost, {}, true, ""}).status();
  });
  EXPECT_EQ(ReasonOf(room), "RESOURCE_NOT_FOUND");
}

TEST_F(AdminOperationsTest, AnInjectableProcedureNeedsItsPractitioner) {
  const absl::Status status = clinic_.Do([&](Transaction& tx) -> absl::Status {
    auto treatment = GetTreatmentType(tx, TreatmentName("treatmentTypes/T-FACE"));
    treatment->phases[0].needs_practitioner = false;
    treatment->phases.push_back(treatment->phases[1]);
    return UpdateTreatmentType(clinic_.env, tx, clinic_.Call(1), {*treatment, {}, false, ""})
        .status();
  });
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_EQ(DetailsOf(status).violations.size(), 2u);
}

TEST_F(AdminOperationsTest, AnOfferOfAnOlderTreatmentIsNotTakenUp) {
  const BookingRequest request = clinic_.FromOffer(kPatientOne);
  ASSERT_TRUE(clinic_
                  .Do([&](Transaction& tx) -> absl::Status {
                    auto treatment = GetTreatmentType(tx, TreatmentName("treatmentTypes/T-FACE"));
                    treatment->phases[0].duration = absl::Minutes(40);
                    return UpdateTreatmentType(clinic_.env, tx, clinic_.Call(1),
                                               {*treatment, {}, false, ""})
                        .status();
                  })
                  .ok());
  EXPECT_EQ(ReasonOf(BookAppointment(clinic_.env, clinic_.Call(2), request).status()),
            "OFFER_EXPIRED");
}

TEST_F(AdminOperationsTest, ListsOnlyTheCallersSites) {
  std::vector<Room> rooms;
  CallContext elsewhere = clinic_.Call(1);
  elsewhere.caller.roles["front_desk"] = {"syd-1"};
  ASSERT_TRUE(clinic_
                  .Do([&](Transaction& tx) -> absl::Status {
                    rooms = *ListRoomPage(tx, elsewhere, {"sites/-", "", 50});
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(rooms.empty());
  ASSERT_TRUE(clinic_
                  .Do([&](Transaction& tx) -> absl::Status {
                    rooms = *ListRoomPage(tx, clinic_.Call(1), {"sites/-", "", 1});
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(rooms.size(), 2u) << "one more than the page says that there is another";
}

TEST_F(AdminOperationsTest, AppointmentsAreFilteredByWhatTheyOccupy) {
  const Appointment booked = clinic_.Booked();
  struct Case {
    const char* filter;
    size_t count;
  };
  for (const Case& c :
       {Case{"state = BOOKED", 1}, Case{"state = HELD", 0},
        Case{"room = \"sites/par-1/rooms/r1\"", 1}, Case{"room = \"sites/par-1/rooms/r2\"", 0},
        Case{"practitioner = \"practitioners/PR-01\" AND at_risk = false", 1},
        Case{"patient = \"patients/PT-0001\"", 1},
        Case{"start_time > \"2026-11-22T00:00:00Z\"", 0}}) {
    absl::StatusOr<std::vector<Appointment>> found;
    const absl::Status status = clinic_.database->Read([&](Transaction& tx) {
      found = ListAppointmentPage(clinic_.env, tx, clinic_.Call(1), {{kSite, "", 50}, c.filter});
      return found.status();
    });
    ASSERT_TRUE(status.ok()) << c.filter << status;
    EXPECT_EQ(found->size(), c.count) << c.filter;
  }
  const absl::Status bad = clinic_.database->Read([&](Transaction& tx) {
    return ListAppointmentPage(clinic_.env, tx, clinic_.Call(1), {{kSite, "", 50}, "colour = red"})
        .status();
  });
  EXPECT_EQ(ReasonOf(bad), "FILTER_INVALID");
}

TEST_F(AdminOperationsTest, ALapsedHoldReadsExpiredInFilterAndAnswer) {
  const auto held = clinic_.Hold(kPatientOne);
  ASSERT_TRUE(held.ok());
  clinic_.database.clock().Advance(kHoldDefault);
  const std::vector<Appointment> all = clinic_.All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(StateAt(all[0], clinic_.env.clock->Now()), AppointmentState::kExpired);
}

}  // namespace
}  // namespace meso::scheduling
