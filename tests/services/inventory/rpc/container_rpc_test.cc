// Opened containers as a client sees them: fields, reasons, rights, repetitions, and volumes in
// draws and records.
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::SizeIs;

class ContainerRpcTest : public RpcFixture {
 protected:
  ContainerRpcTest()
      : RpcFixture([](v1::Product& product) {
          product.set_container_kind(v1::CONTAINER_KIND_MULTI_DOSE_VIAL);
          product.set_unit_microlitres(10000);
          product.mutable_after_opening()->set_seconds(28 * 86400);
        }) {}

  v1::OpenContainerRequest Open(int n) {
    v1::OpenContainerRequest request;
    request.set_site("sites/par-1");
    request.set_lot(lot_);
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::OpenedContainer OpenOne(int n) {
    v1::OpenedContainer opened;
    EXPECT_EQ(Call(&Stub::OpenContainer, nurse_, Open(n), &opened), absl::OkStatus());
    return opened;
  }
  v1::DrawStockRequest TakeOut(int n, const std::string& container, int64_t microlitres) {
    v1::DrawStockRequest draw;
    draw.set_appointment(Appointment(1));
    draw.add_items()->set_container(container);
    draw.mutable_items(0)->set_microlitres(microlitres);
    draw.set_request_id(Uuid(n));
    return draw;
  }
};

TEST_F(ContainerRpcTest, OpenContainer) {
  v1::OpenContainerRequest other = Open(1);
  other.set_fefo_override(v1::FEFO_OVERRIDE_DAMAGED);
  const v1::OpenedContainer opened = ExpectOnce<v1::OpenContainerRequest, v1::OpenedContainer>(
      &Stub::OpenContainer, nurse_, Open(1), other, desk_);
  EXPECT_EQ(opened.state(), v1::OpenedContainer::STATE_OPEN);
  EXPECT_EQ(opened.size_microlitres(), 10000);
  EXPECT_EQ(opened.remaining_microlitres(), 10000);
  EXPECT_EQ(opened.lot(), lot_);
  EXPECT_EQ(opened.lot_number(), "A1");
  EXPECT_EQ(opened.storage_unit(), "main");
  EXPECT_EQ(opened.opener(), "users/n");
  EXPECT_EQ(opened.beyond_use_time().seconds() - opened.open_time().seconds(), 28 * 86400);
  EXPECT_FALSE(opened.beyond_use());
  EXPECT_FALSE(opened.has_close_time());
  EXPECT_EQ(opened.etag(), "r1");
  using R = v1::OpenContainerRequest;
  ExpectFields<R, v1::OpenedContainer>(
      &Stub::OpenContainer, nurse_, Open(2),
      {{"lot", "FIELD_REQUIRED", [](R& r) { r.clear_lot(); }},
       {"lot", "FIELD_INVALID", [](R& r) { r.set_lot("x"); }},
       {"scan", "FIELD_INVALID", [](R& r) { r.set_scan(std::string(513, '1')); }},
       {"storage_unit", "FIELD_INVALID", [](R& r) { r.set_storage_unit("a b"); }},
       {"appointment", "FIELD_INVALID", [](R& r) { r.set_appointment("x"); }},
       {"appointment", "FIELD_INVALID",
        [](R& r) { r.set_appointment("sites/syd-1/appointments/" + Uuid(1)); }},
       {"appointment", "FIELD_INVALID", [](R& r) { r.set_appointment(Appointment(1)); }},
       {"fefo_override", "FIELD_INVALID",
        [](R& r) { r.set_fefo_override(static_cast<v1::FefoOverride>(9)); }},
       {"request_id", "FIELD_REQUIRED", [](R& r) { r.clear_request_id(); }}});
  v1::OpenedContainer answer;
  Expect(Call(&Stub::OpenContainer, nurse_, Open(3), &answer), Code::kFailedPrecondition,
         "NOT_FEFO");
  Expect(Call(&Stub::OpenContainer, elsewhere_, Open(4), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::OpenContainerRequest unknown = Open(5);
  unknown.set_lot("lots/" + Uuid(5));
  Expect(Call(&Stub::OpenContainer, nurse_, unknown, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  unknown = Open(6);
  unknown.set_site("sites/new-1");
  Expect(Call(&Stub::OpenContainer, chain_manager_, unknown, &answer), Code::kUnavailable,
         "DEPENDENCY_DOWN");
}

TEST_F(ContainerRpcTest, GetAndListOpenedContainers) {
  const v1::OpenedContainer opened = OpenOne(10);
  v1::GetOpenedContainerRequest get;
  get.set_name(opened.name());
  v1::OpenedContainer read;
  ASSERT_EQ(Call(&Stub::GetOpenedContainer, desk_, get, &read), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(opened, read));
  get.set_name("sites/par-1/containers/" + Uuid(1));
  Expect(Call(&Stub::GetOpenedContainer, desk_, get, &read), Code::kNotFound, "RESOURCE_NOT_FOUND");
  get.set_name("sites/par-1/containers/x");
  Expect(Call(&Stub::GetOpenedContainer, desk_, get, &read), Code::kInvalidArgument,
         "FIELD_INVALID");
  get.set_name(opened.name());
  Expect(Call(&Stub::GetOpenedContainer, elsewhere_, get, &read), Code::kPermissionDenied,
         "SITE_FORBIDDEN");

  v1::OpenContainerRequest more = Open(11);
  more.set_fefo_override(v1::FEFO_OVERRIDE_DAMAGED);
  v1::OpenedContainer second;
  ASSERT_EQ(Call(&Stub::OpenContainer, nurse_, more, &second), absl::OkStatus());
  v1::ListOpenedContainersRequest list;
  list.set_parent("sites/-");
  list.set_page_size(1);
  v1::ListOpenedContainersResponse page;
  ASSERT_EQ(Call(&Stub::ListOpenedContainers, desk_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.opened_containers(), SizeIs(1));
  EXPECT_EQ(page.opened_containers(0).name(), opened.name()) << "in the order of opening";
  list.set_page_token(page.next_page_token());
  ASSERT_EQ(Call(&Stub::ListOpenedContainers, desk_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.opened_containers(), SizeIs(1));
  EXPECT_EQ(page.opened_containers(0).name(), second.name());
  EXPECT_EQ(page.next_page_token(), "");
  list.clear_page_token();
  list.set_page_token("x");
  Expect(Call(&Stub::ListOpenedContainers, desk_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_page_size(-1);
  Expect(Call(&Stub::ListOpenedContainers, desk_, list, &page), Code::kInvalidArgument,
         "FIELD_INVALID");
  list.set_page_size(0);
  list.set_filter("due = true");
  ASSERT_EQ(Call(&Stub::ListOpenedContainers, desk_, list, &page), absl::OkStatus());
  EXPECT_THAT(page.opened_containers(), SizeIs(0));
  list.set_filter("opener = x");
  Expect(Call(&Stub::ListOpenedContainers, desk_, list, &page), Code::kInvalidArgument,
         "FILTER_INVALID");
  list.clear_filter();
  list.set_parent("sites/par-1");
  Expect(Call(&Stub::ListOpenedContainers, elsewhere_, list, &page), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
}

TEST_F(ContainerRpcTest, DiscardContainer) {
  const v1::OpenedContainer opened = OpenOne(20);
  v1::DiscardContainerRequest request;
  request.set_name(opened.name());
  request.set_reason(v1::DISCARD_REASON_CONTAMINATED);
  request.set_etag("r9");
  request.set_request_id(Uuid(21));
  v1::OpenedContainer answer;
  Expect(Call(&Stub::DiscardContainer, nurse_, request, &answer), Code::kAborted, "ETAG_MISMATCH");
  request.set_etag(opened.etag());
  using R = v1::DiscardContainerRequest;
  ExpectFields<R, v1::OpenedContainer>(
      &Stub::DiscardContainer, nurse_, request,
      {{"name", "FIELD_INVALID", [](R& r) { r.set_name("sites/par-1/containers/x"); }},
       {"reason", "FIELD_REQUIRED", [](R& r) { r.clear_reason(); }},
       {"reason", "FIELD_INVALID", [](R& r) { r.set_reason(static_cast<v1::DiscardReason>(9)); }},
       {"note", "FIELD_REQUIRED", [](R& r) { r.set_reason(v1::DISCARD_REASON_OTHER); }},
       {"note", "FIELD_INVALID", [](R& r) { r.set_note(std::string(501, 'x')); }}});
  v1::DiscardContainerRequest other = request;
  other.set_reason(v1::DISCARD_REASON_LEFTOVER);
  answer = ExpectOnce<v1::DiscardContainerRequest, v1::OpenedContainer>(
      &Stub::DiscardContainer, nurse_, request, other, desk_);
  EXPECT_EQ(answer.state(), v1::OpenedContainer::STATE_DISCARDED);
  EXPECT_EQ(answer.wasted_microlitres(), 10000);
  EXPECT_EQ(answer.discard_reason(), v1::DISCARD_REASON_CONTAMINATED);
  EXPECT_TRUE(answer.has_close_time());
  request.set_request_id(Uuid(22));
  request.clear_etag();
  Expect(Call(&Stub::DiscardContainer, nurse_, request, &answer), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
  Expect(Call(&Stub::DiscardContainer, elsewhere_, request, &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  request.set_name("sites/par-1/containers/" + Uuid(1));
  Expect(Call(&Stub::DiscardContainer, nurse_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(ContainerRpcTest, VolumesAreDrawnAndRecorded) {
  const v1::OpenedContainer opened = OpenOne(30);
  using R = v1::DrawStockRequest;
  ExpectFields<R, v1::DrawStockResponse>(
      &Stub::DrawStock, nurse_, TakeOut(31, opened.name(), 1000),
      {{"items[0].container", "FIELD_INVALID",
        [](R& r) { r.mutable_items(0)->set_container("containers/1"); }},
       {"items[0].container", "FIELD_INVALID",
        [](R& r) { r.mutable_items(0)->set_container("sites/syd-1/containers/" + Uuid(1)); }},
       {"items[0].container", "FIELD_INVALID", [this](R& r) { r.mutable_items(0)->set_lot(lot_); }},
       {"items[0].container", "FIELD_INVALID", [](R& r) { r.mutable_items(0)->set_ampoules(1); }},
       {"items[0].container", "FIELD_REQUIRED",
        [](R& r) { r.mutable_items(0)->clear_container(); }},
       {"items[0].microlitres", "FIELD_INVALID",
        [](R& r) { r.mutable_items(0)->set_microlitres(0); }},
       {"items[0].microlitres", "FIELD_INVALID",
        [](R& r) { r.mutable_items(0)->set_microlitres(1000001); }}});
  v1::DrawStockResponse drawn;
  Expect(Call(&Stub::DrawStock, nurse_, TakeOut(32, opened.name(), 10001), &drawn),
         Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  Expect(
      Call(&Stub::DrawStock, nurse_, TakeOut(33, "sites/par-1/containers/" + Uuid(1), 1), &drawn),
      Code::kNotFound, "RESOURCE_NOT_FOUND");
  const v1::DrawStockRequest good = TakeOut(34, opened.name(), 1000);
  drawn = ExpectOnce<v1::DrawStockRequest, v1::DrawStockResponse>(
      &Stub::DrawStock, nurse_, good, TakeOut(34, opened.name(), 999), desk_);
  ASSERT_THAT(drawn.drawn_lots(), SizeIs(1));
  EXPECT_EQ(drawn.drawn_lots(0).container(), opened.name());
  EXPECT_EQ(drawn.drawn_lots(0).ampoules(), 0);
  EXPECT_EQ(drawn.drawn_lots(0).microlitres(), 1000);

  v1::RecordAdministrationRequest record;
  v1::Administration& given = *record.mutable_administration();
  given.set_appointment(Appointment(1));
  given.set_patient("patients/PT-1");
  given.set_practitioner("practitioners/pr-01");
  given.mutable_occurred_time()->set_seconds(opened.open_time().seconds());
  given.add_lots()->set_lot(lot_);
  given.mutable_lots(0)->set_container(opened.name());
  given.mutable_lots(0)->set_microlitres(600);
  given.mutable_lots(0)->set_wasted_microlitres(100);
  record.set_request_id(Uuid(35));
  v1::Administration answer;
  ASSERT_EQ(Call(&Stub::RecordAdministration, nurse_, record, &answer), absl::OkStatus());
  EXPECT_THAT(answer.deviations(), SizeIs(0));
  EXPECT_EQ(answer.lots(0).container(), opened.name());
  EXPECT_EQ(answer.lots(0).wasted_microlitres(), 100);
  ASSERT_THAT(answer.outstanding(), SizeIs(1));
  EXPECT_EQ(answer.outstanding(0).container(), opened.name());
  EXPECT_EQ(answer.outstanding(0).accounted_microlitres(), 700);
  given.mutable_lots(0)->set_ampoules(1);
  record.set_request_id(Uuid(36));
  Expect(Call(&Stub::RecordAdministration, nurse_, record, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  v1::GetOpenedContainerRequest get;
  get.set_name(opened.name());
  v1::OpenedContainer read;
  ASSERT_EQ(Call(&Stub::GetOpenedContainer, nurse_, get, &read), absl::OkStatus());
  ASSERT_THAT(read.draws(), SizeIs(1));
  EXPECT_EQ(read.draws(0).appointment(), Appointment(1));
  EXPECT_EQ(read.draws(0).accounted_microlitres(), 700);
  EXPECT_EQ(read.remaining_microlitres(), 9000);
}

}  // namespace
}  // namespace meso::inventory
