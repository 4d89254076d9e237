#include "services/scheduling/domain/appointment.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/scheduling/domain/clearance.h"
#include "services/scheduling/domain/offer_token.h"

namespace meso::scheduling {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1795255200);  // 2026-11-21T10:00:00Z

Appointment Make(AppointmentState state) {
  Appointment a;
  a.name = AppointmentName("sites/syd-1/appointments/00000000-0000-7000-8000-000000000001");
  a.patient = PatientName("patients/PT-0001");
  a.state = state;
  a.time_zone = "Australia/Sydney";
  a.expire_time = kNow + absl::Minutes(5);
  a.session.site = SiteName("sites/syd-1");
  a.session.treatment_type = TreatmentName("treatmentTypes/T-FACE");
  a.session.treatment_type_revision = 3;
  Segment segment;
  segment.phase = PhaseKind::kProcedure;
  segment.when = {kNow + absl::Hours(20), kNow + absl::Hours(21)};
  segment.practitioner = PractitionerName("practitioners/PR-01");
  segment.room = RoomName("sites/syd-1/rooms/r1");
  segment.devices = {DeviceName("sites/syd-1/devices/d1")};
  a.session.segments = {segment};
  return a;
}

TEST(AppointmentTest, AHoldLapsesAtItsExpireTime) {
  const Appointment hold = Make(AppointmentState::kHeld);
  EXPECT_EQ(StateAt(hold, hold.expire_time - absl::Microseconds(1)), AppointmentState::kHeld);
  EXPECT_EQ(StateAt(hold, hold.expire_time), AppointmentState::kExpired);
  EXPECT_EQ(ReasonOf(DecidePin(hold, hold.expire_time)), "HOLD_EXPIRED");
  EXPECT_TRUE(DecidePin(hold, kNow).ok());
}

TEST(AppointmentTest, APinnedHoldCanNeitherBeReleasedNorPinnedAgain) {
  Appointment hold = Make(AppointmentState::kHeld);
  hold.attempt = "some-attempt";
  EXPECT_EQ(ReasonOf(DecidePin(hold, kNow)), "STATE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(DecideRelease(hold, kNow)), "STATE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(DecideCancel(hold, kNow)), "STATE_NOT_ALLOWED");
}

TEST(AppointmentTest, EveryVerbNeedsItsState) {
  struct Verb {
    const char* name;
    absl::Status (*decide)(const Appointment&, absl::Time);
    std::vector<AppointmentState> allowed;
  };
  const absl::Time on_the_day = kNow + absl::Hours(20);
  const Verb verbs[] = {
      {"check in", DecideCheckIn, {AppointmentState::kBooked}},
      {"start", DecideStart, {AppointmentState::kCheckedIn}},
      {"complete", DecideComplete, {AppointmentState::kInProgress}},
      {"cancel", DecideCancel, {AppointmentState::kBooked, AppointmentState::kCheckedIn}},
  };
  for (const Verb& verb : verbs) {
    for (int state = 1; state <= 7; ++state) {
      const AppointmentState s = static_cast<AppointmentState>(state);
      const bool allowed =
          std::find(verb.allowed.begin(), verb.allowed.end(), s) != verb.allowed.end();
      EXPECT_EQ(ReasonOf(verb.decide(Make(s), on_the_day)), allowed ? "" : "STATE_NOT_ALLOWED")
          << verb.name << " " << StateWord(s);
    }
  }
}

TEST(AppointmentTest, CheckInOpensAtMidnightOfTheSite) {
  const Appointment booked = Make(AppointmentState::kBooked);
  // The session is on 22 November in Sydney (UTC+11), which begins at 13:00Z the day before.
  const absl::Time midnight =
      absl::FromCivil(absl::CivilSecond(2026, 11, 21, 13, 0, 0), absl::UTCTimeZone());
  EXPECT_EQ(UseDate(booked), "2026-11-22");
  EXPECT_EQ(ReasonOf(DecideCheckIn(booked, midnight - absl::Seconds(1))), "STATE_NOT_ALLOWED");
  EXPECT_TRUE(DecideCheckIn(booked, midnight).ok());
}

TEST(AppointmentTest, RisksRefuseCheckInAndStartAndAreAllNamed) {
  Appointment booked = Make(AppointmentState::kBooked);
  EXPECT_TRUE(AddRisk(booked, {"inventory", "LOT_RECALLED", "lots/1", kNow}));
  EXPECT_FALSE(AddRisk(booked, {"inventory", "LOT_RECALLED", "lots/1", kNow}));
  EXPECT_TRUE(AddRisk(booked, {"screening", "CLEARANCE_LOST", "assessments/1", kNow}));
  const absl::Status status = DecideCheckIn(booked, kNow + absl::Hours(20));
  EXPECT_EQ(ReasonOf(status), "APPOINTMENT_AT_RISK");
  EXPECT_EQ(DetailsOf(status).violations.size(), 2u);
  booked.state = AppointmentState::kCheckedIn;
  EXPECT_EQ(ReasonOf(DecideStart(booked, kNow)), "APPOINTMENT_AT_RISK");
  EXPECT_TRUE(RemoveRisks(booked, [](const Risk& r) { return r.source == "inventory"; }));
  EXPECT_EQ(booked.risks.size(), 1u);
}

TEST(AppointmentTest, AnotherEpochIsAlwaysNewer) {
  const Position as_of{"inventory", "e1", 7};
  EXPECT_FALSE(IsNewer("e1", 7, as_of));
  EXPECT_TRUE(IsNewer("e1", 8, as_of));
  EXPECT_TRUE(IsNewer("e2", 1, as_of));
}

Clearance Answer(const std::string& state) {
  Clearance clearance;
  clearance.state = state;
  clearance.cocktail = "cocktails/C-01/revisions/r1";
  clearance.consent = "consents/1";
  return clearance;
}

TEST(ClearanceTest, OnlyClearedAndProvisionalCanBeBookedAndOnlyClearedTreated) {
  for (const char* state : {"CLEARED", "PROVISIONAL", "NEEDS_APPROVAL", "DEFERRED", "EXPIRED",
                            "INCOMPLETE", "CONTRAINDICATED", ""}) {
    const std::string s = state;
    const bool bookable = s == "CLEARED" || s == "PROVISIONAL";
    EXPECT_EQ(ReasonOf(DecideBookable(Answer(s))), bookable ? "" : "CLEARANCE_REQUIRED") << s;
    EXPECT_EQ(ReasonOf(DecideTreatable(Answer(s))), s == "CLEARED" ? "" : "CLEARANCE_REQUIRED");
  }
  Clearance without = Answer("CLEARED");
  without.consent.clear();
  EXPECT_EQ(ReasonOf(DecideTreatable(without)), "CONSENT_MISSING");
}

TEST(ClearanceTest, AQuestionDueAgainIsNoRiskButAnUnansweredOneIs) {
  EXPECT_EQ(DecideRecheck(Answer("PROVISIONAL")), Recheck::kGood);
  EXPECT_EQ(DecideRecheck(Answer("EXPIRED")), Recheck::kDue);
  Clearance incomplete = Answer("INCOMPLETE");
  incomplete.open_questions = {{"pregnant", "LAPSED", true}, {"shoe_size", "NOT_ANSWERED", false}};
  incomplete.findings = {{"MS-40", "ADVISE", "", "", ""}};
  EXPECT_EQ(DecideRecheck(incomplete), Recheck::kDue);
  for (const char* cause : {"NOT_ANSWERED", "UNSURE"}) {
    incomplete.open_questions[0].cause = cause;
    EXPECT_EQ(DecideRecheck(incomplete), Recheck::kBad) << cause;
  }
  incomplete.open_questions.clear();
  incomplete.unreachable = {"inventory"};
  EXPECT_EQ(DecideRecheck(incomplete), Recheck::kUnknown);
  incomplete.findings = {{"MS-09", "DEFER", "", "", ""}};
  EXPECT_EQ(DecideRecheck(incomplete), Recheck::kBad);
  EXPECT_EQ(DecideRecheck(Answer("CONTRAINDICATED")), Recheck::kBad);
  EXPECT_EQ(DecideRecheck(Answer("NEEDS_APPROVAL")), Recheck::kBad);
}

TEST(ClearanceTest, ASilentServiceIsSaidAsSuchAndAFindingComesFirst) {
  Clearance incomplete = Answer("INCOMPLETE");
  incomplete.unreachable = {"inventory"};
  for (const absl::Status& status : {DecideBookable(incomplete), DecideTreatable(incomplete)}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(status), "DEPENDENCY_DOWN");
    EXPECT_EQ(DetailsOf(status).metadata["service"], "inventory");
  }
  incomplete.findings = {{"MS-03", "DEFER", "", "", ""}};
  EXPECT_EQ(DecideBookable(incomplete).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(DecideBookable(incomplete)), "CLEARANCE_REQUIRED");
}

TEST(OfferTokenTest, IsBoundToCallerPatientTimeAndKey) {
  const std::string key(32, 'k');
  const Session session = Make(AppointmentState::kHeld).session;
  const PatientName patient("patients/PT-0001");
  const absl::Time expire = kNow + kOfferTtl;
  const std::string token = MakeOfferToken(session, "users/desk", patient, expire, key);
  const auto read = ReadOfferToken(token, "users/desk", patient, kNow, key);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(EncodeSession(*read), EncodeSession(session));
  EXPECT_EQ(token.find("PT-0001"), std::string::npos);

  const auto reason = [&](const std::string& t, const std::string& caller, const char* who,
                          absl::Time now, const std::string& k) {
    return ReasonOf(ReadOfferToken(t, caller, PatientName(who), now, k).status());
  };
  const char* same = "patients/PT-0001";
  EXPECT_EQ(reason(token, "users/other", same, kNow, key), "FIELD_INVALID");
  EXPECT_EQ(reason(token, "users/desk", "patients/PT-0002", kNow, key), "FIELD_INVALID");
  EXPECT_EQ(reason(token, "users/desk", same, kNow, std::string(32, 'x')), "FIELD_INVALID");
  EXPECT_EQ(reason(token, "users/desk", same, expire - absl::Seconds(1), key), "");
  EXPECT_EQ(reason(token, "users/desk", same, expire, key), "OFFER_EXPIRED");
  EXPECT_EQ(reason("", "users/desk", same, kNow, key), "FIELD_INVALID");
  EXPECT_EQ(reason(std::string(9000, 'A'), "users/desk", same, kNow, key), "FIELD_INVALID");
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(reason(forged, "users/desk", same, kNow, key), "FIELD_INVALID") << i;
  }
}

}  // namespace
}  // namespace meso::scheduling
