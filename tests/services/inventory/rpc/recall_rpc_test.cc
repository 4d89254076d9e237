// AcknowledgeRecall and CloseRecall as a client sees them: fields, rights, repetitions, causes.
#include <functional>

#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class RecallRpcTest : public RpcServerFixture {
 protected:
  RecallRpcTest() {
    MakeProduct();
    v1::CreateRecallRequest recall;
    recall.mutable_recall()->add_lots(ReceiveStock(Receipt(903, 4)));
    recall.mutable_recall()->set_reason(v1::HOLD_REASON_SUPPLIER_NOTICE);
    recall.mutable_recall()->set_severity(v1::Recall::SEVERITY_CLASS_1);
    recall.mutable_recall()->set_reference("N-7");
    recall.set_request_id(Uuid(902));
    EXPECT_EQ(Call(&Stub::CreateRecall, chain_manager_, recall, &recall_), absl::OkStatus());
  }

  v1::AcknowledgeRecallRequest Acknowledging(int n) {
    v1::AcknowledgeRecallRequest request;
    request.set_name(recall_.name());
    request.set_site("sites/par-1");
    request.set_found_ampoules(3);
    request.set_note("one is missing");
    request.set_request_id(Uuid(n));
    return request;
  }
  v1::CloseRecallRequest Closing(int n) {
    v1::CloseRecallRequest request;
    request.set_name(recall_.name());
    request.set_evidence("DESTROY-7");
    request.set_request_id(Uuid(n));
    return request;
  }

  v1::Recall recall_;
};

TEST_F(RecallRpcTest, ASiteAnswersOnceForEachRequest) {
  EXPECT_EQ(recall_.state(), v1::Recall::STATE_OPEN);
  EXPECT_EQ(recall_.etag(), "r1");
  ASSERT_THAT(recall_.sites(), SizeIs(1));
  EXPECT_EQ(recall_.sites(0).on_hand(), 4);
  EXPECT_FALSE(recall_.sites(0).has_acknowledge_time());
  v1::Recall first, again;
  ASSERT_EQ(Call(&Stub::AcknowledgeRecall, manager_, Acknowledging(1), &first), absl::OkStatus());
  EXPECT_EQ(first.etag(), "r2");
  EXPECT_EQ(first.sites(0).acknowledged_by(), "users/m");
  EXPECT_EQ(first.sites(0).found_ampoules(), 3);
  EXPECT_EQ(first.sites(0).book_ampoules(), 4);
  EXPECT_EQ(first.sites(0).note(), "one is missing");
  EXPECT_EQ(first.effectiveness().missing_ampoules(), 1);
  EXPECT_EQ(first.effectiveness().recovered_permille(), 750);
  ASSERT_EQ(Call(&Stub::AcknowledgeRecall, manager_, Acknowledging(1), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  v1::AcknowledgeRecallRequest other = Acknowledging(1);
  other.set_found_ampoules(4);
  Expect(Call(&Stub::AcknowledgeRecall, manager_, other, &again), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  v1::GetRecallRequest get;
  get.set_name(recall_.name());
  ASSERT_EQ(Call(&Stub::GetRecall, manager_, get, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  const std::vector<AuditRecord> entries = server_.Entries();
  bool found = false;
  for (const AuditRecord& entry : entries) {
    if (entry.request_id != Uuid(1) || entry.outcome != "OK") continue;
    found = true;
    EXPECT_EQ(entry.action, "U");
    EXPECT_EQ(entry.object_name, recall_.name());
    EXPECT_EQ(entry.site, "sites/par-1");
    EXPECT_EQ(entry.facts.at("found_ampoules"), "3");
  }
  EXPECT_TRUE(found);
}

TEST_F(RecallRpcTest, AMalformedAnswerNamesItsFields) {
  v1::Recall answer;
  Expect(Call(&Stub::AcknowledgeRecall, manager_, v1::AcknowledgeRecallRequest(), &answer),
         Code::kInvalidArgument, "FIELD_REQUIRED");
  for (const auto& change : std::vector<std::function<void(v1::AcknowledgeRecallRequest&)>>{
           [](auto& r) { r.set_name("recalls/7"); }, [](auto& r) { r.set_found_ampoules(-1); },
           [](auto& r) { r.set_found_ampoules(1000001); },
           [](auto& r) { r.set_note(std::string(501, 'x')); },
           [](auto& r) { r.set_site("sites/-"); }, [](auto& r) { r.set_request_id("7"); }}) {
    v1::AcknowledgeRecallRequest request = Acknowledging(1);
    change(request);
    Expect(Call(&Stub::AcknowledgeRecall, manager_, request, &answer), Code::kInvalidArgument,
           "FIELD_INVALID");
  }
  v1::AcknowledgeRecallRequest unknown = Acknowledging(1);
  unknown.set_name(absl::StrCat("recalls/", Uuid(77)));
  Expect(Call(&Stub::AcknowledgeRecall, manager_, unknown, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::AcknowledgeRecall, elsewhere_, Acknowledging(1), &answer),
         Code::kPermissionDenied, "SITE_FORBIDDEN");
  Expect(Call(&Stub::AcknowledgeRecall, nurse_, Acknowledging(1), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  v1::AcknowledgeRecallRequest sydney = Acknowledging(1);
  sydney.set_site("sites/syd-1");
  Expect(Call(&Stub::AcknowledgeRecall, elsewhere_, sydney, &answer), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
}

TEST_F(RecallRpcTest, ClosingNeedsTheChainAndSaysWhatIsLeft) {
  v1::Recall answer;
  const absl::Status refused = Call(&Stub::CloseRecall, chain_manager_, Closing(1), &answer);
  Expect(refused, Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  EXPECT_THAT(DetailsOf(refused).violations, SizeIs(2));
  Expect(Call(&Stub::CloseRecall, manager_, Closing(1), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::CloseRecall, chain_manager_, v1::CloseRecallRequest(), &answer),
         Code::kInvalidArgument, "FIELD_REQUIRED");
  v1::CloseRecallRequest request = Closing(1);
  request.set_evidence(std::string(501, 'x'));
  Expect(Call(&Stub::CloseRecall, chain_manager_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  request = Closing(1);
  request.set_etag("r9");
  Expect(Call(&Stub::CloseRecall, chain_manager_, request, &answer), Code::kAborted,
         "ETAG_MISMATCH");
  request = Closing(1);
  request.set_name(absl::StrCat("recalls/", Uuid(77)));
  Expect(Call(&Stub::CloseRecall, chain_manager_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");

  // The receipt was an error: nothing is there, and the site says so.
  v1::ListMovementsRequest list;
  list.set_parent("sites/par-1");
  v1::ListMovementsResponse lines;
  ASSERT_EQ(Call(&Stub::ListMovements, manager_, list, &lines), absl::OkStatus());
  v1::ReverseMovementRequest reverse;
  reverse.set_name(lines.movements(0).name());
  reverse.set_reason(v1::REVERSAL_REASON_NOT_HAPPENED);
  reverse.set_request_id(Uuid(2));
  v1::Movement mirror;
  ASSERT_EQ(Call(&Stub::ReverseMovement, manager_, reverse, &mirror), absl::OkStatus());
  v1::AcknowledgeRecallRequest nothing = Acknowledging(3);
  nothing.set_found_ampoules(0);
  ASSERT_EQ(Call(&Stub::AcknowledgeRecall, manager_, nothing, &answer), absl::OkStatus());
  v1::Recall first, again;
  ASSERT_EQ(Call(&Stub::CloseRecall, chain_manager_, Closing(4), &first), absl::OkStatus());
  EXPECT_EQ(first.state(), v1::Recall::STATE_CLOSED);
  EXPECT_EQ(first.closer(), "users/c");
  EXPECT_EQ(first.evidence(), "DESTROY-7");
  EXPECT_TRUE(first.has_close_time());
  ASSERT_EQ(Call(&Stub::CloseRecall, chain_manager_, Closing(4), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  Expect(Call(&Stub::CloseRecall, chain_manager_, Closing(5), &again), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
  v1::ListRecallsRequest closed;
  closed.set_filter("state = CLOSED");
  v1::ListRecallsResponse recalls;
  ASSERT_EQ(Call(&Stub::ListRecalls, nurse_, closed, &recalls), absl::OkStatus());
  ASSERT_THAT(recalls.recalls(), SizeIs(1));
  EXPECT_EQ(recalls.recalls(0).state(), v1::Recall::STATE_CLOSED);
}

}  // namespace
}  // namespace meso::inventory
