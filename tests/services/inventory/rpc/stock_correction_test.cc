// ReverseMovement and the storage units as a client sees them: names, fields, rights, repetitions.
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::SizeIs;

class StockCorrectionTest : public RpcServerFixture {
 protected:
  StockCorrectionTest() { MakeProduct(); }

  absl::Status Receive(int n, const std::string& unit, v1::ReceiveStockResponse* response) {
    v1::ReceiveStockRequest request = Receipt(n, 4);
    request.set_storage_unit(unit);
    return Call(&Stub::ReceiveStock, manager_, request, response);
  }
  v1::Movement Newest() {
    v1::ListMovementsRequest list;
    list.set_parent("sites/par-1");
    v1::ListMovementsResponse lines;
    EXPECT_EQ(Call(&Stub::ListMovements, manager_, list, &lines), absl::OkStatus());
    return lines.movements(0);
  }
  static v1::ReverseMovementRequest Reverse(int n, const std::string& name) {
    v1::ReverseMovementRequest request;
    request.set_name(name);
    request.set_reason(v1::REVERSAL_REASON_DUPLICATE);
    request.set_request_id(Uuid(n));
    return request;
  }
  static v1::UpdateStorageUnitRequest Fridge(int n) {
    v1::UpdateStorageUnitRequest request;
    request.mutable_storage_unit()->set_name("sites/par-1/storageUnits/fridge-1");
    request.mutable_storage_unit()->set_display_name("Fridge in room 2");
    request.mutable_storage_unit()->set_kind(v1::StorageUnit::KIND_FRIDGE);
    request.set_allow_missing(true);
    request.set_request_id(Uuid(n));
    return request;
  }
};

TEST_F(StockCorrectionTest, ARepeatedReversalHasOneEffectAndOneAnswer) {
  v1::ReceiveStockResponse received;
  ASSERT_EQ(Receive(1, "", &received), absl::OkStatus());
  const v1::Movement receipt = Newest();
  EXPECT_EQ(receipt.name(), absl::StrCat("sites/par-1/movements/", receipt.index()));
  v1::Movement first, again;
  ASSERT_EQ(Call(&Stub::ReverseMovement, manager_, Reverse(2, receipt.name()), &first),
            absl::OkStatus());
  ASSERT_EQ(Call(&Stub::ReverseMovement, manager_, Reverse(2, receipt.name()), &again),
            absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  EXPECT_EQ(first.kind(), v1::Movement::KIND_REVERSE);
  EXPECT_EQ(first.reverses(), receipt.name());
  EXPECT_EQ(first.reversal_reason(), v1::REVERSAL_REASON_DUPLICATE);
  EXPECT_EQ(first.from_account(), "STOCK");
  EXPECT_EQ(first.to_account(), "SUPPLIER");
  Expect(Call(&Stub::ReverseMovement, manager_, Reverse(3, receipt.name()), &again),
         Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  v1::ListMovementsRequest list;
  list.set_parent("sites/-");
  list.set_filter("kind = REVERSE");
  v1::ListMovementsResponse lines;
  ASSERT_EQ(Call(&Stub::ListMovements, manager_, list, &lines), absl::OkStatus());
  EXPECT_THAT(lines.movements(), SizeIs(1));
  list.set_filter("kind = RECEIPT");
  ASSERT_EQ(Call(&Stub::ListMovements, manager_, list, &lines), absl::OkStatus());
  EXPECT_EQ(lines.movements(0).reversed_by(), first.name());

  const std::vector<AuditRecord> entries = server_.Entries();
  const AuditRecord& done = entries[entries.size() - 2];
  EXPECT_EQ(done.outcome, "OK");
  EXPECT_EQ(done.action, "C");
  EXPECT_EQ(done.object_name, first.name());
  EXPECT_EQ(done.facts.at("reverses"), receipt.name());
  EXPECT_EQ(done.site, "sites/par-1");
  EXPECT_EQ(entries.back().reason, "STATE_NOT_ALLOWED") << "the refusal is an entry too";
}

TEST_F(StockCorrectionTest, AMalformedReversalNamesItsFields) {
  v1::Movement answer;
  for (const char* name : {"movements/1", "sites/par-1/movements/0", "sites/par-1/movements/01",
                           "sites/par-1/movements/x", "sites/par-1/movements/-1",
                           "sites/par-1/movements/99999999999999999999", "sites/-/movements/1"}) {
    const absl::Status status = Call(&Stub::ReverseMovement, manager_, Reverse(1, name), &answer);
    EXPECT_TRUE(ReasonOf(status) == "FIELD_INVALID" || ReasonOf(status) == "SITE_FORBIDDEN")
        << name << ": " << status;
  }
  v1::ReverseMovementRequest request = Reverse(2, "sites/par-1/movements/1");
  request.set_reason(v1::REVERSAL_REASON_OTHER);
  Expect(Call(&Stub::ReverseMovement, manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  request.set_note(std::string(65, 'x'));
  Expect(Call(&Stub::ReverseMovement, manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  request.clear_reason();
  request.clear_note();
  Expect(Call(&Stub::ReverseMovement, manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  request = Reverse(3, "sites/par-1/movements/1");
  Expect(Call(&Stub::ReverseMovement, manager_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::ReverseMovement, elsewhere_, request, &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::ReverseMovement, nurse_, request, &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
}

TEST_F(StockCorrectionTest, AStorageUnitIsMadeListedReadAndReceivedInto) {
  v1::StorageUnit fridge;
  ASSERT_EQ(Call(&Stub::UpdateStorageUnit, manager_, Fridge(1), &fridge), absl::OkStatus());
  EXPECT_EQ(fridge.temperature_range().min_decidegrees(), 20);
  EXPECT_EQ(fridge.temperature_range().max_decidegrees(), 80);
  EXPECT_EQ(fridge.etag(), "r1");
  v1::GetStorageUnitRequest get;
  get.set_name(fridge.name());
  v1::StorageUnit read;
  ASSERT_EQ(Call(&Stub::GetStorageUnit, nurse_, get, &read), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(fridge, read));
  v1::ListStorageUnitsRequest list;
  list.set_parent("sites/par-1");
  v1::ListStorageUnitsResponse units;
  ASSERT_EQ(Call(&Stub::ListStorageUnits, nurse_, list, &units), absl::OkStatus());
  EXPECT_THAT(units.storage_units(), SizeIs(2));
  v1::ReceiveStockResponse received;
  ASSERT_EQ(Receive(2, "fridge-1", &received), absl::OkStatus());
  EXPECT_EQ(received.stock_level().storage_unit(), "fridge-1");
  Expect(Receive(3, "cellar", &received), Code::kNotFound, "RESOURCE_NOT_FOUND");

  v1::UpdateStorageUnitRequest change = Fridge(4);
  change.mutable_storage_unit()->set_etag("r9");
  Expect(Call(&Stub::UpdateStorageUnit, manager_, change, &fridge), Code::kAborted,
         "ETAG_MISMATCH");
  change = Fridge(5);
  change.mutable_storage_unit()->mutable_temperature_range()->set_min_decidegrees(90);
  change.mutable_storage_unit()->set_kind(static_cast<v1::StorageUnit::Kind>(77));
  Expect(Call(&Stub::UpdateStorageUnit, manager_, change, &fridge), Code::kInvalidArgument,
         "FIELD_INVALID");
  change = Fridge(6);
  change.mutable_storage_unit()->set_name("sites/syd-1/storageUnits/fridge-1");
  Expect(Call(&Stub::UpdateStorageUnit, manager_, change, &fridge), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::UpdateStorageUnit, elsewhere_, change, &fridge), Code::kUnavailable,
         "DEPENDENCY_DOWN");
  Expect(Call(&Stub::UpdateStorageUnit, nurse_, Fridge(7), &fridge), Code::kPermissionDenied,
         "ROLE_REQUIRED");
}

}  // namespace
}  // namespace meso::inventory
