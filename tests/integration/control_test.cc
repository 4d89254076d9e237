// The assertions of the shipped file against what the services really write: a visit from the
// booking to its end breaks none, each planted wrong is found, and a kill at any moment of the
// evaluation neither loses a violation nor finds one twice.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/clock.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using ::meso::audit::v1::AuditService;
using ::meso::inventory::v1::InventoryService;
using ::meso::scheduling::v1::SchedulingService;
using ::meso::screening::v1::ScreeningService;

constexpr char kGiven[] = "method = \"meso.inventory.v1.InventoryService/RecordAdministration\"";
constexpr char kSeen[] = "method = \"meso.screening.v1.ScreeningService/ListAssessments\"";

constexpr char kCheckedIn[] =
    "method = \"meso.scheduling.v1.SchedulingService/CheckInAppointment\"";

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() : clinic_(suite_) {
    // As shipped, but nothing waits: what is missing now is missing.
    std::ifstream in("deploy/audit/assertions.json");
    std::ostringstream text;
    text << in.rdbuf();
    file_ = absl::StrCat(suite_.dir(), "/assertions.json");
    std::ofstream(file_) << absl::StrReplaceAll(text.str(),
                                                {{"\"wait_minutes\": 60", "\"wait_minutes\": 0"},
                                                 {"\"after_hours\": 720", "\"after_hours\": 0"}});
    site_ = absl::StrCat("sites/", Clinic::SiteWithTimeToday());
  }

  void StartAll(const std::string& audit_failpoints = "") {
    suite_.StartRedis();
    suite_.Start("audit", audit_failpoints, {absl::StrCat("--assertions_file=", file_)});
    for (const char* service : {"screening", "inventory", "scheduling"}) suite_.Start(service);
    clinic_.Load();
    lots_ = clinic_.Receive(20, 300, site_);
    clinic_.Receive(5, 300, site_, {"EMR-ADR"});
  }

  template <typename Service, typename Request, typename Response>
  absl::Status Call(typename Service::Stub& stub,
                    grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const std::string& token, const Request& request, Response* response) {
    return suite_.Call<Service>(stub, method, token, request, response);
  }

  // Answers, consent, booking; the appointment's name.
  std::string Book(const std::string& patient) {
    clinic_.Screen(patient, site_);
    screening::v1::RecordConsentRequest consent;
    consent.mutable_consent()->set_patient(patient);
    consent.mutable_consent()->set_site(site_);
    consent.mutable_consent()->set_cocktail(clinic_.cocktail());
    consent.mutable_consent()->set_document("CF-2026-01");
    consent.set_request_id(clinic_.NewRequestId());
    screening::v1::Consent recorded;
    EXPECT_TRUE(Call<ScreeningService>(clinic_.screening(), &ScreeningService::Stub::RecordConsent,
                                       clinic_.desk(), consent, &recorded)
                    .ok());
    const auto offers = clinic_.Search(patient, SystemClock().Now(), 1, site_);
    const auto booked = clinic_.Book(patient, offers[0].offer_token(), "", site_);
    EXPECT_TRUE(booked.ok()) << booked.status();
    reservation_ = booked->reservation();
    return booked->name();
  }
  void CheckIn(const std::string& appointment) {
    scheduling::v1::CheckInAppointmentRequest request;
    request.set_name(appointment);
    request.set_request_id(clinic_.NewRequestId());
    scheduling::v1::Appointment response;
    const absl::Status status =
        Call<SchedulingService>(clinic_.scheduling(), &SchedulingService::Stub::CheckInAppointment,
                                clinic_.desk(), request, &response);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Draw(const std::string& appointment) {
    inventory::v1::DrawStockRequest request;
    request.set_appointment(appointment);
    request.set_reservation(reservation_);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::DrawStockResponse response;
    const absl::Status status =
        Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::DrawStock,
                               clinic_.desk(), request, &response);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Give(const std::string& appointment, const std::string& patient) {
    inventory::v1::RecordAdministrationRequest request;
    inventory::v1::Administration& record = *request.mutable_administration();
    record.set_appointment(appointment);
    record.set_patient(patient);
    record.set_practitioner("practitioners/pr-01");
    record.mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(SystemClock().Now()));
    for (const std::string& lot : lots_) {
      inventory::v1::AdministeredLot& line = *record.add_lots();
      line.set_lot(lot);
      line.set_ampoules(1);
    }
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Administration response;
    const absl::Status status =
        Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::RecordAdministration,
                               clinic_.desk(), request, &response);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Look(const std::string& patient) {
    screening::v1::ListAssessmentsRequest request;
    request.set_patient(patient);
    request.set_site(site_);
    screening::v1::ListAssessmentsResponse response;
    const absl::Status status =
        Call<ScreeningService>(clinic_.screening(), &ScreeningService::Stub::ListAssessments,
                               clinic_.desk(), request, &response);
    ASSERT_TRUE(status.ok()) << status;
  }

  audit::v1::ListAssertionsResponse Assertions() {
    audit::v1::ListAssertionsResponse response;
    const absl::Status status =
        Call<AuditService>(clinic_.audit(), &AuditService::Stub::ListAssertions, clinic_.auditor(),
                           audit::v1::ListAssertionsRequest(), &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }
  // How often each assertion was broken, once all of them have judged the newest entry of the
  // filter, of which there are `count`.
  std::map<std::string, int64_t> BrokenAfter(const std::string& filter, size_t count) {
    std::map<std::string, int64_t> broken;
    const bool judged = WaitUntil([&] {
      const std::vector<audit::v1::Entry> entries = clinic_.Entries(filter);
      if (entries.size() != count) return false;
      broken.clear();
      const audit::v1::ListAssertionsResponse response = Assertions();
      for (const audit::v1::Assertion& one : response.assertions()) {
        if (one.evaluated_size() <= entries[0].leaf().index()) return false;
        if (one.violations() > 0) broken[one.name()] = one.violations();
      }
      return true;
    });
    EXPECT_TRUE(judged) << filter;
    return broken;
  }

  Suite suite_;
  Clinic clinic_;
  std::string file_;
  std::string site_ = "sites/par-1";
  std::vector<std::string> lots_;
  std::string reservation_;
};

TEST_F(ControlTest, AVisitBreaksNothingAndEachPlantedWrongIsFound) {
  StartAll();
  const std::string visit = Book("patients/CONTROL-1");
  CheckIn(visit);
  // Nothing waits here, so the decision must have arrived before what it is a decision about.
  EXPECT_EQ(BrokenAfter(kCheckedIn, 1).size(), 0u);
  Look("patients/CONTROL-1");
  Draw(visit);
  Give(visit, "patients/CONTROL-1");
  // The rule set was written and published, stock received: by two persons each.
  const std::map<std::string, int64_t> clean = BrokenAfter(kGiven, 1);
  EXPECT_TRUE(clean.empty()) << clean.begin()->first << " " << clean.begin()->second;

  const std::string undecided = Book("patients/CONTROL-2");
  Draw(undecided);
  Give(undecided, "patients/CONTROL-2");
  clinic_.Screen("patients/CONTROL-3", site_);
  Look("patients/CONTROL-3");
  BrokenAfter(kGiven, 2);
  const std::map<std::string, int64_t> found = BrokenAfter(kSeen, 2);
  EXPECT_EQ(found, (std::map<std::string, int64_t>{{"assertions/access-with-appointment", 1},
                                                   {"assertions/administration-decided", 1}}));
}

TEST_F(ControlTest, AKillNeitherLosesAViolationNorFindsOneTwice) {
  // The first step that finds something is the one that is killed before, then after its commit.
  StartAll();
  suite_.Terminate("audit");
  suite_.Start("audit", "audit.assertions.before_commit=kill",
               {absl::StrCat("--assertions_file=", file_)});
  clinic_.Screen("patients/CONTROL-4", site_);
  Look("patients/CONTROL-4");
  suite_.WaitForDeath("audit");
  suite_.Start("audit", "audit.assertions.after_commit=kill",
               {absl::StrCat("--assertions_file=", file_)});
  suite_.WaitForDeath("audit");
  suite_.Start("audit", "", {absl::StrCat("--assertions_file=", file_)});
  const std::map<std::string, int64_t> found = BrokenAfter(kSeen, 1);
  EXPECT_EQ(found, (std::map<std::string, int64_t>{{"assertions/access-with-appointment", 1}}));
  audit::v1::ListViolationsResponse violations;
  ASSERT_TRUE(Call<AuditService>(clinic_.audit(), &AuditService::Stub::ListViolations,
                                 clinic_.auditor(), audit::v1::ListViolationsRequest(), &violations)
                  .ok());
  ASSERT_EQ(violations.violations_size(), 1);
  // Its own entry comes by the outbox, a moment later; a second one would have come with it.
  EXPECT_TRUE(WaitUntil([this] { return !clinic_.Entries("object_type = Violation").empty(); }));
  EXPECT_EQ(clinic_.Entries("object_type = Violation").size(), 1u);
}

}  // namespace
}  // namespace meso
