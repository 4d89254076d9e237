// The cold chain as a client sees it: a stream of batches, excursions, decisions, sensors.
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::SizeIs;

constexpr char kFridge[] = "sites/par-1/storageUnits/fridge";

class ColdChainRpcTest : public RpcServerFixture {
 protected:
  // A lot in a fridge that is kept between 2 and 8 degrees, and an hour in which to measure.
  ColdChainRpcTest() {
    MakeProduct([](v1::Product& product) {
      product.mutable_storage()->set_temperature_min_decidegrees(20);
      product.mutable_storage()->set_temperature_max_decidegrees(80);
    });
    v1::UpdateStorageUnitRequest fridge;
    fridge.mutable_storage_unit()->set_name(kFridge);
    fridge.mutable_storage_unit()->set_display_name("Fridge");
    fridge.mutable_storage_unit()->set_kind(v1::StorageUnit::KIND_FRIDGE);
    fridge.set_allow_missing(true);
    fridge.set_request_id(Uuid(901));
    v1::StorageUnit unit;
    EXPECT_EQ(Call(&Stub::UpdateStorageUnit, manager_, fridge, &unit), absl::OkStatus());
    v1::ReceiveStockRequest receipt = Receipt(903, 4);
    receipt.set_storage_unit("fridge");
    lot_ = ReceiveStock(receipt);
    start_ = absl::ToUnixSeconds(server_.clock().Now());
    server_.clock().Advance(absl::Hours(1));
  }

  // A batch of (minute, hundredths of a degree).
  v1::RecordTemperaturesRequest Batch(int n, std::vector<std::pair<int, int>> points) const {
    v1::RecordTemperaturesRequest batch;
    batch.set_storage_unit(kFridge);
    batch.set_sensor("S1");
    batch.set_request_id(Uuid(n));
    for (const auto& [minute, centidegrees] : points) {
      v1::TemperatureReading& reading = *batch.add_readings();
      reading.mutable_measure_time()->set_seconds(start_ + minute * 60);
      reading.set_centidegrees(centidegrees);
    }
    return batch;
  }
  // Sends the batches in one stream; some may not be taken any more when one was refused.
  absl::Status Stream(const std::string& token,
                      const std::vector<v1::RecordTemperaturesRequest>& batches,
                      v1::RecordTemperaturesResponse* response) {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    auto writer = stub_->RecordTemperatures(&context, response);
    for (const auto& batch : batches) {
      if (!writer->Write(batch)) break;
    }
    writer->WritesDone();
    return GrpcToStatus(writer->Finish());
  }
  absl::Status Stream(const v1::RecordTemperaturesRequest& batch) {
    v1::RecordTemperaturesResponse response;
    return Stream(manager_, {batch}, &response);
  }
  std::vector<v1::Excursion> Excursions(const std::string& filter = "") {
    v1::ListExcursionsRequest list;
    list.set_parent("sites/par-1");
    list.set_filter(filter);
    v1::ListExcursionsResponse page;
    EXPECT_EQ(Call(&Stub::ListExcursions, nurse_, list, &page), absl::OkStatus());
    return {page.excursions().begin(), page.excursions().end()};
  }
  v1::ResolveExcursionRequest Resolve(int n, const std::string& name) const {
    v1::ResolveExcursionRequest request;
    request.set_name(name);
    request.set_note("the maker's data");
    request.set_request_id(Uuid(n));
    v1::ExcursionDecision& decision = *request.add_decisions();
    decision.set_lot(lot_);
    decision.set_decision(v1::ExcursionLot::DECISION_RELEASE);
    return request;
  }

  std::string lot_;
  int64_t start_ = 0;
};

TEST_F(ColdChainRpcTest, AStreamTakesItsBatchesOneAfterTheOtherAndShowsWhatBegan) {
  v1::RecordTemperaturesResponse response;
  ASSERT_EQ(Stream(manager_,
                   {Batch(1, {{0, 500}, {10, 500}}), Batch(2, {{20, 1600}}),
                    Batch(3, {{20, 1600}, {30, 500}})},
                   &response),
            absl::OkStatus());
  EXPECT_EQ(response.recorded(), 4);
  EXPECT_EQ(response.duplicates(), 1);
  ASSERT_THAT(response.excursions(), SizeIs(1));
  const v1::Excursion& excursion = response.excursions(0);
  EXPECT_EQ(excursion.storage_unit(), kFridge);
  EXPECT_EQ(excursion.sensor(), "S1");
  EXPECT_EQ(excursion.state(), v1::Excursion::STATE_ENDED);
  EXPECT_EQ(excursion.begin_time().seconds(), start_ + 20 * 60);
  EXPECT_EQ(excursion.end_time().seconds(), start_ + 30 * 60);
  EXPECT_EQ(excursion.max_centidegrees(), 1600);
  ASSERT_THAT(excursion.lots(), SizeIs(1));
  EXPECT_EQ(excursion.lots(0).lot(), lot_);
  EXPECT_EQ(excursion.lots(0).product(), "products/A");
  EXPECT_EQ(excursion.lots(0).lot_number(), "A1");
  EXPECT_EQ(excursion.lots(0).outside_seconds(), 600);
  EXPECT_FALSE(excursion.lots(0).hold_id().empty());
  v1::GetExcursionRequest get;
  get.set_name(excursion.name());
  v1::Excursion read;
  ASSERT_EQ(Call(&Stub::GetExcursion, nurse_, get, &read), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(read, excursion));

  // Every batch is an entry of its own, with the lots it held.
  std::vector<AuditRecord> batches;
  for (const AuditRecord& entry : server_.Entries()) {
    if (entry.method == "meso.inventory.v1.InventoryService/RecordTemperatures") {
      batches.push_back(entry);
    }
  }
  ASSERT_THAT(batches, SizeIs(3));
  EXPECT_EQ(batches[1].action, "C");
  EXPECT_EQ(batches[1].outcome, "OK");
  EXPECT_EQ(batches[1].site, "sites/par-1");
  EXPECT_EQ(batches[1].request_id, Uuid(2));
  EXPECT_EQ(batches[1].facts.at("recorded"), "1");
  EXPECT_EQ(batches[1].keys.count({"lot", lot_}), 1u);
  EXPECT_EQ(batches[0].keys.count({"lot", lot_}), 0u);
}

TEST_F(ColdChainRpcTest, ARefusedBatchEndsTheStreamAndThoseBeforeItStay) {
  v1::RecordTemperaturesResponse response;
  const absl::Status status = Stream(
      manager_, {Batch(1, {{0, 500}}), Batch(2, {{0, 501}, {5, 500}}), Batch(3, {{10, 500}})},
      &response);
  Expect(status, Code::kAlreadyExists, "ALREADY_EXISTS");
  v1::ListSensorsRequest list;
  list.set_parent("sites/par-1");
  v1::ListSensorsResponse sensors;
  ASSERT_EQ(Call(&Stub::ListSensors, nurse_, list, &sensors), absl::OkStatus());
  ASSERT_THAT(sensors.sensors(), SizeIs(1));
  EXPECT_EQ(sensors.sensors(0).readings(), 1);
  const AuditRecord last = server_.Entries().back();
  EXPECT_EQ(last.outcome, "REFUSED");
  EXPECT_EQ(last.reason, "ALREADY_EXISTS");
  EXPECT_EQ(last.request_id, Uuid(2));
}

TEST_F(ColdChainRpcTest, ARepeatedStreamHasOneEffectAndOneAnswer) {
  const std::vector<v1::RecordTemperaturesRequest> batches = {Batch(1, {{0, 500}}),
                                                              Batch(2, {{20, 1600}, {30, 500}})};
  v1::RecordTemperaturesResponse first, again;
  ASSERT_EQ(Stream(manager_, batches, &first), absl::OkStatus());
  const size_t entries = server_.Entries().size();
  ASSERT_EQ(Stream(manager_, batches, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again)) << again.DebugString();
  EXPECT_EQ(server_.Entries().size(), entries);
  Expect(Stream(Batch(1, {{40, 500}})), Code::kAlreadyExists, "REQUEST_ID_REUSED");
}

TEST_F(ColdChainRpcTest, AMalformedBatchNamesItsFields) {
  v1::RecordTemperaturesResponse response;
  Expect(Stream(manager_, {}, &response), Code::kInvalidArgument, "FIELD_REQUIRED");
  Expect(Stream(manager_, {v1::RecordTemperaturesRequest()}, &response), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  const auto refused = [&](auto change, const std::string& reason, const std::string& field) {
    v1::RecordTemperaturesRequest batch = Batch(1, {{0, 500}});
    change(batch);
    const absl::Status status = Stream(batch);
    Expect(status, Code::kInvalidArgument, reason);
    const auto violations = DetailsOf(status).violations;
    const bool named = std::any_of(violations.begin(), violations.end(),
                                   [&](const Violation& one) { return one.subject == field; });
    EXPECT_TRUE(named) << field << ": " << status;
  };
  using Request = v1::RecordTemperaturesRequest;
  refused([](Request& batch) { batch.clear_readings(); }, "FIELD_REQUIRED", "readings");
  refused([](Request& batch) { batch.clear_sensor(); }, "FIELD_REQUIRED", "sensor");
  refused([](Request& batch) { batch.clear_request_id(); }, "FIELD_REQUIRED", "request_id");
  refused([](Request& batch) { batch.set_request_id("x"); }, "FIELD_INVALID", "request_id");
  refused([](Request& batch) { batch.set_sensor("S 1"); }, "FIELD_INVALID", "sensor");
  refused([](Request& batch) { batch.set_sensor(std::string(65, 'x')); }, "FIELD_INVALID",
          "sensor");
  refused([](Request& batch) { batch.set_storage_unit("sites/par-1/fridge"); }, "FIELD_INVALID",
          "storage_unit");
  refused([](Request& batch) { batch.mutable_readings(0)->clear_measure_time(); }, "FIELD_REQUIRED",
          "readings[0].measure_time");
  refused([](Request& batch) { batch.mutable_readings(0)->set_centidegrees(10001); },
          "FIELD_INVALID", "readings[0].centidegrees");
  refused([](Request& batch) { batch.mutable_readings(0)->set_centidegrees(-10001); },
          "FIELD_INVALID", "readings[0].centidegrees");
  refused([](Request& batch) { batch.mutable_readings(0)->mutable_measure_time()->set_nanos(-1); },
          "FIELD_INVALID", "readings[0].measure_time");
  refused(
      [this](Request& batch) {
        batch.mutable_readings(0)->mutable_measure_time()->set_seconds(start_ + 3601);
      },
      "FIELD_INVALID", "readings[0].measure_time");
  refused([](Request& batch) { batch.mutable_readings(0)->mutable_measure_time()->set_seconds(0); },
          "FIELD_INVALID", "readings[0].measure_time");
  refused(
      [](Request& batch) {
        while (batch.readings_size() < 5001) *batch.add_readings() = batch.readings(0);
      },
      "FIELD_INVALID", "readings");
  v1::RecordTemperaturesRequest many = Batch(2, {{0, 500}});
  while (many.readings_size() < 5000) *many.add_readings() = many.readings(0);
  ASSERT_EQ(Stream(many), absl::OkStatus());
}

TEST_F(ColdChainRpcTest, AStreamNeedsTheRightsOfEachOfItsBatches) {
  v1::RecordTemperaturesResponse response;
  Expect(Stream(nurse_, {Batch(1, {{0, 500}})}, &response), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Stream(elsewhere_, {Batch(1, {{0, 500}})}, &response), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Stream("", {Batch(1, {{0, 500}})}, &response), Code::kUnauthenticated, "TOKEN_MISSING");
  Expect(Stream("", {}, &response), Code::kUnauthenticated, "TOKEN_MISSING");
  v1::RecordTemperaturesRequest other = Batch(2, {{0, 500}});
  other.set_storage_unit("sites/syd-1/storageUnits/fridge");
  Expect(Stream(manager_, {Batch(1, {{0, 500}}), other}, &response), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Stream(chain_manager_, {other}, &response), Code::kUnavailable, "DEPENDENCY_DOWN");
  EXPECT_EQ(server_.Entries().back().reason, "DEPENDENCY_DOWN");
  other.set_storage_unit("sites/par-1/storageUnits/cellar");
  Expect(Stream(other), Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(ColdChainRpcTest, AClientThatGoesAwayLeavesWhatItHasSent) {
  {
    grpc::ClientContext context;
    TestServer::Prepare(manager_, &context);
    v1::RecordTemperaturesResponse response;
    auto writer = stub_->RecordTemperatures(&context, &response);
    ASSERT_TRUE(writer->Write(Batch(1, {{0, 500}})));
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // The next stream works, and the batch may be sent again.
  ASSERT_EQ(Stream(Batch(1, {{0, 500}})), absl::OkStatus());
}

TEST_F(ColdChainRpcTest, ADecisionIsMadeOnceAndKept) {
  ASSERT_EQ(Stream(Batch(1, {{0, 500}, {20, 1600}, {30, 500}})), absl::OkStatus());
  const v1::Excursion excursion = Excursions("state = ENDED").at(0);
  v1::Excursion first, again;
  ASSERT_EQ(Call(&Stub::ResolveExcursion, manager_, Resolve(2, excursion.name()), &first),
            absl::OkStatus());
  EXPECT_EQ(first.state(), v1::Excursion::STATE_RESOLVED);
  EXPECT_EQ(first.resolver(), "users/m");
  EXPECT_EQ(first.note(), "the maker's data");
  EXPECT_EQ(first.resolve_time().seconds(), start_ + 3600);
  EXPECT_EQ(first.lots(0).decision(), v1::ExcursionLot::DECISION_RELEASE);
  EXPECT_NE(first.etag(), excursion.etag());
  const AuditRecord entry = server_.Entries().back();
  EXPECT_EQ(entry.action, "U");
  EXPECT_EQ(entry.object_name, excursion.name());
  EXPECT_EQ(entry.facts.at(lot_), "RELEASE");
  ASSERT_EQ(Call(&Stub::ResolveExcursion, manager_, Resolve(2, excursion.name()), &again),
            absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  v1::ResolveExcursionRequest other = Resolve(2, excursion.name());
  other.set_note("something else");
  Expect(Call(&Stub::ResolveExcursion, manager_, other, &again), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  Expect(Call(&Stub::ResolveExcursion, manager_, Resolve(3, excursion.name()), &again),
         Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(ColdChainRpcTest, AMalformedDecisionNamesItsFields) {
  ASSERT_EQ(Stream(Batch(1, {{0, 500}, {20, 1600}, {30, 500}})), absl::OkStatus());
  const std::string name = Excursions().at(0).name();
  v1::Excursion answer;
  const auto refused = [&](auto change, Code code, const std::string& reason) {
    v1::ResolveExcursionRequest request = Resolve(2, name);
    change(request);
    Expect(Call(&Stub::ResolveExcursion, manager_, request, &answer), code, reason);
  };
  using Request = v1::ResolveExcursionRequest;
  refused([](Request& in) { in.clear_note(); }, Code::kInvalidArgument, "FIELD_REQUIRED");
  refused([](Request& in) { in.set_note(std::string(501, 'x')); }, Code::kInvalidArgument,
          "FIELD_INVALID");
  refused([](Request& in) { in.set_name("sites/par-1/excursions/x"); }, Code::kInvalidArgument,
          "FIELD_INVALID");
  refused([](Request& in) { in.mutable_decisions(0)->set_lot("lots/x"); }, Code::kInvalidArgument,
          "FIELD_INVALID");
  refused([](Request& in) { in.mutable_decisions(0)->clear_lot(); }, Code::kInvalidArgument,
          "FIELD_REQUIRED");
  refused([](Request& in) { in.mutable_decisions(0)->clear_decision(); }, Code::kInvalidArgument,
          "FIELD_REQUIRED");
  refused(
      [](Request& in) {
        in.mutable_decisions(0)->set_decision(static_cast<v1::ExcursionLot::Decision>(9));
      },
      Code::kInvalidArgument, "FIELD_INVALID");
  refused([](Request& in) { in.clear_request_id(); }, Code::kInvalidArgument, "FIELD_REQUIRED");
  refused([](Request& in) { in.set_etag("r77"); }, Code::kAborted, "ETAG_MISMATCH");
  refused([](Request& in) { in.clear_decisions(); }, Code::kFailedPrecondition,
          "STATE_NOT_ALLOWED");
  refused([](Request& in) { in.set_name(absl::StrCat("sites/par-1/excursions/", Uuid(5))); },
          Code::kNotFound, "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::ResolveExcursion, nurse_, Resolve(2, name), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::ResolveExcursion, elsewhere_, Resolve(2, name), &answer),
         Code::kPermissionDenied, "SITE_FORBIDDEN");
}

TEST_F(ColdChainRpcTest, ListsAreFilteredPagedAndOfTheCallersSites) {
  ASSERT_EQ(Stream(Batch(1, {{0, 500}, {10, 900}, {20, 500}, {30, 1600}})), absl::OkStatus());
  EXPECT_THAT(Excursions(), SizeIs(2));
  EXPECT_THAT(Excursions("state = OPEN"), SizeIs(1));
  EXPECT_THAT(Excursions("storage_unit = fridge"), SizeIs(2));
  EXPECT_THAT(Excursions("storage_unit = main"), SizeIs(0));
  EXPECT_THAT(Excursions(absl::StrCat("lot = \"", lot_, "\"")), SizeIs(2));
  v1::ListExcursionsRequest list;
  list.set_parent("sites/-");
  list.set_page_size(1);
  v1::ListExcursionsResponse page;
  ASSERT_EQ(Call(&Stub::ListExcursions, nurse_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.excursions(), SizeIs(1));
  list.set_page_token(page.next_page_token());
  v1::ListExcursionsResponse next;
  ASSERT_EQ(Call(&Stub::ListExcursions, nurse_, list, &next), absl::OkStatus());
  EXPECT_NE(next.excursions(0).name(), page.excursions(0).name());
  list.set_filter("colour = red");
  list.clear_page_token();
  Expect(Call(&Stub::ListExcursions, nurse_, list, &page), Code::kInvalidArgument,
         "FILTER_INVALID");
  list.clear_filter();
  list.set_page_token("x");
  Expect(Call(&Stub::ListExcursions, nurse_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_page_size(-1);
  Expect(Call(&Stub::ListExcursions, nurse_, list, &page), Code::kInvalidArgument, "FIELD_INVALID");
  list.set_page_size(0);
  list.set_parent("sites/par-1");
  Expect(Call(&Stub::ListExcursions, elsewhere_, list, &page), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::GetExcursionRequest get;
  get.set_name("excursions/x");
  v1::Excursion read;
  Expect(Call(&Stub::GetExcursion, chain_manager_, get, &read), Code::kInvalidArgument,
         "FIELD_INVALID");
  get.set_name(absl::StrCat("sites/par-1/excursions/", Uuid(5)));
  Expect(Call(&Stub::GetExcursion, nurse_, get, &read), Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(ColdChainRpcTest, SensorsShowTheirSilenceAtOnce) {
  ASSERT_EQ(Stream(Batch(1, {{0, 500}, {60, 510}})), absl::OkStatus());
  v1::RecordTemperaturesRequest other = Batch(2, {{0, 490}});
  other.set_sensor("S2");
  ASSERT_EQ(Stream(other), absl::OkStatus());
  v1::ListSensorsRequest list;
  list.set_parent("sites/par-1");
  v1::ListSensorsResponse sensors;
  ASSERT_EQ(Call(&Stub::ListSensors, nurse_, list, &sensors), absl::OkStatus());
  ASSERT_THAT(sensors.sensors(), SizeIs(2));
  EXPECT_EQ(sensors.sensors(0).sensor(), "S1");
  EXPECT_EQ(sensors.sensors(0).last_reading().centidegrees(), 510);
  EXPECT_EQ(sensors.sensors(0).readings(), 2);
  EXPECT_FALSE(sensors.sensors(0).silent());
  EXPECT_TRUE(sensors.sensors(1).silent()) << "its only reading is an hour old";
  list.set_filter("silent = true");
  ASSERT_EQ(Call(&Stub::ListSensors, nurse_, list, &sensors), absl::OkStatus());
  EXPECT_THAT(sensors.sensors(), SizeIs(1));
  list.clear_filter();
  list.set_page_size(1);
  ASSERT_EQ(Call(&Stub::ListSensors, nurse_, list, &sensors), absl::OkStatus());
  list.set_page_token(sensors.next_page_token());
  ASSERT_EQ(Call(&Stub::ListSensors, nurse_, list, &sensors), absl::OkStatus());
  EXPECT_EQ(sensors.sensors(0).sensor(), "S2");
  list.clear_page_token();
  list.set_filter("serial = S1");
  Expect(Call(&Stub::ListSensors, nurse_, list, &sensors), Code::kInvalidArgument,
         "FILTER_INVALID");
}

}  // namespace
}  // namespace meso::inventory
