// Transfers as a client sees them: fields, rights at both ends, repetitions, and what the audit
// entries name.
#include <functional>

#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::Contains;
using ::testing::SizeIs;

class TransferRpcTest : public RpcServerFixture {
 protected:
  TransferRpcTest() : RpcServerFixture({Paris(), Sydney()}) {
    MakeProduct();
    lot_ = ReceiveStock(Receipt(903, 20));
  }

  v1::CreateTransferRequest Draft(int n) {
    v1::CreateTransferRequest request;
    v1::Transfer& transfer = *request.mutable_transfer();
    transfer.set_from_site("sites/par-1");
    transfer.set_to_site("sites/syd-1");
    transfer.set_document("SN-1");
    transfer.set_expected_date("2026-11-23");
    v1::TransferLine& line = *transfer.add_lines();
    line.set_lot(lot_);
    line.set_ampoules(4);
    request.set_request_id(Uuid(n));
    return request;
  }
  std::string Created(int n) {
    v1::Transfer made;
    EXPECT_EQ(Call(&Stub::CreateTransfer, sender_, Draft(n), &made), absl::OkStatus());
    return made.name();
  }
  static v1::ShipTransferRequest Ship(int n, const std::string& name) {
    v1::ShipTransferRequest request;
    request.set_name(name);
    request.set_request_id(Uuid(n));
    return request;
  }
  std::string Shipped(int n) {
    const std::string name = Created(n);
    v1::Transfer answer;
    EXPECT_EQ(Call(&Stub::ShipTransfer, sender_, Ship(n + 1, name), &answer), absl::OkStatus());
    return name;
  }
  v1::ReceiveTransferRequest Receive(int n, const std::string& name, int64_t ampoules) {
    v1::ReceiveTransferRequest request;
    request.set_name(name);
    request.add_lines()->set_lot(lot_);
    request.mutable_lines(0)->set_ampoules(ampoules);
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::CloseTransferRequest Close(int n, const std::string& name, int64_t ampoules) {
    v1::CloseTransferRequest request;
    request.set_name(name);
    v1::VarianceResolution& resolution = *request.add_resolutions();
    resolution.set_lot(lot_);
    resolution.set_kind(v1::VarianceResolution::KIND_LOST);
    resolution.set_ampoules(ampoules);
    resolution.set_reason("never found");
    request.set_request_id(Uuid(n));
    return request;
  }
  static v1::CancelTransferRequest Cancel(int n, const std::string& name) {
    v1::CancelTransferRequest request;
    request.set_name(name);
    request.set_reason("not needed");
    request.set_request_id(Uuid(n));
    return request;
  }

  std::string lot_;
  const std::string sender_ = server_.keys().Token("users/s", {"inventory_manager@par-1"});
  const std::string receiver_ = server_.keys().Token("users/r", {"inventory_manager@syd-1"});
  const std::string second_ = server_.keys().Token("users/2", {"inventory_manager@syd-1"});
  const std::string rome_ = server_.keys().Token("users/o", {"inventory_manager@rom-1"});
};

TEST_F(TransferRpcTest, EveryLegIsDoneOnceAndAnsweredTheSameAgain) {
  v1::Transfer made, again;
  ASSERT_EQ(Call(&Stub::CreateTransfer, sender_, Draft(1), &made), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CreateTransfer, sender_, Draft(1), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(made, again));
  EXPECT_EQ(made.state(), v1::Transfer::STATE_DRAFT);
  EXPECT_EQ(made.creator(), "users/s");
  EXPECT_EQ(made.expected_date(), "2026-11-23");
  EXPECT_EQ(made.lines(0).storage_unit(), "main");
  EXPECT_EQ(made.lines(0).product(), "products/A");
  EXPECT_EQ(made.lines(0).expiry_date(), "2027-06-30");
  EXPECT_FALSE(made.has_ship_time());
  v1::Transfer shipped;
  v1::ShipTransferRequest ship = Ship(2, made.name());
  ship.set_etag(made.etag());
  ASSERT_EQ(Call(&Stub::ShipTransfer, sender_, ship, &shipped), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::ShipTransfer, sender_, ship, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(shipped, again));
  EXPECT_EQ(shipped.lines(0).in_transit_ampoules(), 4);
  const AuditRecord entry = server_.Entries().back();
  EXPECT_EQ(entry.object_name, made.name());
  EXPECT_EQ(entry.site, "sites/par-1");
  using Key = std::pair<std::string, std::string>;
  EXPECT_THAT(entry.keys, Contains(Key("site", "sites/par-1")));
  EXPECT_THAT(entry.keys, Contains(Key("site", "sites/syd-1")));
  EXPECT_THAT(entry.keys, Contains(Key("lot", lot_)));
  v1::Transfer received;
  ASSERT_EQ(Call(&Stub::ReceiveTransfer, receiver_, Receive(3, made.name(), 3), &received),
            absl::OkStatus());
  ASSERT_EQ(Call(&Stub::ReceiveTransfer, receiver_, Receive(3, made.name(), 3), &again),
            absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(received, again));
  EXPECT_EQ(received.state(), v1::Transfer::STATE_VARIANCE);
  EXPECT_EQ(server_.Entries().back().site, "sites/syd-1");
  v1::Transfer closed;
  ASSERT_EQ(Call(&Stub::CloseTransfer, second_, Close(4, made.name(), 1), &closed),
            absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CloseTransfer, second_, Close(4, made.name(), 1), &again),
            absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(closed, again));
  EXPECT_EQ(closed.state(), v1::Transfer::STATE_RECEIVED);
  EXPECT_EQ(closed.lines(0).received_ampoules(), 3);
  EXPECT_EQ(closed.lines(0).lost_ampoules(), 1);
  EXPECT_EQ(closed.shipper(), "users/s");
  EXPECT_EQ(closed.receiver(), "users/r");
  EXPECT_EQ(closed.closer(), "users/2");
  v1::Transfer cancelled;
  const v1::CancelTransferRequest cancel = Cancel(11, Shipped(5));
  ASSERT_EQ(Call(&Stub::CancelTransfer, sender_, cancel, &cancelled), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CancelTransfer, sender_, cancel, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(cancelled, again));
  EXPECT_EQ(cancelled.lines(0).returned_ampoules(), 4);
}

TEST_F(TransferRpcTest, APartOfAVarianceIsAccountedForOnceARequest) {
  const std::string name = Shipped(1);
  v1::Transfer part, again, rest;
  ASSERT_EQ(Call(&Stub::ReceiveTransfer, receiver_, Receive(3, name, 2), &part), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CloseTransfer, second_, Close(4, name, 1), &part), absl::OkStatus());
  EXPECT_EQ(part.state(), v1::Transfer::STATE_VARIANCE);
  EXPECT_EQ(part.lines(0).in_transit_ampoules(), 1);
  // Asked again, it is the same unit: the other one is still under way.
  ASSERT_EQ(Call(&Stub::CloseTransfer, second_, Close(4, name, 1), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(part, again));
  v1::CloseTransferRequest last = Close(5, name, 1);
  last.mutable_resolutions(0)->set_kind(v1::VarianceResolution::KIND_RETURNED);
  Expect(Call(&Stub::CloseTransfer, second_, last, &rest), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  last.set_etag(part.etag());
  ASSERT_EQ(Call(&Stub::CloseTransfer, sender_, last, &rest), absl::OkStatus());
  EXPECT_EQ(rest.state(), v1::Transfer::STATE_RECEIVED);
  EXPECT_EQ(rest.lines(0).lost_ampoules(), 1);
  EXPECT_EQ(rest.lines(0).returned_ampoules(), 1);
  EXPECT_EQ(rest.closer(), "users/s");
}

TEST_F(TransferRpcTest, ARequestIdWithAnotherBodyIsRefused) {
  v1::Transfer answer;
  const std::string name = Created(1);
  v1::CreateTransferRequest draft = Draft(1);
  draft.mutable_transfer()->set_document("SN-2");
  Expect(Call(&Stub::CreateTransfer, sender_, draft, &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::ShipTransfer, sender_, Ship(2, name), &answer), absl::OkStatus());
  v1::ShipTransferRequest ship = Ship(2, name);
  ship.set_take_reserved(true);
  Expect(Call(&Stub::ShipTransfer, sender_, ship, &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::ReceiveTransfer, receiver_, Receive(3, name, 3), &answer),
            absl::OkStatus());
  Expect(Call(&Stub::ReceiveTransfer, receiver_, Receive(3, name, 4), &answer),
         Code::kAlreadyExists, "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::CloseTransfer, second_, Close(4, name, 1), &answer), absl::OkStatus());
  Expect(Call(&Stub::CloseTransfer, second_, Close(4, name, 2), &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::CancelTransfer, sender_, Cancel(5, Created(6)), &answer), absl::OkStatus());
  Expect(Call(&Stub::CancelTransfer, sender_, Cancel(5, Created(7)), &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
}

TEST_F(TransferRpcTest, ValidateOnlyAnswersAndChangesNothing) {
  v1::CreateTransferRequest draft = Draft(1);
  draft.set_validate_only(true);
  draft.clear_request_id();
  v1::Transfer answer;
  ASSERT_EQ(Call(&Stub::CreateTransfer, sender_, draft, &answer), absl::OkStatus());
  EXPECT_EQ(answer.name(), "");
  EXPECT_EQ(answer.lines(0).lot_number(), "A1");
  draft.mutable_transfer()->mutable_lines(0)->set_ampoules(21);
  Expect(Call(&Stub::CreateTransfer, sender_, draft, &answer), Code::kFailedPrecondition,
         "INSUFFICIENT_STOCK");
  v1::ListTransfersResponse list;
  ASSERT_EQ(Call(&Stub::ListTransfers, sender_, v1::ListTransfersRequest(), &list),
            absl::OkStatus());
  EXPECT_THAT(list.transfers(), SizeIs(0));
}

TEST_F(TransferRpcTest, EveryBadFieldOfADraftIsNamed) {
  struct Bad {
    const char* what;
    const char* reason;
    std::function<void(v1::Transfer&)> spoil;
  };
  const std::string lot = lot_;
  const Bad bads[] = {
      {"no sender", "FIELD_REQUIRED", [](auto& t) { t.clear_from_site(); }},
      {"no receiver", "FIELD_REQUIRED", [](auto& t) { t.clear_to_site(); }},
      {"odd receiver", "FIELD_INVALID", [](auto& t) { t.set_to_site("syd-1"); }},
      {"to itself", "FIELD_INVALID", [](auto& t) { t.set_to_site("sites/par-1"); }},
      {"no document", "FIELD_REQUIRED", [](auto& t) { t.clear_document(); }},
      {"long document", "FIELD_INVALID", [](auto& t) { t.set_document(std::string(65, 'x')); }},
      {"no lines", "FIELD_REQUIRED", [](auto& t) { t.clear_lines(); }},
      {"101 lines", "FIELD_INVALID",
       [](auto& t) {
         while (t.lines_size() < 101) *t.add_lines() = t.lines(0);
       }},
      {"no lot", "FIELD_REQUIRED", [](auto& t) { t.mutable_lines(0)->clear_lot(); }},
      {"odd lot", "FIELD_INVALID", [](auto& t) { t.mutable_lines(0)->set_lot("lots/x"); }},
      {"odd unit", "FIELD_INVALID", [](auto& t) { t.mutable_lines(0)->set_storage_unit("a b"); }},
      {"no ampoules", "FIELD_REQUIRED", [](auto& t) { t.mutable_lines(0)->clear_ampoules(); }},
      {"minus", "FIELD_INVALID", [](auto& t) { t.mutable_lines(0)->set_ampoules(-1); }},
      {"too many", "FIELD_INVALID", [](auto& t) { t.mutable_lines(0)->set_ampoules(1000001); }},
      {"twice", "FIELD_INVALID", [](auto& t) { *t.add_lines() = t.lines(0); }},
      {"odd date", "FIELD_INVALID", [](auto& t) { t.set_expected_date("2026-02-30"); }}};
  v1::Transfer answer;
  for (const Bad& bad : bads) {
    v1::CreateTransferRequest draft = Draft(1);
    bad.spoil(*draft.mutable_transfer());
    Expect(Call(&Stub::CreateTransfer, chain_manager_, draft, &answer), Code::kInvalidArgument,
           bad.reason, bad.what);
  }
  v1::CreateTransferRequest draft = Draft(1);
  draft.clear_request_id();
  Expect(Call(&Stub::CreateTransfer, sender_, draft, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  draft = Draft(1);
  draft.mutable_transfer()->mutable_lines(0)->set_lot("lots/" + Uuid(9));
  Expect(Call(&Stub::CreateTransfer, sender_, draft, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  draft = Draft(1);
  draft.mutable_transfer()->set_to_site("sites/rom-1");
  Expect(Call(&Stub::CreateTransfer, sender_, draft, &answer), Code::kUnavailable,
         "DEPENDENCY_DOWN");
  Expect(Call(&Stub::CreateTransfer, receiver_, Draft(1), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::CreateTransfer, nurse_, Draft(1), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
}

TEST_F(TransferRpcTest, ShippingNeedsTheRoleAtTheSenderAndADraft) {
  const std::string name = Created(1);
  v1::Transfer answer;
  Expect(Call(&Stub::ShipTransfer, sender_, Ship(2, "transfers/x"), &answer),
         Code::kInvalidArgument, "FIELD_INVALID");
  Expect(Call(&Stub::ShipTransfer, sender_, Ship(2, ""), &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  Expect(Call(&Stub::ShipTransfer, sender_, Ship(2, "transfers/" + Uuid(9)), &answer),
         Code::kNotFound, "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::ShipTransfer, nurse_, Ship(2, name), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::ShipTransfer, rome_, Ship(2, name), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::ShipTransfer, receiver_, Ship(2, name), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::ShipTransferRequest ship = Ship(2, name);
  ship.set_etag("r9");
  Expect(Call(&Stub::ShipTransfer, sender_, ship, &answer), Code::kAborted, "ETAG_MISMATCH");
  ASSERT_EQ(Call(&Stub::ShipTransfer, sender_, Ship(3, name), &answer), absl::OkStatus());
  Expect(Call(&Stub::ShipTransfer, sender_, Ship(4, name), &answer), Code::kFailedPrecondition,
         "TRANSFER_STATE");
}

TEST_F(TransferRpcTest, EveryBadFieldOfAnArrivalIsNamed) {
  const std::string name = Shipped(1);
  struct Bad {
    const char* what;
    const char* reason;
    std::function<void(v1::ReceivedLine&)> spoil;
  };
  const Bad bads[] = {
      {"no lot", "FIELD_REQUIRED", [](auto& l) { l.clear_lot(); }},
      {"odd lot", "FIELD_INVALID", [](auto& l) { l.set_lot("A1"); }},
      {"other lot's line", "FIELD_INVALID", [](auto& l) { l.set_from_storage_unit("fridge"); }},
      {"odd sender's unit", "FIELD_INVALID", [](auto& l) { l.set_from_storage_unit("a b"); }},
      {"odd unit", "FIELD_INVALID", [](auto& l) { l.set_storage_unit("a b"); }},
      {"minus", "FIELD_INVALID", [](auto& l) { l.set_ampoules(-1); }},
      {"too many", "FIELD_INVALID", [](auto& l) { l.set_ampoules(1000001); }},
      {"damaged minus", "FIELD_INVALID", [](auto& l) { l.set_damaged_ampoules(-1); }},
      {"more damaged than sent", "FIELD_INVALID",
       [](auto& l) {
         l.set_damaged_ampoules(5);
         l.set_reason("crushed");
       }},
      {"damaged, no reason", "FIELD_REQUIRED", [](auto& l) { l.set_damaged_ampoules(1); }},
      {"over, no reason", "FIELD_REQUIRED", [](auto& l) { l.set_ampoules(5); }},
      {"long reason", "FIELD_INVALID", [](auto& l) { l.set_reason(std::string(65, 'x')); }},
      {"long scan", "FIELD_INVALID", [](auto& l) { l.set_scan(std::string(513, '1')); }},
      {"odd scan", "SCAN_UNREADABLE", [](auto& l) { l.set_scan("^99"); }},
      {"misread", "CHECK_DIGIT_WRONG", [](auto& l) { l.set_scan("^010952123400011310A1"); }}};
  v1::Transfer answer;
  for (const Bad& bad : bads) {
    v1::ReceiveTransferRequest request = Receive(3, name, 4);
    bad.spoil(*request.mutable_lines(0));
    Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kInvalidArgument,
           bad.reason, bad.what);
  }
  v1::ReceiveTransferRequest request = Receive(3, name, 4);
  *request.add_lines() = request.lines(0);
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  while (request.lines_size() < 101) *request.add_lines() = request.lines(0);
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  request.clear_lines();
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  request = Receive(3, name, 4);
  request.mutable_lines(0)->set_scan("^010952123400033410A1");
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kNotFound,
         "UNKNOWN_GTIN");
  request = Receive(3, name, 4);
  request.mutable_lines(0)->set_storage_unit("cellar");
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  request = Receive(3, name, 4);
  request.set_etag("r1");
  Expect(Call(&Stub::ReceiveTransfer, receiver_, request, &answer), Code::kAborted,
         "ETAG_MISMATCH");
  Expect(Call(&Stub::ReceiveTransfer, sender_, Receive(3, name, 4), &answer),
         Code::kPermissionDenied, "SITE_FORBIDDEN");
  Expect(Call(&Stub::ReceiveTransfer, nurse_, Receive(3, name, 4), &answer),
         Code::kPermissionDenied, "ROLE_REQUIRED");
  Expect(Call(&Stub::ReceiveTransfer, rome_, Receive(3, name, 4), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(TransferRpcTest, ClosingAndCancellingRefuseWhatIsNotTheirs) {
  const std::string name = Shipped(1);
  v1::Transfer answer;
  Expect(Call(&Stub::CloseTransfer, second_, Close(3, name, 4), &answer), Code::kFailedPrecondition,
         "TRANSFER_STATE");
  ASSERT_EQ(Call(&Stub::ReceiveTransfer, receiver_, Receive(4, name, 2), &answer),
            absl::OkStatus());
  Expect(Call(&Stub::CloseTransfer, receiver_, Close(5, name, 2), &answer),
         Code::kFailedPrecondition, "SELF_APPROVAL");
  Expect(Call(&Stub::CloseTransfer, second_, Close(5, name, 3), &answer), Code::kFailedPrecondition,
         "TRANSFER_STATE");
  struct Bad {
    const char* what;
    const char* reason;
    std::function<void(v1::VarianceResolution&)> spoil;
  };
  const Bad bads[] = {
      {"no lot", "FIELD_REQUIRED", [](auto& r) { r.clear_lot(); }},
      {"odd lot", "FIELD_INVALID", [](auto& r) { r.set_lot("A1"); }},
      {"no kind", "FIELD_REQUIRED", [](auto& r) { r.clear_kind(); }},
      {"odd kind", "FIELD_INVALID",
       [](auto& r) { r.set_kind(static_cast<v1::VarianceResolution::Kind>(9)); }},
      {"no ampoules", "FIELD_REQUIRED", [](auto& r) { r.clear_ampoules(); }},
      {"minus", "FIELD_INVALID", [](auto& r) { r.set_ampoules(-2); }},
      {"no reason", "FIELD_REQUIRED", [](auto& r) { r.clear_reason(); }},
      {"long reason", "FIELD_INVALID", [](auto& r) { r.set_reason(std::string(65, 'x')); }},
      {"odd unit", "FIELD_INVALID", [](auto& r) { r.set_from_storage_unit("a b"); }},
      {"other unit", "FIELD_INVALID", [](auto& r) { r.set_from_storage_unit("fridge"); }}};
  for (const Bad& bad : bads) {
    v1::CloseTransferRequest request = Close(5, name, 2);
    bad.spoil(*request.mutable_resolutions(0));
    Expect(Call(&Stub::CloseTransfer, second_, request, &answer), Code::kInvalidArgument,
           bad.reason, bad.what);
  }
  Expect(Call(&Stub::CloseTransfer, nurse_, Close(5, name, 2), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::CloseTransfer, rome_, Close(5, name, 2), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::CancelTransfer, sender_, Cancel(6, name), &answer), Code::kFailedPrecondition,
         "TRANSFER_STATE");
  Expect(Call(&Stub::CancelTransfer, receiver_, Cancel(6, name), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::CancelTransfer, nurse_, Cancel(6, name), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  v1::CancelTransferRequest cancel = Cancel(6, name);
  cancel.clear_reason();
  Expect(Call(&Stub::CancelTransfer, sender_, cancel, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  cancel.set_reason(std::string(65, 'x'));
  Expect(Call(&Stub::CancelTransfer, sender_, cancel, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
}

TEST_F(TransferRpcTest, BothEndsReadAndListIt) {
  const std::string name = Shipped(1);
  Created(3);
  v1::GetTransferRequest get;
  get.set_name(name);
  v1::Transfer read;
  EXPECT_EQ(Call(&Stub::GetTransfer, nurse_, get, &read), absl::OkStatus());
  EXPECT_EQ(Call(&Stub::GetTransfer, receiver_, get, &read), absl::OkStatus());
  Expect(Call(&Stub::GetTransfer, rome_, get, &read), Code::kNotFound, "RESOURCE_NOT_FOUND");
  get.set_name("transfers/1");
  Expect(Call(&Stub::GetTransfer, nurse_, get, &read), Code::kInvalidArgument, "FIELD_INVALID");
  v1::ListTransfersRequest list;
  v1::ListTransfersResponse page;
  const std::pair<std::string, int> filters[] = {
      {"", 2},
      {"state = SHIPPED", 1},
      {"from_site = \"sites/par-1\" AND state = DRAFT", 1},
      {"to_site = \"sites/par-1\"", 0},
      {absl::StrCat("lot = \"", lot_, "\""), 2}};
  for (const auto& [filter, found] : filters) {
    list.set_filter(filter);
    ASSERT_EQ(Call(&Stub::ListTransfers, receiver_, list, &page), absl::OkStatus()) << filter;
    EXPECT_THAT(page.transfers(), SizeIs(found)) << filter;
  }
  list.set_filter("document = x");
  Expect(Call(&Stub::ListTransfers, receiver_, list, &page), Code::kInvalidArgument,
         "FILTER_INVALID");
  list.clear_filter();
  list.set_page_size(1);
  ASSERT_EQ(Call(&Stub::ListTransfers, receiver_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.transfers(), SizeIs(1));
  list.set_page_token(page.next_page_token());
  ASSERT_EQ(Call(&Stub::ListTransfers, receiver_, list, &page), absl::OkStatus());
  EXPECT_THAT(page.transfers(), SizeIs(1));
  EXPECT_EQ(page.next_page_token(), "");
  list.set_page_token("x");
  Expect(Call(&Stub::ListTransfers, receiver_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
  ASSERT_EQ(Call(&Stub::ListTransfers, rome_, v1::ListTransfersRequest(), &page), absl::OkStatus());
  EXPECT_THAT(page.transfers(), SizeIs(0));
}

}  // namespace
}  // namespace meso::inventory
