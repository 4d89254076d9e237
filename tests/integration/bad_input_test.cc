// Bad input over the wire: the exact code and reason, every bad field at once, nothing done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::SchedulingAdminService;
using ::meso::scheduling::v1::SchedulingService;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::string CodeAndReason(const absl::Status& status) {
  return status.ok() ? "OK"
                     : absl::StrCat(absl::StatusCodeToString(status.code()), "/", ReasonOf(status));
}

std::set<std::string> BadFields(const absl::Status& status) {
  std::set<std::string> fields;
  for (const Violation& v : DetailsOf(status).violations) fields.insert(v.subject);
  return fields;
}

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    suite_ = new Suite;
    suite_->StartAll();
    clinic_ = new Clinic(*suite_);
    clinic_->Load();
    clinic_->Receive(10);
    clinic_->Screen("patients/BAD-1");
  }
  static void TearDownTestSuite() {
    delete clinic_;
    delete suite_;
  }

  static absl::Status Receive(const inventory::v1::ReceiveStockRequest& request,
                              const std::string& token) {
    inventory::v1::ReceiveStockResponse response;
    return suite_->Call<InventoryService>(
        clinic_->inventory(), &InventoryService::Stub::ReceiveStock, token, request, &response);
  }
  static inventory::v1::ReceiveStockRequest GoodReceipt() {
    inventory::v1::ReceiveStockRequest request;
    request.set_site("sites/par-1");
    request.set_product("products/AMP-HA1");
    request.set_lot_number("GOOD-1");
    request.set_expiry_date("2031-05-31");
    request.set_ampoules(10);
    request.set_document("DN-7");
    request.set_request_id(clinic_->NewRequestId());
    return request;
  }
  static absl::Status ParseScan(const std::string& scan) {
    inventory::v1::ParseScanRequest request;
    request.set_scan(scan);
    inventory::v1::ParsedScan response;
    return suite_->Call<InventoryService>(clinic_->inventory(), &InventoryService::Stub::ParseScan,
                                          clinic_->manager(), request, &response);
  }
  static absl::Status Get(const std::string& token) {
    inventory::v1::ListLotsResponse response;
    return suite_->Call<InventoryService>(clinic_->inventory(), &InventoryService::Stub::ListLots,
                                          token, inventory::v1::ListLotsRequest(), &response);
  }

  static Suite* suite_;
  static Clinic* clinic_;
};
Suite* BadInputTest::suite_ = nullptr;
Clinic* BadInputTest::clinic_ = nullptr;

TEST_F(BadInputTest, ListsEveryMissingFieldAtOnce) {
  const absl::Status status = Receive(inventory::v1::ReceiveStockRequest(), clinic_->manager());
  EXPECT_EQ(CodeAndReason(status), "INVALID_ARGUMENT/FIELD_REQUIRED");
  EXPECT_THAT(BadFields(status), IsSupersetOf({"site", "document", "request_id"}));
}

TEST_F(BadInputTest, ListsEveryWrongFieldAtOnce) {
  inventory::v1::ReceiveStockRequest request = GoodReceipt();
  request.set_site("sites/par 1");
  request.set_product("product/AMP");
  request.set_lot_number("LOT#1");
  request.set_expiry_date("2026-02-30");
  request.set_ampoules(-1);
  const absl::Status status =
      Receive(request, suite_->Token("users/everywhere", {"inventory_manager@*"}));
  EXPECT_EQ(CodeAndReason(status), "INVALID_ARGUMENT/FIELD_INVALID");
  EXPECT_THAT(BadFields(status),
              IsSupersetOf({"site", "product", "lot_number", "expiry_date", "ampoules"}));
}

TEST_F(BadInputTest, RefusesARequestIdThatIsNoUuid) {
  inventory::v1::ReceiveStockRequest request = GoodReceipt();
  request.set_request_id("1");
  const absl::Status status = Receive(request, clinic_->manager());
  EXPECT_EQ(CodeAndReason(status), "INVALID_ARGUMENT/FIELD_INVALID");
  EXPECT_THAT(BadFields(status), Contains("request_id"));
}

TEST_F(BadInputTest, RefusesARequestIdWithAnotherBody) {
  inventory::v1::ReceiveStockRequest request = GoodReceipt();
  request.set_lot_number("REUSED-1");
  ASSERT_EQ(CodeAndReason(Receive(request, clinic_->manager())), "OK");
  ASSERT_EQ(CodeAndReason(Receive(request, clinic_->manager())), "OK");
  request.set_ampoules(11);
  EXPECT_EQ(CodeAndReason(Receive(request, clinic_->manager())),
            "ALREADY_EXISTS/REQUEST_ID_REUSED");
}

TEST_F(BadInputTest, NamesWhatIsWrongWithAScan) {
  EXPECT_EQ(CodeAndReason(ParseScan("]d20109521234000113")), "INVALID_ARGUMENT/CHECK_DIGIT_WRONG");
  EXPECT_EQ(CodeAndReason(ParseScan("]d2010952123400011217260230")),
            "INVALID_ARGUMENT/SCAN_UNREADABLE");
  EXPECT_EQ(CodeAndReason(ParseScan("]d2010952123400011210AB#1")),
            "INVALID_ARGUMENT/SCAN_UNREADABLE");
  EXPECT_EQ(CodeAndReason(ParseScan("")), "INVALID_ARGUMENT/FIELD_REQUIRED");
}

TEST_F(BadInputTest, RefusesEveryKindOfBadToken) {
  const std::string good = clinic_->manager();
  const std::vector<std::string> parts = absl::StrSplit(good, '.');
  ASSERT_EQ(parts.size(), 3u);
  std::string none;
  absl::WebSafeBase64Escape("{\"alg\":\"none\"}", &none);
  EXPECT_EQ(CodeAndReason(Get("")), "UNAUTHENTICATED/TOKEN_MISSING");
  EXPECT_EQ(CodeAndReason(Get("rubbish")), "UNAUTHENTICATED/TOKEN_INVALID");
  EXPECT_EQ(CodeAndReason(Get(absl::StrCat(none, ".", parts[1], "."))),
            "UNAUTHENTICATED/TOKEN_INVALID");
  std::string forged = parts[2];
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(CodeAndReason(Get(absl::StrCat(parts[0], ".", parts[1], ".", forged))),
            "UNAUTHENTICATED/TOKEN_INVALID");
}

TEST_F(BadInputTest, RefusesTheWrongRoleAndTheWrongSite) {
  EXPECT_EQ(CodeAndReason(Receive(GoodReceipt(), suite_->Token("users/x", {"front_desk@par-1"}))),
            "PERMISSION_DENIED/ROLE_REQUIRED");
  EXPECT_EQ(
      CodeAndReason(Receive(GoodReceipt(), suite_->Token("users/y", {"inventory_manager@syd-1"}))),
      "PERMISSION_DENIED/SITE_FORBIDDEN");
}

TEST_F(BadInputTest, HidesAnObjectAtASiteWithoutARole) {
  const auto offer = clinic_->Search("patients/BAD-1", clinic_->Tomorrow(), 1)[0];
  const auto booked = clinic_->Book("patients/BAD-1", offer.offer_token());
  ASSERT_TRUE(booked.ok()) << booked.status();
  inventory::v1::GetReservationRequest request;
  request.set_name(booked->reservation());
  inventory::v1::Reservation response;
  EXPECT_EQ(CodeAndReason(suite_->Call<InventoryService>(
                clinic_->inventory(), &InventoryService::Stub::GetReservation,
                suite_->Token("users/y", {"inventory_manager@syd-1"}), request, &response)),
            "NOT_FOUND/RESOURCE_NOT_FOUND");
}

TEST_F(BadInputTest, RefusesACallWithoutADeadline) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", clinic_->manager()));
  inventory::v1::ListLotsResponse response;
  const absl::Status status = GrpcToStatus(
      clinic_->inventory().ListLots(&context, inventory::v1::ListLotsRequest(), &response));
  EXPECT_EQ(CodeAndReason(status), "INVALID_ARGUMENT/DEADLINE_REQUIRED");
}

TEST_F(BadInputTest, RefusesAMessageOfTwoMegabytes) {
  inventory::v1::ReceiveStockRequest request = GoodReceipt();
  request.set_document(std::string(2 << 20, 'x'));
  EXPECT_EQ(CodeAndReason(Receive(request, clinic_->manager())),
            "INVALID_ARGUMENT/MESSAGE_TOO_LARGE");
}

TEST_F(BadInputTest, RefusesAForeignPageTokenAndABadFilter) {
  inventory::v1::ListLotsRequest request;
  request.set_page_size(1);
  inventory::v1::ListLotsResponse page;
  ASSERT_EQ(CodeAndReason(suite_->Call<InventoryService>(clinic_->inventory(),
                                                         &InventoryService::Stub::ListLots,
                                                         clinic_->manager(), request, &page)),
            "OK");
  ASSERT_FALSE(page.next_page_token().empty());
  inventory::v1::ListProductsRequest other;
  other.set_page_token(page.next_page_token());
  inventory::v1::ListProductsResponse products;
  EXPECT_EQ(CodeAndReason(suite_->Call<InventoryService>(clinic_->inventory(),
                                                         &InventoryService::Stub::ListProducts,
                                                         clinic_->manager(), other, &products)),
            "INVALID_ARGUMENT/PAGE_TOKEN_INVALID");
  request.set_filter("colour = red");
  EXPECT_EQ(CodeAndReason(suite_->Call<InventoryService>(clinic_->inventory(),
                                                         &InventoryService::Stub::ListLots,
                                                         clinic_->manager(), request, &page)),
            "INVALID_ARGUMENT/FILTER_INVALID");
}

TEST_F(BadInputTest, RefusesAStaleEtag) {
  ::meso::scheduling::v1::GetSiteRequest get;
  get.set_name("sites/par-1");
  ::meso::scheduling::v1::Site site;
  ASSERT_EQ(CodeAndReason(suite_->Call<SchedulingAdminService>(
                clinic_->scheduling_admin(), &SchedulingAdminService::Stub::GetSite,
                clinic_->admin(), get, &site)),
            "OK");
  ::meso::scheduling::v1::UpdateSiteRequest update;
  *update.mutable_site() = site;
  update.mutable_site()->set_display_name("Paris, another name");
  update.set_request_id(clinic_->NewRequestId());
  ::meso::scheduling::v1::Site changed;
  ASSERT_EQ(CodeAndReason(suite_->Call<SchedulingAdminService>(
                clinic_->scheduling_admin(), &SchedulingAdminService::Stub::UpdateSite,
                clinic_->admin(), update, &changed)),
            "OK");
  update.set_request_id(clinic_->NewRequestId());
  EXPECT_EQ(CodeAndReason(suite_->Call<SchedulingAdminService>(
                clinic_->scheduling_admin(), &SchedulingAdminService::Stub::UpdateSite,
                clinic_->admin(), update, &changed)),
            "ABORTED/ETAG_MISMATCH");
}

TEST_F(BadInputTest, RefusesTheWrongState) {
  clinic_->Screen("patients/BAD-2");
  const auto offer = clinic_->Search("patients/BAD-2", clinic_->Tomorrow(), 1)[0];
  const auto booked = clinic_->Book("patients/BAD-2", offer.offer_token());
  ASSERT_TRUE(booked.ok()) << booked.status();
  ::meso::scheduling::v1::StartAppointmentRequest start;
  start.set_name(booked->name());
  start.set_request_id(clinic_->NewRequestId());
  Appointment response;
  EXPECT_EQ(CodeAndReason(suite_->Call<SchedulingService>(
                clinic_->scheduling(), &SchedulingService::Stub::StartAppointment, clinic_->desk(),
                start, &response)),
            "FAILED_PRECONDITION/STATE_NOT_ALLOWED");
}

TEST_F(BadInputTest, RefusesAnotherPatientsOffer) {
  const auto offer = clinic_->Search("patients/BAD-1", clinic_->Tomorrow(), 1)[0];
  const auto booked = clinic_->Book("patients/BAD-2", offer.offer_token());
  EXPECT_EQ(booked.status().code(), absl::StatusCode::kInvalidArgument) << booked.status();
  EXPECT_EQ(ReasonOf(booked.status()), "FIELD_INVALID");
}

// What was refused left its trace: the audit log has an entry per refused call, and no log line
// names a patient.
TEST_F(BadInputTest, RefusalsAreEntriesAndLogsHoldNoPatient) {
  inventory::v1::ReceiveStockRequest request = GoodReceipt();
  ASSERT_EQ(CodeAndReason(Receive(request, suite_->Token("users/z", {"front_desk@par-1"}))),
            "PERMISSION_DENIED/ROLE_REQUIRED");
  EXPECT_TRUE(WaitUntil([&] {
    for (const audit::v1::Entry& entry : clinic_->Entries()) {
      if (entry.leaf().request_id() == request.request_id() &&
          entry.leaf().outcome() == audit::v1::OUTCOME_DENIED &&
          entry.leaf().reason() == "ROLE_REQUIRED") {
        return true;
      }
    }
    return false;
  }));
  for (const char* service : {"audit", "inventory", "screening", "scheduling"}) {
    EXPECT_EQ(suite_->Log(service).find("BAD-"), std::string::npos) << service;
  }
}

}  // namespace
}  // namespace meso
