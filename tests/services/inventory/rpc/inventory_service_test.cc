// The service as a client sees it: a real server, real tokens, real refusals, and the entries every
// call leaves.
#include "services/inventory/rpc/inventory_service.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

// Scheduling, which has one more site to tell of when asked, or is down.
class FakePeers final : public InventoryPeers {
 public:
  absl::Status CatchUpWithScheduling(absl::Time) override {
    ++asked;
    return on_catch_up ? on_catch_up() : absl::UnavailableError("down");
  }
  std::atomic<int> asked{0};
  std::function<absl::Status()> on_catch_up;
};

class InventoryServiceTest : public RpcServerFixture {
 protected:
  InventoryServiceTest() : RpcServerFixture({Paris()}, std::make_unique<FakePeers>()) {}

  // One product, its recipe, and stock.
  void Load(int64_t ampoules) {
    MakeProduct();
    PublishCocktail(1);
    lot_ = ReceiveStock(Receipt(903, ampoules));
  }

  v1::ReserveStockRequest Reserve(int n) {
    v1::ReserveStockRequest request;
    request.set_reservation_id(Uuid(n));
    request.set_site("sites/par-1");
    request.set_cocktail("cocktails/C-01/revisions/r1");
    request.mutable_use_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now()) + 3600);
    request.set_request_id(Uuid(n));
    return request;
  }

  v1::RecordAdministrationRequest Administration(int n) {
    v1::RecordAdministrationRequest request;
    v1::Administration* record = request.mutable_administration();
    record->set_appointment(Appointment(n));
    record->set_patient("patients/PT-0042");
    record->set_practitioner("practitioners/pr-01");
    record->mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now()));
    record->add_lots()->set_lot(lot_);
    record->mutable_lots(0)->set_ampoules(1);
    request.set_request_id(Uuid(n));
    return request;
  }

  FakePeers& scheduling_ = static_cast<FakePeers&>(*peers_);
  std::string lot_;
  const std::string nurse_elsewhere_ = server_.keys().Token("users/other", {"practitioner@syd-1"});
};

TEST_F(InventoryServiceTest, EveryBadFieldIsNamedAtOnce) {
  v1::ReceiveStockRequest receive;
  receive.set_site("sites/par-1");
  receive.set_product("A");
  receive.set_expiry_date("2027-02-30");
  receive.set_ampoules(-1);
  receive.set_storage_unit("no spaces please");
  receive.set_request_id("not-a-uuid");
  v1::ReceiveStockResponse received;
  const absl::Status status = Call(&Stub::ReceiveStock, chain_manager_, receive, &received);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(Fields(status), IsSupersetOf({"product", "expiry_date", "ampoules", "storage_unit",
                                            "lot_number", "document", "request_id"}));
  v1::DrawStockRequest draw;
  draw.set_appointment(Appointment(1));
  draw.add_items()->set_ampoules(101);
  draw.set_request_id(Uuid(1));
  v1::DrawStockResponse drawn;
  EXPECT_THAT(Fields(Call(&Stub::DrawStock, nurse_, draw, &drawn)),
              IsSupersetOf({"items[0].lot", "items[0].ampoules"}));
  v1::UpdateProductRequest product = ProductRequest("A", "09521234000113", 2);
  v1::Product answer;
  Expect(Call(&Stub::UpdateProduct, chain_manager_, product, &answer), Code::kInvalidArgument,
         "CHECK_DIGIT_WRONG");
}

TEST_F(InventoryServiceTest, RolesAndSitesDecideWhoMay) {
  Load(5);
  v1::Product product;
  Expect(Call(&Stub::UpdateProduct, nurse_, ProductRequest("B", "09521234000334", 1), &product),
         Code::kPermissionDenied, "ROLE_REQUIRED");
  v1::DrawStockRequest draw;
  draw.set_appointment(Appointment(1));
  draw.add_items()->set_lot(lot_);
  draw.set_request_id(Uuid(2));
  v1::DrawStockResponse drawn;
  Expect(Call(&Stub::DrawStock, nurse_elsewhere_, draw, &drawn), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  EXPECT_EQ(Call(&Stub::DrawStock, nurse_, draw, &drawn), absl::OkStatus());
  v1::ReserveStockRequest reserve = Reserve(3);
  v1::Reservation reservation;
  ASSERT_EQ(Call(&Stub::ReserveStock, nurse_, reserve, &reservation), absl::OkStatus());
  v1::GetReservationRequest get;
  get.set_name(reservation.name());
  Expect(Call(&Stub::GetReservation, nurse_elsewhere_, get, &reservation), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(InventoryServiceTest, AHundredCopiesOfADrawHaveOneEffectAndOneAnswer) {
  Load(10);
  v1::DrawStockRequest draw;
  draw.set_appointment(Appointment(1));
  draw.add_items()->set_lot(lot_);
  draw.set_request_id(Uuid(1));
  std::vector<v1::DrawStockResponse> answers(100);
  std::vector<absl::Status> statuses(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 10; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t * 10; i < t * 10 + 10; ++i) {
        do {
          statuses[i] = Call(&Stub::DrawStock, nurse_, draw, &answers[i]);
        } while (ReasonOf(statuses[i]) == "OVERLOADED");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(statuses[i], absl::OkStatus());
    EXPECT_TRUE(MessageDifferencer::Equals(answers[0], answers[i]));
  }
  v1::ListStockLevelsRequest list;
  list.set_parent("sites/par-1");
  v1::ListStockLevelsResponse levels;
  ASSERT_EQ(Call(&Stub::ListStockLevels, nurse_, list, &levels), absl::OkStatus());
  EXPECT_EQ(levels.stock_levels(0).on_hand(), 9);
  EXPECT_EQ(levels.stock_levels(0).drawn(), 1);
  draw.mutable_items(0)->set_ampoules(2);
  v1::DrawStockResponse other;
  Expect(Call(&Stub::DrawStock, nurse_, draw, &other), Code::kAlreadyExists, "REQUEST_ID_REUSED");
}

TEST_F(InventoryServiceTest, ARepeatedRecordAnswersWithItsPatient) {
  Load(5);
  v1::Administration first, again;
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, Administration(1), &first), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, Administration(1), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  EXPECT_EQ(again.patient(), "patients/PT-0042");
}

TEST_F(InventoryServiceTest, ARecordThatBrokeARuleIsAnEntryMarkedAsViolation) {
  Load(5);
  v1::Administration record;
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, Administration(1), &record),
            absl::OkStatus());
  ASSERT_THAT(record.deviations(), SizeIs(1));
  EXPECT_EQ(record.deviations(0).code(), "NOT_DRAWN");
  const std::vector<AuditRecord> entries = server_.Entries();
  const AuditRecord& entry = entries.back();
  EXPECT_TRUE(entry.violation);
  EXPECT_THAT(
      entry.keys,
      IsSupersetOf(std::vector<std::pair<std::string, std::string>>{
          {"patient", "patients/PT-0042"}, {"lot", lot_}, {"appointment", Appointment(1)}}));
}

TEST_F(InventoryServiceTest, ReadingATraceIsAnEntryWithEveryPatientReturned) {
  Load(5);
  v1::Administration record;
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, Administration(1), &record),
            absl::OkStatus());
  v1::TraceLotRequest request;
  request.set_name(lot_);
  v1::LotTrace trace;
  ASSERT_EQ(Call(&Stub::TraceLot, chain_manager_, request, &trace), absl::OkStatus());
  EXPECT_THAT(trace.patients(), SizeIs(1));
  EXPECT_THAT(server_.Entries().back().keys,
              Contains(std::pair<std::string, std::string>("patient", "patients/PT-0042")));
}

TEST_F(InventoryServiceTest, ATraceShowsWhatIsDrawnAndNotRecordedWithItsPatientAsAKey) {
  Load(5);
  v1::DrawStockRequest draw;
  draw.set_request_id(Uuid(71));
  draw.set_appointment(Appointment(1));
  draw.add_items()->set_lot(lot_);
  draw.mutable_items(0)->set_ampoules(3);
  v1::DrawStockResponse drawn;
  ASSERT_EQ(Call(&Stub::DrawStock, nurse_, draw, &drawn), absl::OkStatus());
  v1::Administration record;
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, Administration(1), &record),
            absl::OkStatus());
  v1::TraceLotRequest request;
  request.set_name(lot_);
  v1::LotTrace trace;
  ASSERT_EQ(Call(&Stub::TraceLot, chain_manager_, request, &trace), absl::OkStatus());
  ASSERT_THAT(trace.open_draws(), SizeIs(1));
  EXPECT_EQ(trace.open_draws(0).appointment(), Appointment(1));
  EXPECT_EQ(trace.open_draws(0).site(), "sites/par-1");
  EXPECT_EQ(trace.open_draws(0).patient(), "patients/PT-0042");
  EXPECT_GT(trace.open_draws(0).ampoules(), 0);
  EXPECT_THAT(server_.Entries().back().keys,
              IsSupersetOf(std::vector<std::pair<std::string, std::string>>{
                  {"patient", "patients/PT-0042"}, {"appointment", Appointment(1)}}));
}

TEST_F(InventoryServiceTest, ATrialChangesNothing) {
  Load(5);
  v1::CreateRecallRequest recall;
  recall.mutable_recall()->add_lots(lot_);
  recall.mutable_recall()->set_reason(v1::HOLD_REASON_SUPPLIER_NOTICE);
  recall.mutable_recall()->set_severity(v1::Recall::SEVERITY_CLASS_1);
  recall.mutable_recall()->set_reference("N-1");
  recall.set_validate_only(true);
  v1::Recall answer;
  ASSERT_EQ(Call(&Stub::CreateRecall, chain_manager_, recall, &answer), absl::OkStatus());
  EXPECT_THAT(answer.reach().stock_levels(), SizeIs(1));
  v1::ReserveStockRequest reserve = Reserve(1);
  reserve.set_validate_only(true);
  v1::Reservation reservation;
  ASSERT_EQ(Call(&Stub::ReserveStock, nurse_, reserve, &reservation), absl::OkStatus());
  EXPECT_THAT(reservation.allocations(), SizeIs(1));
  v1::GetLotRequest get;
  get.set_name(lot_);
  v1::Lot lot;
  ASSERT_EQ(Call(&Stub::GetLot, nurse_, get, &lot), absl::OkStatus());
  EXPECT_FALSE(lot.held());
  v1::GetReservationRequest unmade;
  unmade.set_name(absl::StrCat("reservations/", Uuid(1)));
  Expect(Call(&Stub::GetReservation, nurse_, unmade, &reservation), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(InventoryServiceTest, AnUnknownSiteIsLookedForOnceAtScheduling) {
  Load(5);
  const std::string token = server_.keys().Token("users/m", {"inventory_manager@*"});
  v1::ReceiveStockRequest request = Receipt(1, 3);
  request.set_site("sites/syd-1");
  v1::ReceiveStockResponse response;
  Expect(Call(&Stub::ReceiveStock, token, request, &response), Code::kUnavailable,
         "DEPENDENCY_DOWN");
  scheduling_.on_catch_up = [] { return absl::OkStatus(); };
  Expect(Call(&Stub::ReceiveStock, token, request, &response), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  scheduling_.on_catch_up = [this] { return TellSite(Sydney()); };
  EXPECT_EQ(Call(&Stub::ReceiveStock, token, request, &response), absl::OkStatus());
  EXPECT_EQ(scheduling_.asked, 3);
  request.set_request_id(Uuid(2));
  EXPECT_EQ(Call(&Stub::ReceiveStock, token, request, &response), absl::OkStatus());
  EXPECT_EQ(scheduling_.asked, 3);
}

TEST_F(InventoryServiceTest, ListsPageAndRefuseForeignTokensAndFilters) {
  Load(5);
  v1::Product product;
  ASSERT_EQ(Call(&Stub::UpdateProduct, chain_manager_, ProductRequest("B", "09521234000334", 1),
                 &product),
            absl::OkStatus());
  v1::ListProductsRequest list;
  list.set_page_size(1);
  v1::ListProductsResponse page;
  ASSERT_EQ(Call(&Stub::ListProducts, nurse_, list, &page), absl::OkStatus());
  EXPECT_EQ(page.products(0).name(), "products/A");
  list.set_page_token(page.next_page_token());
  v1::ListProductsResponse second;
  ASSERT_EQ(Call(&Stub::ListProducts, nurse_, list, &second), absl::OkStatus());
  EXPECT_EQ(second.products(0).name(), "products/B");
  list.set_filter("category = \"x\"");
  Expect(Call(&Stub::ListProducts, nurse_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_filter("patient = \"x\"");
  Expect(Call(&Stub::ListProducts, nurse_, list, &page), Code::kInvalidArgument, "FILTER_INVALID");
  v1::ListMovementsRequest movements;
  movements.set_parent("sites/-");
  movements.set_filter("kind = RECEIPT AND lot = \"" + lot_ + "\"");
  v1::ListMovementsResponse lines;
  ASSERT_EQ(Call(&Stub::ListMovements, nurse_, movements, &lines), absl::OkStatus());
  ASSERT_THAT(lines.movements(), SizeIs(1));
  EXPECT_EQ(lines.movements(0).from_account(), "SUPPLIER");
}

TEST_F(InventoryServiceTest, ACocktailShowsTheTagsOfItsProductsAsTheyAreNow) {
  Load(5);
  v1::GetCocktailRequest get;
  get.set_name("cocktails/C-01");
  v1::Cocktail cocktail;
  ASSERT_EQ(Call(&Stub::GetCocktail, nurse_, get, &cocktail), absl::OkStatus());
  EXPECT_EQ(cocktail.name(), "cocktails/C-01/revisions/r1");
  EXPECT_EQ(cocktail.lines(0).tags(0), "vitamin_c");
  v1::UpdateProductRequest change = ProductRequest("A", "09521234000112", 1);
  change.mutable_product()->add_tags("sulfite");
  change.mutable_update_mask()->add_paths("tags");
  v1::Product product;
  ASSERT_EQ(Call(&Stub::UpdateProduct, chain_manager_, change, &product), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::GetCocktail, nurse_, get, &cocktail), absl::OkStatus());
  EXPECT_EQ(cocktail.lines(0).tags(0), "sulfite");
  EXPECT_EQ(cocktail.lines(0).product_revision(), 2);
}

TEST_F(InventoryServiceTest, AScanNamesProductAndLot) {
  Load(5);
  v1::ParseScanRequest request;
  request.set_scan("]d201095212340001121727063010A1");
  v1::ParsedScan scan;
  ASSERT_EQ(Call(&Stub::ParseScan, nurse_, request, &scan), absl::OkStatus());
  EXPECT_EQ(scan.product(), "products/A");
  EXPECT_EQ(scan.lot(), lot_);
  EXPECT_EQ(scan.expiry_date(), "2027-06-30");
  request.set_scan("]d2010952123400011317270630");
  Expect(Call(&Stub::ParseScan, nurse_, request, &scan), Code::kInvalidArgument,
         "CHECK_DIGIT_WRONG");
}

// An empty answer to a misspelt word would pass for "there is none".
TEST_F(InventoryServiceTest, AFilterTakesEveryWordOfItsEnumAndNoOther) {
  const auto check = [&](auto method, auto request, auto response,
                         const google::protobuf::EnumDescriptor& type, const std::string& field) {
    for (int i = 1; i < type.value_count(); ++i) {
      request.set_filter(absl::StrCat(field, " = ", type.value(i)->name()));
      EXPECT_EQ(Call(method, chain_manager_, request, &response), absl::OkStatus())
          << request.filter();
    }
    for (const char* word : {"BOGUS", "STATE_UNSPECIFIED", "KIND_UNSPECIFIED"}) {
      request.set_filter(absl::StrCat(field, " = ", word));
      Expect(Call(method, chain_manager_, request, &response), Code::kInvalidArgument,
             "FILTER_INVALID");
    }
  };
  v1::ListMovementsRequest movements;
  movements.set_parent("sites/-");
  check(&Stub::ListMovements, movements, v1::ListMovementsResponse(),
        *v1::Movement::Kind_descriptor(), "kind");
  v1::ListStorageUnitsRequest units;
  units.set_parent("sites/-");
  check(&Stub::ListStorageUnits, units, v1::ListStorageUnitsResponse(),
        *v1::StorageUnit::Kind_descriptor(), "kind");
  v1::ListReservationsRequest reservations;
  reservations.set_parent("sites/-");
  check(&Stub::ListReservations, reservations, v1::ListReservationsResponse(),
        *v1::Reservation::State_descriptor(), "state");
  check(&Stub::ListRecalls, v1::ListRecallsRequest(), v1::ListRecallsResponse(),
        *v1::Recall::State_descriptor(), "state");
  check(&Stub::ListCocktails, v1::ListCocktailsRequest(), v1::ListCocktailsResponse(),
        *v1::Cocktail::State_descriptor(), "state");
}

}  // namespace
}  // namespace meso::inventory
