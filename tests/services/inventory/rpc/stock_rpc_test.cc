// Stock moved by hand as a client sees it: fields, reasons, rights, repetitions, and the entries
// left behind.
#include <map>
#include <string>

#include "common/rpc/proto_values.h"
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::Contains;
using ::testing::Pair;
using ::testing::SizeIs;

class StockRpcTest : public RpcFixture {
 protected:
  StockRpcTest() : RpcFixture([](v1::Product& product) { product.set_home_care(true); }) {}

  void Draw(int n, int64_t ampoules) {
    v1::DrawStockRequest draw;
    draw.set_appointment(Appointment(n));
    draw.add_items()->set_lot(lot_);
    draw.mutable_items(0)->set_ampoules(ampoules);
    draw.set_request_id(Uuid(800 + n));
    v1::DrawStockResponse drawn;
    ASSERT_EQ(Call(&Stub::DrawStock, nurse_, draw, &drawn), absl::OkStatus());
  }
  AuditRecord LastEntry() { return server_.Entries().back(); }

  v1::WasteStockRequest Waste(int n) {
    v1::WasteStockRequest request;
    request.set_site("sites/par-1");
    request.set_lot(lot_);
    request.set_ampoules(1);
    request.set_reason(v1::WASTE_REASON_BROKEN);
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::DispenseHomeCareRequest Dispense(int n) {
    v1::DispenseHomeCareRequest request;
    request.set_site("sites/par-1");
    request.set_patient("patients/PT-1");
    request.set_practitioner("practitioners/pr-01");
    request.set_lot(lot_);
    request.set_ampoules(2);
    request.set_use_until_date("2026-12-20");
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::DisposeLotRequest Dispose(int n) {
    v1::DisposeLotRequest request;
    request.set_name(lot_);
    request.set_site("sites/par-1");
    request.set_reason(v1::WASTE_REASON_EXPIRED);
    request.set_witness("users/second");
    request.set_document("D-1");
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::AdjustStockRequest Adjust(int n) {
    v1::AdjustStockRequest request;
    request.set_site("sites/par-1");
    request.set_lot(lot_);
    request.set_delta(-1);
    request.set_reason(v1::ADJUST_REASON_LOST);
    request.set_request_id(Uuid(n));
    return request;
  }
};

TEST_F(StockRpcTest, WasteStock) {
  v1::WasteStockRequest other = Waste(1);
  other.set_ampoules(2);
  const v1::Movement line = ExpectOnce<v1::WasteStockRequest, v1::Movement>(
      &Stub::WasteStock, nurse_, Waste(1), other, desk_);
  EXPECT_EQ(line.kind(), v1::Movement::KIND_WASTE);
  EXPECT_EQ(line.from_account(), "STOCK");
  EXPECT_EQ(line.to_account(), "WASTED");
  EXPECT_EQ(line.reason(), "BROKEN");
  EXPECT_EQ(line.storage_unit(), "main");
  using R = v1::WasteStockRequest;
  ExpectFields<R, v1::Movement>(
      &Stub::WasteStock, nurse_, Waste(2),
      {{"lot", "FIELD_REQUIRED", [](R& r) { r.clear_lot(); }},
       {"lot", "FIELD_INVALID", [](R& r) { r.set_lot("lots/x"); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("a b"); }},
       {"ampoules", "FIELD_REQUIRED", [](R& r) { r.set_ampoules(0); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(-1); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(1000001); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID", [](R& r) { r.set_reason(static_cast<v1::WasteReason>(77)); }},
       {"note", "FIELD_REQUIRED", [](R& r) { r.set_reason(v1::WASTE_REASON_OTHER); }},
       {"note", "FIELD_INVALID", [](R& r) { r.set_note(std::string(65, 'x')); }},
       {"appointment", "FIELD_INVALID", [](R& r) { r.set_appointment("appointments/1"); }},
       {"appointment", "FIELD_INVALID",
        [](R& r) { r.set_appointment("sites/syd-1/appointments/" + Uuid(1)); }},
       {"occurred_time", "FIELD_INVALID",
        [](R& r) { r.mutable_occurred_time()->set_seconds(4102444800); }},
       {"request_id", "FIELD_REQUIRED", [](R& r) { r.clear_request_id(); }}});
  v1::Movement answer;
  v1::WasteStockRequest request = Waste(3);
  request.set_ampoules(100);
  Expect(Call(&Stub::WasteStock, nurse_, request, &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
  request = Waste(4);
  request.mutable_occurred_time()->set_seconds(1000);
  Expect(Call(&Stub::WasteStock, nurse_, request, &answer), Code::kFailedPrecondition,
         "PERIOD_CLOSED");
  request = Waste(5);
  request.set_lot("lots/" + Uuid(5));
  Expect(Call(&Stub::WasteStock, nurse_, request, &answer), Code::kNotFound, "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::WasteStock, elsewhere_, Waste(6), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  request = Waste(7);
  request.set_site("sites/new-1");
  Expect(Call(&Stub::WasteStock, chain_manager_, request, &answer), Code::kUnavailable,
         "DEPENDENCY_DOWN");
}

TEST_F(StockRpcTest, ReturnDrawnStock) {
  Draw(1, 4);
  v1::ReturnDrawnStockRequest request;
  request.set_appointment(Appointment(1));
  request.set_lot(lot_);
  request.set_ampoules(3);
  request.set_reason(v1::RETURN_REASON_NOT_NEEDED);
  request.set_request_id(Uuid(10));
  v1::ReturnDrawnStockRequest other = request;
  other.set_ampoules(1);
  const v1::DrawStockResponse left = ExpectOnce<v1::ReturnDrawnStockRequest, v1::DrawStockResponse>(
      &Stub::ReturnDrawnStock, nurse_, request, other, desk_);
  ASSERT_THAT(left.drawn_lots(), SizeIs(1));
  EXPECT_EQ(left.drawn_lots(0).ampoules(), 1);
  EXPECT_GT(left.as_of().sequence() + 1, 0U);
  EXPECT_FALSE(left.has_reservation());
  using R = v1::ReturnDrawnStockRequest;
  request.set_request_id(Uuid(11));
  ExpectFields<R, v1::DrawStockResponse>(
      &Stub::ReturnDrawnStock, nurse_, request,
      {{"lot", "FIELD_INVALID", [](R& r) { r.set_lot("lots/x"); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(101); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(-3); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID", [](R& r) { r.set_reason(static_cast<v1::ReturnReason>(9)); }}});
  v1::DrawStockResponse answer;
  Expect(Call(&Stub::ReturnDrawnStock, nurse_, request, &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
  request.set_appointment("sites/par-1/appointments/x");
  Expect(Call(&Stub::ReturnDrawnStock, nurse_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  Expect(Call(&Stub::ReturnDrawnStock, elsewhere_, other, &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
}

TEST_F(StockRpcTest, DispenseHomeCare) {
  v1::DispenseHomeCareRequest other = Dispense(20);
  other.set_ampoules(3);
  const v1::Dispensing given = ExpectOnce<v1::DispenseHomeCareRequest, v1::Dispensing>(
      &Stub::DispenseHomeCare, nurse_, Dispense(20), other, manager_);
  EXPECT_EQ(given.patient(), "patients/PT-1") << "a repeated answer has it too";
  EXPECT_EQ(given.lot(), lot_);
  EXPECT_EQ(given.ampoules(), 2);
  EXPECT_EQ(given.use_until_date(), "2026-12-20");
  EXPECT_EQ(given.expiry_date(), "2027-06-30");
  EXPECT_EQ(given.recorder(), "users/n");
  const std::vector<AuditRecord> entries = server_.Entries();
  bool found = false;
  for (const AuditRecord& entry : entries) {
    if (entry.object_name != given.name() || entry.outcome != "OK") continue;
    found = true;
    EXPECT_EQ(entry.action, "C");
    EXPECT_THAT(entry.keys, Contains(Pair("patient", "patients/PT-1")));
    EXPECT_THAT(entry.keys, Contains(Pair("lot", lot_)));
  }
  EXPECT_TRUE(found);
  using R = v1::DispenseHomeCareRequest;
  ExpectFields<R, v1::Dispensing>(
      &Stub::DispenseHomeCare, nurse_, Dispense(21),
      {{"patient", "FIELD_REQUIRED", [](R& r) { r.clear_patient(); }},
       {"patient", "FIELD_INVALID", [](R& r) { r.set_patient("PT-1"); }},
       {"practitioner", "FIELD_REQUIRED", [](R& r) { r.clear_practitioner(); }},
       {"practitioner", "FIELD_INVALID", [](R& r) { r.set_practitioner("pr-01"); }},
       {"lot", "FIELD_REQUIRED", [](R& r) { r.clear_lot(); }},
       {"lot", "FIELD_INVALID", [](R& r) { r.set_lot("x"); }},
       {"scan", "FIELD_INVALID", [](R& r) { r.set_scan(std::string(513, '1')); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("a b"); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(101); }},
       {"use_until_date", "FIELD_INVALID", [](R& r) { r.set_use_until_date("2026-02-30"); }},
       {"fefo_override", "FIELD_INVALID",
        [](R& r) { r.set_fefo_override(static_cast<v1::FefoOverride>(9)); }}});
  v1::Dispensing answer;
  v1::DispenseHomeCareRequest request = Dispense(22);
  request.set_use_until_date("2027-07-01");
  Expect(Call(&Stub::DispenseHomeCare, nurse_, request, &answer), Code::kFailedPrecondition,
         "LOT_EXPIRED");
  const std::string other_nurse = server_.keys().Token("users/x", {"practitioner@syd-1"});
  Expect(Call(&Stub::DispenseHomeCare, other_nurse, Dispense(23), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  // No patient in any error.
  EXPECT_EQ(
      std::string(Call(&Stub::DispenseHomeCare, nurse_, request, &answer).message()).find("PT-1"),
      std::string::npos);
}

TEST_F(StockRpcTest, ReturnToSupplier) {
  v1::ReturnToSupplierRequest request;
  request.set_site("sites/par-1");
  request.set_lot(lot_);
  request.set_ampoules(2);
  request.set_reason(v1::SUPPLIER_RETURN_REASON_SHORT_DATED);
  request.set_document("RN-1");
  request.set_request_id(Uuid(30));
  v1::ReturnToSupplierRequest other = request;
  other.set_document("RN-2");
  const v1::Movement line = ExpectOnce<v1::ReturnToSupplierRequest, v1::Movement>(
      &Stub::ReturnToSupplier, manager_, request, other, nurse_);
  EXPECT_EQ(line.to_account(), "RETURNED");
  EXPECT_EQ(line.reason(), "SHORT_DATED");
  EXPECT_EQ(line.document(), "RN-1");
  using R = v1::ReturnToSupplierRequest;
  request.set_request_id(Uuid(31));
  ExpectFields<R, v1::Movement>(
      &Stub::ReturnToSupplier, manager_, request,
      {{"lot", "FIELD_INVALID", [](R& r) { r.set_lot("x"); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("/"); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(-1); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID",
        [](R& r) { r.set_reason(static_cast<v1::SupplierReturnReason>(9)); }},
       {"document", "FIELD_REQUIRED", [](R& r) { r.clear_document(); }},
       {"document", "FIELD_INVALID", [](R& r) { r.set_document(std::string(65, 'x')); }}});
  v1::Movement answer;
  request.set_ampoules(1000);
  Expect(Call(&Stub::ReturnToSupplier, manager_, request, &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
  Expect(Call(&Stub::ReturnToSupplier, elsewhere_, request, &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
}

TEST_F(StockRpcTest, DisposeLot) {
  using R = v1::DisposeLotRequest;
  ExpectFields<R, v1::DisposeLotResponse>(
      &Stub::DisposeLot, manager_, Dispose(40),
      {{"name", "FIELD_INVALID", [](R& r) { r.set_name("x"); }},
       {"ampoules", "FIELD_INVALID", [](R& r) { r.set_ampoules(-1); }},
       {"storage_unit", "FIELD_REQUIRED", [](R& r) { r.set_ampoules(1); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("/"); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID", [](R& r) { r.set_reason(static_cast<v1::WasteReason>(9)); }},
       {"witness", "FIELD_REQUIRED", [](R& r) { r.clear_witness(); }},
       {"witness", "FIELD_INVALID", [](R& r) { r.set_witness(std::string(129, 'x')); }},
       {"document", "FIELD_REQUIRED", [](R& r) { r.clear_document(); }},
       {"document", "FIELD_INVALID", [](R& r) { r.set_document(std::string(65, 'x')); }}});
  v1::DisposeLotResponse answer;
  v1::DisposeLotRequest request = Dispose(41);
  request.set_witness("users/m");
  Expect(Call(&Stub::DisposeLot, manager_, request, &answer), Code::kFailedPrecondition,
         "SELF_APPROVAL");
  Expect(Call(&Stub::DisposeLot, elsewhere_, Dispose(42), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::DisposeLotRequest other = Dispose(43);
  other.set_document("D-2");
  answer = ExpectOnce<v1::DisposeLotRequest, v1::DisposeLotResponse>(&Stub::DisposeLot, manager_,
                                                                     Dispose(43), other, nurse_);
  EXPECT_EQ(answer.lot().state(), v1::Lot::STATE_DISPOSED);
  ASSERT_THAT(answer.movements(), SizeIs(1));
  EXPECT_EQ(answer.movements(0).ampoules(), 20);
  EXPECT_EQ(answer.movements(0).to_account(), "DISPOSED");
  Expect(Call(&Stub::DisposeLot, manager_, Dispose(44), &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
}

TEST_F(StockRpcTest, AdjustStock) {
  v1::AdjustStockRequest other = Adjust(50);
  other.set_delta(-2);
  const v1::Movement line = ExpectOnce<v1::AdjustStockRequest, v1::Movement>(
      &Stub::AdjustStock, manager_, Adjust(50), other, nurse_);
  EXPECT_EQ(line.from_account(), "STOCK");
  EXPECT_EQ(line.to_account(), "ADJUSTMENT");
  EXPECT_EQ(line.ampoules(), 1);
  EXPECT_EQ(line.reason(), "LOST");
  const AuditRecord refused = LastEntry();
  EXPECT_EQ(refused.reason, "ROLE_REQUIRED");
  using R = v1::AdjustStockRequest;
  ExpectFields<R, v1::Movement>(
      &Stub::AdjustStock, manager_, Adjust(51),
      {{"lot", "FIELD_INVALID", [](R& r) { r.set_lot("x"); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("/"); }},
       {"delta", "FIELD_REQUIRED", [](R& r) { r.set_delta(0); }},
       {"delta", "FIELD_INVALID", [](R& r) { r.set_delta(-1000001); }},
       {"delta", "FIELD_INVALID", [](R& r) { r.set_delta(1000001); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID", [](R& r) { r.set_reason(static_cast<v1::AdjustReason>(9)); }},
       {"note", "FIELD_REQUIRED", [](R& r) { r.set_reason(v1::ADJUST_REASON_OTHER); }},
       {"note", "FIELD_INVALID", [](R& r) { r.set_note(std::string(65, 'x')); }},
       {"occurred_time", "FIELD_INVALID",
        [](R& r) { r.mutable_occurred_time()->set_seconds(4102444800); }}});
  v1::Movement answer;
  v1::AdjustStockRequest request = Adjust(52);
  request.set_delta(-100);
  Expect(Call(&Stub::AdjustStock, manager_, request, &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
  Expect(Call(&Stub::AdjustStock, elsewhere_, Adjust(53), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
}

TEST_F(StockRpcTest, InspectLot) {
  v1::InspectLotRequest request;
  request.set_name(lot_);
  request.set_outcome(v1::InspectLotRequest::OUTCOME_REJECT);
  request.set_note("clouded");
  request.set_request_id(Uuid(60));
  using R = v1::InspectLotRequest;
  ExpectFields<R, v1::Lot>(
      &Stub::InspectLot, chain_manager_, request,
      {{"name", "FIELD_INVALID", [](R& r) { r.set_name("x"); }},
       {"outcome", "FIELD_REQUIRED", [](R& r) { r.clear_outcome(); }},
       {"outcome", "FIELD_INVALID",
        [](R& r) { r.set_outcome(static_cast<v1::InspectLotRequest::Outcome>(9)); }},
       {"note", "FIELD_REQUIRED", [](R& r) { r.clear_note(); }},
       {"note", "FIELD_INVALID", [](R& r) { r.set_note(std::string(501, 'x')); }}});
  v1::Lot answer;
  Expect(Call(&Stub::InspectLot, manager_, request, &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  v1::InspectLotRequest stale = request;
  stale.set_etag("r9");
  Expect(Call(&Stub::InspectLot, chain_manager_, stale, &answer), Code::kAborted, "ETAG_MISMATCH");
  v1::InspectLotRequest other = request;
  other.set_note("broken");
  answer = ExpectOnce<v1::InspectLotRequest, v1::Lot>(&Stub::InspectLot, chain_manager_, request,
                                                      other, nurse_);
  EXPECT_EQ(answer.state(), v1::Lot::STATE_REJECTED);
  request.set_request_id(Uuid(61));
  Expect(Call(&Stub::InspectLot, chain_manager_, request, &answer), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
}

TEST_F(StockRpcTest, DeleteProduct) {
  v1::UpdateProductRequest make;
  make.mutable_product()->set_name("products/B");
  make.mutable_product()->set_display_name("B");
  make.mutable_product()->set_gtin("09521234000334");
  make.mutable_product()->set_container_kind(v1::CONTAINER_KIND_AMPOULE);
  make.mutable_product()->set_unit_microlitres(2000);
  make.mutable_product()->set_units_per_pack(10);
  make.set_allow_missing(true);
  make.set_request_id(Uuid(70));
  v1::Product made;
  ASSERT_EQ(Call(&Stub::UpdateProduct, chain_manager_, make, &made), absl::OkStatus());
  v1::DeleteProductRequest request;
  request.set_name("products/B");
  request.set_etag(made.etag());
  request.set_request_id(Uuid(71));
  v1::Product answer;
  Expect(Call(&Stub::DeleteProduct, manager_, request, &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  v1::DeleteProductRequest other = request;
  other.set_name("products/A");
  answer = ExpectOnce<v1::DeleteProductRequest, v1::Product>(&Stub::DeleteProduct, chain_manager_,
                                                             request, other, nurse_);
  EXPECT_TRUE(MessageDifferencer::Equals(answer, made));
  request.set_request_id(Uuid(72));
  Expect(Call(&Stub::DeleteProduct, chain_manager_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  request.set_name("products/A");
  request.set_etag("r9");
  Expect(Call(&Stub::DeleteProduct, chain_manager_, request, &answer), Code::kAborted,
         "ETAG_MISMATCH");
  request.clear_etag();
  Expect(Call(&Stub::DeleteProduct, chain_manager_, request, &answer), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
  request.set_name("A");
  Expect(Call(&Stub::DeleteProduct, chain_manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
}

TEST_F(StockRpcTest, ReceiveStockOfWhatNobodyKnowsOrTwoPeopleRead) {
  v1::ReceiveStockRequest request;
  request.set_site("sites/par-1");
  request.set_scan("]d201095212340099931727063010X7");
  request.set_ampoules(3);
  request.set_document("DN-2");
  request.set_request_id(Uuid(80));
  v1::ReceiveStockResponse answer;
  Expect(Call(&Stub::ReceiveStock, manager_, request, &answer), Code::kNotFound, "UNKNOWN_GTIN");
  request.set_register_unknown(true);
  ASSERT_EQ(Call(&Stub::ReceiveStock, manager_, request, &answer), absl::OkStatus());
  EXPECT_EQ(answer.lot().state(), v1::Lot::STATE_RECEIVED);
  EXPECT_EQ(answer.stock_level().available(), 0);
  v1::GetProductRequest get;
  get.set_name(answer.lot().product());
  v1::Product draft;
  ASSERT_EQ(Call(&Stub::GetProduct, nurse_, get, &draft), absl::OkStatus());
  EXPECT_TRUE(draft.draft());
  request.set_request_id(Uuid(81));
  request.set_second_reader(std::string(129, 'x'));
  Expect(Call(&Stub::ReceiveStock, manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  request.clear_second_reader();
  request.mutable_occurred_time()->set_seconds(1000);
  Expect(Call(&Stub::ReceiveStock, manager_, request, &answer), Code::kFailedPrecondition,
         "PERIOD_CLOSED");
}

// Twenty came; three broke an hour later, which was written down another hour later.
TEST_F(StockRpcTest, CheckLedgerOfAPastMoment) {
  const absl::Time came = server_.clock().Now();
  server_.clock().Advance(absl::Hours(2));
  v1::WasteStockRequest waste = Waste(1);
  waste.set_ampoules(3);
  meso::ToProto(came + absl::Hours(1), waste.mutable_occurred_time());
  v1::Movement line;
  ASSERT_EQ(Call(&Stub::WasteStock, manager_, waste, &line), absl::OkStatus());
  server_.clock().Advance(absl::Hours(1));
  const auto totals_at = [&](absl::Duration after) {
    v1::CheckLedgerRequest request;
    request.set_lot(lot_);
    meso::ToProto(came + after, request.mutable_as_of_time());
    v1::LedgerReport report;
    EXPECT_EQ(Call(&Stub::CheckLedger, chain_manager_, request, &report), absl::OkStatus());
    EXPECT_TRUE(report.consistent());
    EXPECT_EQ(report.violations_size(), 0);
    EXPECT_EQ(report.lots_checked(), 1);
    std::map<std::string, int64_t> totals;
    for (const v1::LedgerTotal& total : report.totals()) {
      if (total.ampoules() != 0) totals[total.account()] = total.ampoules();
    }
    return totals;
  };
  using Totals = std::map<std::string, int64_t>;
  const Totals before{{"SUPPLIER", -20}, {"STOCK", 20}};
  const Totals after{{"SUPPLIER", -20}, {"STOCK", 17}, {"WASTED", 3}};
  EXPECT_EQ(totals_at(-absl::Seconds(1)), Totals());
  EXPECT_EQ(totals_at(absl::ZeroDuration()), before);
  EXPECT_EQ(totals_at(absl::Minutes(90)), before) << "the books did not say so yet";
  EXPECT_EQ(totals_at(absl::Hours(2)), after);
  EXPECT_EQ(totals_at(absl::Hours(3)), after);

  v1::LedgerReport report;
  ExpectFields(&Stub::CheckLedger, chain_manager_, v1::CheckLedgerRequest(),
               {{"as_of_time", "FIELD_INVALID",
                 [](v1::CheckLedgerRequest& r) { r.mutable_as_of_time()->set_nanos(-1); }},
                {"lot", "FIELD_INVALID", [](v1::CheckLedgerRequest& r) { r.set_lot("A1"); }}});
  Expect(Call(&Stub::CheckLedger, nurse_, v1::CheckLedgerRequest(), &report),
         Code::kPermissionDenied, "ROLE_REQUIRED");
  // The ledger is the chain's: a role at one site does not do.
  Expect(Call(&Stub::CheckLedger, manager_, v1::CheckLedgerRequest(), &report),
         Code::kPermissionDenied, "ROLE_REQUIRED");
}

}  // namespace
}  // namespace meso::inventory
