#include "services/scheduling/domain/availability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"

namespace meso::scheduling {
namespace {

using ::testing::HasSubstr;

constexpr char kPatient[] = "patients/PT-0001";

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

WorkingHours EveryDay(int begin_hour, int end_hour) {
  WorkingHours hours;
  for (int day = 0; day < 7; ++day) {
    hours.push_back({static_cast<absl::Weekday>(day), begin_hour * 60, end_hour * 60, {}, {}});
  }
  return hours;
}

// Prep 30 (waiting chair), procedure 20 (practitioner, room, gun), cleanup 10 (room), observation
// 15 (chair).
Calendar Clinic() {
  Calendar calendar;
  calendar.site = {SiteName("sites/par-1"), "Paris", "Europe/Paris", "FR", "", EveryDay(9, 17), {}};
  TreatmentType& treatment = calendar.treatment;
  treatment.name = TreatmentName("treatmentTypes/T-FACE");
  treatment.version.revision = 1;
  treatment.phases = {
      {PhaseKind::kPrep, absl::Minutes(30), false, "waiting", {}, {"lidocaine"}},
      {PhaseKind::kProcedure, absl::Minutes(20), true, "procedure", {"mesogun"}, {}},
      {PhaseKind::kCleanup, absl::Minutes(10), false, "procedure", {}, {}},
      {PhaseKind::kObservation, absl::Minutes(15), false, "waiting", {}, {}}};
  Practitioner practitioner;
  practitioner.name = PractitionerName("practitioners/PR-01");
  practitioner.languages = {"fr"};
  practitioner.credentials = {{treatment.name, {}, {}}};
  practitioner.site_hours = {{calendar.site.name, {}}};
  calendar.practitioners = {practitioner};
  calendar.rooms = {{RoomName("sites/par-1/rooms/chair"), "Chair", {"waiting"}, {}, false, {}},
                    {RoomName("sites/par-1/rooms/r1"), "Room 1", {"procedure"}, {}, false, {}}};
  calendar.devices = {{DeviceName("sites/par-1/devices/gun-1"), "Gun 1", "mesogun", {}, false, {}}};
  return calendar;
}

const Interval kDay{At("2026-11-24T00:00:00+01:00"), At("2026-11-25T00:00:00+01:00")};
const absl::Time kNow = At("2026-11-23T12:00:00Z");

Wish AnyTime() {
  Wish wish;
  wish.window = kDay;
  return wish;
}

SearchResult Search(const Calendar& calendar, const Wish& wish, absl::Time now = kNow) {
  return Availability(calendar, wish.window, now).Search(wish, PatientName(kPatient));
}

Session FirstOffer(const Calendar& calendar) {
  const SearchResult result = Search(calendar, AnyTime());
  EXPECT_FALSE(result.offers.empty());
  return result.offers.front().session;
}

Occupation Busy(const std::string& resource, const Interval& when) {
  return {resource, when, AppointmentName("sites/par-1/appointments/other"),
          absl::InfiniteFuture()};
}

std::string ReasonOfHold(const Calendar& calendar, const Session& session, absl::Time now = kNow) {
  const Availability availability(calendar, session.when(), now);
  return ReasonOf(DecideHold(availability, session, PatientName(kPatient), now).status());
}

TEST(AvailabilityTest, OffersPhasesWithTheirOwnResources) {
  const Session session = FirstOffer(Clinic());
  EXPECT_EQ(session.when().begin, At("2026-11-24T09:00:00+01:00"));
  EXPECT_EQ(session.when().end, At("2026-11-24T10:05:00+01:00"));
  ASSERT_EQ(session.segments.size(), 4u);
  const Segment& prep = session.segments[0];
  EXPECT_TRUE(prep.practitioner.empty());
  EXPECT_EQ(prep.room.value(), "sites/par-1/rooms/chair");
  const Segment& procedure = session.segments[1];
  EXPECT_EQ(procedure.when.begin, At("2026-11-24T09:30:00+01:00"));
  EXPECT_EQ(procedure.practitioner.value(), "practitioners/PR-01");
  EXPECT_EQ(procedure.room.value(), "sites/par-1/rooms/r1");
  ASSERT_EQ(procedure.devices.size(), 1u);
  const Segment& cleanup = session.segments[2];
  EXPECT_EQ(cleanup.when.begin, procedure.when.end);
  EXPECT_EQ(cleanup.room, procedure.room);
  EXPECT_TRUE(cleanup.practitioner.empty());
  EXPECT_EQ(session.segments[3].when.begin, procedure.when.end);
}

TEST(AvailabilityTest, EveryOfferCanBeHeld) {
  Calendar calendar = Clinic();
  calendar.occupations = {Busy("practitioners/PR-01",
                               {At("2026-11-24T10:00:00+01:00"), At("2026-11-24T12:00:00+01:00")})};
  Wish wish = AnyTime();
  wish.limit = 50;
  const SearchResult result = Search(calendar, wish);
  EXPECT_EQ(result.offers.size(), 50u);
  for (const Offer& offer : result.offers) {
    EXPECT_EQ(ReasonOfHold(calendar, offer.session), "") << offer.session.when().begin;
    EXPECT_GE(offer.score, 0);
    EXPECT_LE(offer.score, 100);
  }
}

TEST(AvailabilityTest, OffersOfTwoPractitionersAtOneTimeCanBothBeBooked) {
  Calendar calendar = Clinic();
  calendar.practitioners.push_back(calendar.practitioners[0]);
  calendar.practitioners[1].name = PractitionerName("practitioners/PR-02");
  for (const char* name : {"sites/par-1/rooms/chair-2", "sites/par-1/rooms/r2"}) {
    Room room = calendar.rooms[calendar.rooms.size() - 2];
    room.name = RoomName(name);
    calendar.rooms.push_back(room);
  }
  Device gun = calendar.devices[0];
  gun.name = DeviceName("sites/par-1/devices/gun-2");
  calendar.devices.push_back(gun);
  const SearchResult result = Search(calendar, AnyTime());
  ASSERT_GE(result.offers.size(), 2u);
  const Session& one = result.offers[0].session;
  const Session& other = result.offers[1].session;
  ASSERT_EQ(one.when().begin, other.when().begin);
  for (size_t i = 0; i < one.segments.size(); ++i) {
    EXPECT_NE(one.segments[i].room, other.segments[i].room) << i;
  }
  EXPECT_NE(one.segments[1].practitioner, other.segments[1].practitioner);
  EXPECT_NE(one.segments[1].devices, other.segments[1].devices);
}

TEST(AvailabilityTest, AdjacentSessionsTouchButNeverOverlap) {
  const Session session = FirstOffer(Clinic());
  const Interval procedure = session.segments[1].when;
  const absl::Duration bit = absl::Minutes(1);
  struct Case {
    Interval other;
    const char* reason;
  };
  const Case cases[] = {
      {{procedure.begin - absl::Hours(1), procedure.begin}, ""},
      {{procedure.begin - absl::Hours(1), procedure.begin + bit}, "SLOT_TAKEN"},
      {{procedure.end, procedure.end + absl::Hours(1)}, ""},
      {{procedure.end - bit, procedure.end + absl::Hours(1)}, "SLOT_TAKEN"},
      {{procedure.begin + bit, procedure.end - bit}, "SLOT_TAKEN"},
      {{procedure.begin - bit, procedure.end + bit}, "SLOT_TAKEN"},
  };
  for (const char* resource : {"practitioners/PR-01", "sites/par-1/devices/gun-1"}) {
    for (const Case& c : cases) {
      Calendar calendar = Clinic();
      calendar.occupations = {Busy(resource, c.other)};
      EXPECT_EQ(ReasonOfHold(calendar, session), c.reason) << resource;
    }
  }
}

TEST(AvailabilityTest, RefusesBookingInsideCleanup) {
  const Session session = FirstOffer(Clinic());
  Calendar calendar = Clinic();
  calendar.occupations = {Busy("sites/par-1/rooms/r1", session.segments[2].when)};
  EXPECT_EQ(ReasonOfHold(calendar, session), "SLOT_TAKEN");
}

TEST(AvailabilityTest, NamesEveryConflictAtOnceAndTheLastingOneFirst) {
  const Session session = FirstOffer(Clinic());
  Calendar calendar = Clinic();
  calendar.practitioners[0].credentials[0].valid_until = absl::CivilDay(2026, 11, 23);
  calendar.devices[0].out_of_service = true;
  calendar.occupations = {Busy("sites/par-1/rooms/r1", session.when()),
                          Busy(kPatient, session.when())};
  const Availability availability(calendar, session.when(), kNow);
  const absl::Status status =
      DecideHold(availability, session, PatientName(kPatient), kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "DEVICE_UNAVAILABLE");
  EXPECT_EQ(DetailsOf(status).violations.size(), 4u);
  EXPECT_EQ(std::string(status.ToString()).find("PT-0001"), std::string::npos);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("the patient is in another session, here or elsewhere, during 2026-11-24 "));
}

TEST(AvailabilityTest, JudgesCredentialsOnTheLocalDayOfTheProcedure) {
  const Session session = FirstOffer(Clinic());
  Calendar calendar = Clinic();
  calendar.practitioners[0].credentials[0].valid_until = absl::CivilDay(2026, 11, 24);
  EXPECT_EQ(ReasonOfHold(calendar, session), "");
  calendar.practitioners[0].credentials[0].valid_until = absl::CivilDay(2026, 11, 23);
  EXPECT_EQ(ReasonOfHold(calendar, session), "PRACTITIONER_NOT_QUALIFIED");
  calendar.practitioners.clear();
  EXPECT_EQ(ReasonOfHold(calendar, session), "PRACTITIONER_NOT_QUALIFIED");
}

TEST(AvailabilityTest, StaysInsideTheOpeningToTheMinute) {
  Calendar calendar = Clinic();
  Wish wish = AnyTime();
  wish.limit = 50;
  wish.window.begin = At("2026-11-24T15:00:00+01:00");
  absl::Time last = absl::InfinitePast();
  for (const Offer& offer : Search(calendar, wish).offers) {
    last = std::max(last, offer.session.when().end);
  }
  EXPECT_EQ(last, At("2026-11-24T17:00:00+01:00"));
}

TEST(AvailabilityTest, LapsedHoldsAreNoObstacleAndAreNamed) {
  const Session session = FirstOffer(Clinic());
  Calendar calendar = Clinic();
  Occupation hold = Busy("practitioners/PR-01", session.segments[1].when);
  hold.lapse_time = kNow + absl::Microseconds(1);
  calendar.occupations = {hold};
  EXPECT_EQ(ReasonOfHold(calendar, session), "SLOT_TAKEN");
  calendar.occupations[0].lapse_time = kNow;
  const Availability availability(calendar, session.when(), kNow);
  const auto lapsed = DecideHold(availability, session, PatientName(kPatient), kNow);
  ASSERT_TRUE(lapsed.ok());
  EXPECT_THAT(*lapsed, testing::ElementsAre(hold.appointment));
}

TEST(AvailabilityTest, ABeginInThePastCannotBeHeld) {
  const Session session = FirstOffer(Clinic());
  EXPECT_EQ(ReasonOfHold(Clinic(), session, session.when().begin), "");
  EXPECT_EQ(ReasonOfHold(Clinic(), session, session.when().begin + absl::Seconds(1)),
            "OFFER_EXPIRED");
}

TEST(AvailabilityTest, SaysWhyThereIsNothing) {
  struct Case {
    const char* what;
    std::function<void(Calendar&, Wish&)> change;
    Constraint why;
  };
  const Interval all_day = kDay;
  const Case cases[] = {
      {"closed", [](Calendar& c, Wish&) { c.site.working_hours.clear(); }, Constraint::kSiteClosed},
      {"unqualified", [](Calendar& c, Wish&) { c.practitioners[0].credentials.clear(); },
       Constraint::kNoQualifiedPractitioner},
      {"off",
       [](Calendar& c, Wish&) { c.practitioners[0].site_hours[0].working_hours = EveryDay(1, 2); },
       Constraint::kPractitionerOff},
      {"busy", [&](Calendar& c, Wish&) { c.occupations = {Busy("practitioners/PR-01", all_day)}; },
       Constraint::kPractitionerBusy},
      {"no room", [](Calendar& c, Wish&) { c.rooms.pop_back(); }, Constraint::kNoRoom},
      {"room busy",
       [&](Calendar& c, Wish&) { c.occupations = {Busy("sites/par-1/rooms/r1", all_day)}; },
       Constraint::kRoomBusy},
      {"no device", [](Calendar& c, Wish&) { c.devices.clear(); }, Constraint::kNoDevice},
      {"device busy",
       [&](Calendar& c, Wish&) { c.occupations = {Busy("sites/par-1/devices/gun-1", all_day)}; },
       Constraint::kDeviceBusy},
      {"language", [](Calendar&, Wish& w) { w.language = "ar"; }, Constraint::kWish},
      {"patient", [&](Calendar& c, Wish&) { c.occupations = {Busy(kPatient, all_day)}; },
       Constraint::kPatientBusy},
  };
  for (const Case& c : cases) {
    Calendar calendar = Clinic();
    Wish wish = AnyTime();
    c.change(calendar, wish);
    const SearchResult result = Search(calendar, wish);
    EXPECT_TRUE(result.offers.empty()) << c.what;
    ASSERT_EQ(result.why_none.count(absl::CivilDay(2026, 11, 24)), 1u) << c.what;
    const auto& counts = result.why_none.at(absl::CivilDay(2026, 11, 24));
    EXPECT_EQ(counts.count(c.why), 1u) << c.what;
  }
}

TEST(AvailabilityTest, KeepsToTheWishedTimeOfDay) {
  Wish wish = AnyTime();
  wish.earliest_minute = 14 * 60;
  wish.latest_minute = 16 * 60;
  for (const Offer& offer : Search(Clinic(), wish).offers) {
    EXPECT_GE(offer.session.when().begin, At("2026-11-24T14:00:00+01:00"));
    EXPECT_LE(offer.session.when().end, At("2026-11-24T16:00:00+01:00"));
  }
  wish.latest_minute = 14 * 60 + 30;
  EXPECT_TRUE(Search(Clinic(), wish).offers.empty());
}

TEST(AvailabilityTest, ElapsedMinutesStayOverAClockChange) {
  Calendar calendar = Clinic();
  calendar.site.working_hours = EveryDay(0, 24);
  Wish wish;
  wish.window = {At("2026-10-25T00:30:00Z"), At("2026-10-25T03:00:00Z")};
  const SearchResult result = Search(calendar, wish, At("2026-10-20T00:00:00Z"));
  ASSERT_FALSE(result.offers.empty());
  for (const Offer& offer : result.offers) {
    EXPECT_EQ(offer.session.when().end - offer.session.when().begin, absl::Minutes(65));
  }
}

}  // namespace
}  // namespace meso::scheduling
