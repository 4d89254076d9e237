#include "services/scheduling/rpc/scheduling_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/rpc/proto_values.h"
#include "generated/scheduling_migrations.h"
#include "services/scheduling/booking_operations.h"
#include "services/scheduling/risk_operations.h"
#include "services/scheduling/rpc/scheduling_admin_service.h"
#include "services/scheduling/rpc/scheduling_convert.h"
#include "tests/support/scripted_scheduling_peers.h"
#include "tests/support/test_server.h"

namespace meso::scheduling {
namespace {

using Stub = v1::SchedulingService::Stub;
using AdminStub = v1::SchedulingAdminService::Stub;

class SchedulingServiceTest : public testing::Test {
 protected:
  SchedulingServiceTest()
      : server_("scheduling", SchedulingMigrations()),
        work_(server_.database(), server_.clock()),
        admin_service_(server_.calls(), env_),
        service_(server_.calls(), env_) {
    env_.database = &server_.database();
    env_.clock = &server_.clock();
    env_.ids = &server_.ids();
    env_.peers = &peers_;
    env_.work = &work_;
    env_.offer_key = std::string(32, 'k');
    env_.instance = "instance-1";
    env_.reply_bytes = [](const Appointment& appointment, absl::Time now) {
      v1::Appointment proto;
      ToProto(appointment, now, &proto);
      return ReplyBytes(proto);
    };
    work_.Register(kBookingWork, [this](const PendingWork& row) { return RunBooking(env_, row); });
    server_.Serve({&admin_service_, &service_});
    stub_ = v1::SchedulingService::NewStub(server_.channel());
    admin_stub_ = v1::SchedulingAdminService::NewStub(server_.channel());
    admin_ = server_.keys().Token("users/admin", {"chain_admin@*"});
    desk_ = server_.keys().Token("users/desk", {"front_desk@par-1"});
    Seed();
  }
  ~SchedulingServiceTest() override { server_.Stop(); }

  std::string RequestId() {
    return absl::StrFormat("00000000-0000-4000-8000-%012d", ++request_number_);
  }

  static void OpenDaily(v1::WorkingHours* hours) {
    for (int day = 1; day <= 7; ++day) {
      v1::WeeklyRule* rule = hours->add_rules();
      rule->set_day(static_cast<v1::DayOfWeek>(day));
      rule->set_begin("06:00");
      rule->set_end("23:00");
    }
  }

  void Seed() {
    v1::UpdateSiteRequest site;
    site.mutable_site()->set_name("sites/par-1");
    site.mutable_site()->set_display_name("Paris");
    site.mutable_site()->set_time_zone("Europe/Paris");
    site.mutable_site()->set_jurisdiction("FR");
    OpenDaily(site.mutable_site()->mutable_working_hours());
    site.set_allow_missing(true);
    site.set_request_id(RequestId());
    v1::Site made_site;
    absl::Status status =
        server_.Call(*admin_stub_, &AdminStub::UpdateSite, admin_, site, &made_site);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(made_site.etag(), "r1");
    EXPECT_EQ(made_site.working_hours().rules(6).day(), v1::DAY_OF_WEEK_SUNDAY);

    v1::UpdateTreatmentTypeRequest treatment;
    v1::TreatmentType* type = treatment.mutable_treatment_type();
    type->set_name("treatmentTypes/T-FACE");
    type->set_display_name("Face");
    type->set_area(v1::TREATMENT_AREA_FACE);
    type->set_delivery_method(v1::DELIVERY_METHOD_INJECTABLE);
    type->set_technique(v1::TECHNIQUE_NAPPAGE);
    v1::Phase* phase = type->add_phases();
    phase->set_kind(v1::PHASE_KIND_PROCEDURE);
    phase->mutable_duration()->set_seconds(1200);
    phase->set_needs_practitioner(true);
    treatment.set_allow_missing(true);
    treatment.set_request_id(RequestId());
    v1::TreatmentType made_type;
    status =
        server_.Call(*admin_stub_, &AdminStub::UpdateTreatmentType, admin_, treatment, &made_type);
    ASSERT_TRUE(status.ok()) << status;

    v1::UpdatePractitionerRequest practitioner;
    practitioner.mutable_practitioner()->set_name("practitioners/PR-01");
    practitioner.mutable_practitioner()->set_display_name("Dr One");
    practitioner.mutable_practitioner()->set_profession(v1::Practitioner::PROFESSION_DOCTOR);
    practitioner.mutable_practitioner()->add_credentials()->set_treatment_type(
        "treatmentTypes/T-FACE");
    practitioner.mutable_practitioner()->add_site_hours()->set_site("sites/par-1");
    practitioner.set_allow_missing(true);
    practitioner.set_request_id(RequestId());
    v1::Practitioner made;
    status =
        server_.Call(*admin_stub_, &AdminStub::UpdatePractitioner, admin_, practitioner, &made);
    ASSERT_TRUE(status.ok()) << status;
  }

  v1::SearchAvailabilityRequest SearchRequestFor(const std::string& patient) {
    v1::SearchAvailabilityRequest request;
    request.set_parent("sites/par-1");
    request.set_patient(patient);
    request.set_treatment_type("treatmentTypes/T-FACE");
    meso::ToProto(server_.clock().Now() + absl::Hours(1), request.mutable_start_time());
    meso::ToProto(server_.clock().Now() + absl::Hours(9), request.mutable_end_time());
    return request;
  }

  v1::BookAppointmentRequest BookRequestFor(const std::string& patient) {
    v1::SearchAvailabilityResponse found;
    const absl::Status status =
        server_.Call(*stub_, &Stub::SearchAvailability, desk_, SearchRequestFor(patient), &found);
    EXPECT_TRUE(status.ok()) << status;
    v1::BookAppointmentRequest request;
    request.set_parent("sites/par-1");
    request.set_patient(patient);
    request.set_cocktail("cocktails/C-01/revisions/r1");
    if (found.offers_size() > 0) request.set_offer_token(found.offers(0).offer_token());
    request.set_request_id(RequestId());
    return request;
  }

  TestServer server_;
  ScriptedSchedulingPeers peers_;
  PendingWorkRunner work_;
  SchedulingEnvironment env_;
  SchedulingAdminServiceImpl admin_service_;
  SchedulingServiceImpl service_;
  std::unique_ptr<Stub> stub_;
  std::unique_ptr<AdminStub> admin_stub_;
  std::string admin_, desk_;
  int request_number_ = 0;
};

TEST_F(SchedulingServiceTest, SearchesHoldsBooksAndReplays) {
  const v1::BookAppointmentRequest request = BookRequestFor("patients/PT-0001");
  v1::Appointment booked;
  absl::Status status = server_.Call(*stub_, &Stub::BookAppointment, desk_, request, &booked);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(booked.state(), v1::Appointment::STATE_BOOKED);
  EXPECT_EQ(booked.patient(), "patients/PT-0001");
  EXPECT_EQ(booked.lots_size(), 1);
  v1::Appointment again;
  status = server_.Call(*stub_, &Stub::BookAppointment, desk_, request, &again);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(again.SerializeAsString(), booked.SerializeAsString());

  v1::BookAppointmentRequest other = request;
  other.set_patient("patients/PT-0002");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::BookAppointment, desk_, other, &again)),
            "REQUEST_ID_REUSED");

  v1::GetAppointmentRequest get;
  get.set_name(booked.name());
  v1::Appointment found;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetAppointment, desk_, get, &found).ok());
  EXPECT_EQ(found.SerializeAsString(), booked.SerializeAsString());
}

TEST_F(SchedulingServiceTest, ABookingsEntryNamesPatientAppointmentAndLots) {
  v1::Appointment booked;
  ASSERT_TRUE(
      server_
          .Call(*stub_, &Stub::BookAppointment, desk_, BookRequestFor("patients/PT-0001"), &booked)
          .ok());
  int entries = 0;
  for (const AuditRecord& entry : server_.Entries()) {
    if (entry.object_name != booked.name()) continue;
    ++entries;
    EXPECT_EQ(entry.outcome, "OK");
    EXPECT_EQ(entry.action, "C");
    EXPECT_EQ(entry.actor, "users/desk");
    EXPECT_EQ(entry.site, "sites/par-1");
    EXPECT_TRUE(entry.keys.count({"patient", "patients/PT-0001"}));
    EXPECT_TRUE(entry.keys.count({"appointment", booked.name()}));
    EXPECT_TRUE(entry.keys.count({"lot", booked.lots(0)}));
  }
  EXPECT_EQ(entries, 1);
}

TEST_F(SchedulingServiceTest, AStartBelowTheKitsParSaysSoInTheAnswerTheReplayAndTheEntry) {
  v1::Appointment booked;
  ASSERT_TRUE(
      server_
          .Call(*stub_, &Stub::BookAppointment, desk_, BookRequestFor("patients/PT-0001"), &booked)
          .ok());
  v1::CheckInAppointmentRequest check_in;
  check_in.set_name(booked.name());
  check_in.set_request_id(RequestId());
  v1::Appointment ignored;
  absl::Status status = server_.Call(*stub_, &Stub::CheckInAppointment, desk_, check_in, &ignored);
  ASSERT_TRUE(status.ok()) << status;
  peers_.reservation_state = "DRAWN";
  peers_.kit = {false, {}, {{"products/EMR-ADR", 2, 4}}};
  const std::string nurse = server_.keys().Token("users/nurse", {"practitioner@par-1"});
  v1::StartAppointmentRequest start;
  start.set_name(booked.name());
  start.set_request_id(RequestId());
  v1::Appointment started, again, found;
  status = server_.Call(*stub_, &Stub::StartAppointment, nurse, start, &started);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(started.state(), v1::Appointment::STATE_IN_PROGRESS);
  EXPECT_FALSE(started.at_risk());
  ASSERT_EQ(started.warnings_size(), 1);
  EXPECT_EQ(started.warnings(0).code(), "EMERGENCY_KIT_BELOW_PAR");
  EXPECT_EQ(started.warnings(0).object(), "products/EMR-ADR");
  EXPECT_EQ(started.warnings(0).description(), "products/EMR-ADR: 2 of 4 units usable");

  peers_.kit = {};
  ASSERT_TRUE(server_.Call(*stub_, &Stub::StartAppointment, nurse, start, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), started.SerializeAsString());
  v1::GetAppointmentRequest get;
  get.set_name(booked.name());
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetAppointment, desk_, get, &found).ok());
  EXPECT_EQ(found.SerializeAsString(), started.SerializeAsString());

  std::vector<std::string> told;
  for (const AuditRecord& entry : server_.Entries()) {
    if (!absl::EndsWith(entry.method, "/StartAppointment")) continue;
    const auto fact = entry.facts.find("warnings");
    told.push_back(fact == entry.facts.end() ? "" : fact->second);
  }
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "EMERGENCY_KIT_BELOW_PAR products/EMR-ADR: 2 of 4 units usable");
}

TEST_F(SchedulingServiceTest, ASessionDoesNotStartWithoutAnEmergencyKit) {
  v1::Appointment booked, ignored;
  ASSERT_TRUE(
      server_
          .Call(*stub_, &Stub::BookAppointment, desk_, BookRequestFor("patients/PT-0001"), &booked)
          .ok());
  v1::CheckInAppointmentRequest check_in;
  check_in.set_name(booked.name());
  check_in.set_request_id(RequestId());
  ASSERT_TRUE(server_.Call(*stub_, &Stub::CheckInAppointment, desk_, check_in, &ignored).ok());
  peers_.reservation_state = "DRAWN";
  peers_.kit = {true, {"products/EMR-ADR"}, {}};
  v1::StartAppointmentRequest start;
  start.set_name(booked.name());
  start.set_request_id(RequestId());
  const absl::Status status =
      server_.Call(*stub_, &Stub::StartAppointment,
                   server_.keys().Token("users/nurse", {"practitioner@par-1"}), start, &ignored);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "EMERGENCY_KIT_MISSING");
}

TEST_F(SchedulingServiceTest, HoldsAndReleasesWithReplays) {
  const v1::BookAppointmentRequest offered = BookRequestFor("patients/PT-0001");
  v1::HoldAppointmentRequest hold;
  hold.set_parent("sites/par-1");
  hold.set_offer_token(offered.offer_token());
  hold.set_patient("patients/PT-0001");
  hold.set_request_id(RequestId());
  v1::Appointment held, again;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::HoldAppointment, desk_, hold, &held).ok());
  ASSERT_TRUE(server_.Call(*stub_, &Stub::HoldAppointment, desk_, hold, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), held.SerializeAsString());
  EXPECT_TRUE(held.has_expire_time());
  v1::ReleaseHoldRequest release;
  release.set_name(held.name());
  release.set_request_id(RequestId());
  v1::Appointment released;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ReleaseHold, desk_, release, &released).ok());
  EXPECT_EQ(released.state(), v1::Appointment::STATE_CANCELLED);
}

TEST_F(SchedulingServiceTest, ListsEveryBadFieldOfABooking) {
  v1::BookAppointmentRequest bad;
  bad.set_parent("sites/par-1");
  bad.set_patient("PT-0001");
  bad.set_cocktail("cocktails/C-01");
  v1::Appointment ignored;
  const absl::Status status = server_.Call(*stub_, &Stub::BookAppointment, desk_, bad, &ignored);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  std::set<std::string> fields;
  for (const Violation& violation : DetailsOf(status).violations) fields.insert(violation.subject);
  EXPECT_THAT(fields,
              testing::UnorderedElementsAre("patient", "cocktail", "offer_token", "request_id"));
}

TEST_F(SchedulingServiceTest, ValidateOnlyNeedsNoRequestIdAndChangesNothing) {
  v1::BookAppointmentRequest request = BookRequestFor("patients/PT-0001");
  request.set_validate_only(true);
  request.clear_request_id();
  v1::Appointment planned;
  const absl::Status status =
      server_.Call(*stub_, &Stub::BookAppointment, desk_, request, &planned);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(planned.name().empty());
  v1::ListAppointmentsRequest list;
  list.set_parent("sites/par-1");
  v1::ListAppointmentsResponse all;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &all).ok());
  EXPECT_EQ(all.appointments_size(), 0);
}

TEST_F(SchedulingServiceTest, PagesThroughAppointments) {
  for (int i = 1; i <= 3; ++i) {
    v1::Appointment booked;
    const absl::Status status =
        server_.Call(*stub_, &Stub::BookAppointment, desk_,
                     BookRequestFor(absl::StrFormat("patients/PT-%04d", i)), &booked);
    ASSERT_TRUE(status.ok()) << status;
  }
  v1::ListAppointmentsRequest list;
  list.set_parent("sites/-");
  list.set_page_size(2);
  v1::ListAppointmentsResponse page;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &page).ok());
  EXPECT_EQ(page.appointments_size(), 2);
  list.set_page_token(page.next_page_token());
  v1::ListAppointmentsResponse rest;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &rest).ok());
  EXPECT_EQ(rest.appointments_size(), 1);
  EXPECT_TRUE(rest.next_page_token().empty());
  list.set_filter("state = BOOKED");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &rest)),
            "PAGE_TOKEN_INVALID");
}

TEST_F(SchedulingServiceTest, KeepsToTheCallersSites) {
  const std::string elsewhere = server_.keys().Token("users/anna", {"front_desk@syd-1"});
  v1::SearchAvailabilityResponse ignored;
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::SearchAvailability, elsewhere,
                                  SearchRequestFor("patients/PT-0001"), &ignored)),
            "SITE_FORBIDDEN");
  v1::UpdateSiteRequest site;
  site.mutable_site()->set_name("sites/par-1");
  site.set_request_id(RequestId());
  v1::Site made;
  EXPECT_EQ(ReasonOf(server_.Call(*admin_stub_, &AdminStub::UpdateSite, desk_, site, &made)),
            "ROLE_REQUIRED");
}

TEST_F(SchedulingServiceTest, RefusesAWindowThatIsTooLong) {
  v1::SearchAvailabilityRequest request = SearchRequestFor("patients/PT-0001");
  meso::ToProto(server_.clock().Now() + absl::Hours(24 * 40), request.mutable_end_time());
  v1::SearchAvailabilityResponse ignored;
  const absl::Status status =
      server_.Call(*stub_, &Stub::SearchAvailability, desk_, request, &ignored);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "RANGE_TOO_LARGE");
}

TEST_F(SchedulingServiceTest, ExplainsAnEmptySearch) {
  v1::SearchAvailabilityRequest request = SearchRequestFor("patients/PT-0001");
  request.set_language("ar");
  v1::SearchAvailabilityResponse found;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::SearchAvailability, desk_, request, &found).ok());
  EXPECT_EQ(found.offers_size(), 0);
  ASSERT_EQ(found.why_none_size(), 1);
  EXPECT_EQ(found.why_none(0).date(), "2026-11-20");
  EXPECT_EQ(found.why_none(0).constraints(0).constraint(), v1::CONSTRAINT_WISH);
}

TEST_F(SchedulingServiceTest, AnUpdateByMaskKeepsTheRest) {
  v1::UpdateSiteRequest request;
  request.mutable_site()->set_name("sites/par-1");
  request.mutable_site()->set_display_name("Paris Marais");
  request.mutable_update_mask()->add_paths("display_name");
  request.set_request_id(RequestId());
  v1::Site saved;
  const absl::Status status =
      server_.Call(*admin_stub_, &AdminStub::UpdateSite, admin_, request, &saved);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(saved.time_zone(), "Europe/Paris");
  EXPECT_EQ(saved.etag(), "r2");
}

// An empty answer to a misspelt word would pass for "there is none".
TEST_F(SchedulingServiceTest, AFilterTakesEveryWordOfItsEnumAndNoOther) {
  v1::ListAppointmentsRequest list;
  list.set_parent("sites/-");
  v1::ListAppointmentsResponse page;
  const auto* states = v1::Appointment::State_descriptor();
  for (int i = 1; i < states->value_count(); ++i) {
    list.set_filter("state = " + states->value(i)->name());
    const absl::Status status = server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &page);
    EXPECT_TRUE(status.ok()) << list.filter() << status;
  }
  list.set_filter("state = BOKED");
  const absl::Status status = server_.Call(*stub_, &Stub::ListAppointments, desk_, list, &page);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FILTER_INVALID");
  EXPECT_TRUE(absl::StrContains(status.message(), "state is one of HELD, BOOKED, CHECKED_IN"))
      << status;
}

}  // namespace
}  // namespace meso::scheduling
