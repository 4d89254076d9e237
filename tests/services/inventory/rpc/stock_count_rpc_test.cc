// Stock counts as a client sees them: blind answers, fields, rights, repetitions.
#include <functional>

#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::Contains;
using ::testing::SizeIs;

class StockCountRpcTest : public RpcServerFixture {
 protected:
  StockCountRpcTest() {
    MakeProduct();
    lot_ = ReceiveStock(Receipt(903, 100));
  }

  static v1::CreateStockCountRequest Create(int n) {
    v1::CreateStockCountRequest request;
    request.set_parent("sites/par-1");
    request.set_request_id(Uuid(n));
    return request;
  }
  std::string Opened(int n) {
    v1::StockCount made;
    EXPECT_EQ(Call(&Stub::CreateStockCount, manager_, Create(n), &made), absl::OkStatus());
    return made.name();
  }
  v1::RecordStockCountRequest Record(int n, const std::string& name, int64_t ampoules) {
    v1::RecordStockCountRequest request;
    request.set_name(name);
    request.add_lines()->set_lot(lot_);
    request.mutable_lines(0)->set_ampoules(ampoules);
    request.mutable_lines(0)->set_reason("dropped");
    request.set_request_id(Uuid(n));
    return request;
  }
  static v1::PostStockCountRequest Post(int n, const std::string& name) {
    v1::PostStockCountRequest request;
    request.set_name(name);
    request.set_request_id(Uuid(n));
    return request;
  }
  static v1::CancelStockCountRequest Cancel(int n, const std::string& name) {
    v1::CancelStockCountRequest request;
    request.set_name(name);
    request.set_request_id(Uuid(n));
    return request;
  }
  int64_t OnHand() {
    v1::ListStockLevelsRequest list;
    list.set_parent("sites/par-1");
    v1::ListStockLevelsResponse levels;
    EXPECT_EQ(Call(&Stub::ListStockLevels, manager_, list, &levels), absl::OkStatus());
    return levels.stock_levels(0).on_hand();
  }

  std::string lot_;
};

TEST_F(StockCountRpcTest, TheBooksAreShownOnlyOnceALineNeedsNoFurtherCount) {
  v1::StockCount count, again;
  ASSERT_EQ(Call(&Stub::CreateStockCount, manager_, Create(1), &count), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CreateStockCount, manager_, Create(1), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(count, again));
  EXPECT_EQ(count.state(), v1::StockCount::STATE_OPEN);
  ASSERT_THAT(count.lines(), SizeIs(1));
  EXPECT_FALSE(count.lines(0).counted());
  EXPECT_EQ(count.lines(0).book_ampoules(), 0);
  EXPECT_EQ(count.lines(0).product(), "products/A");
  EXPECT_EQ(count.lines(0).expiry_date(), "2027-06-30");
  ASSERT_EQ(Call(&Stub::RecordStockCount, nurse_, Record(2, count.name(), 90), &count),
            absl::OkStatus());
  EXPECT_TRUE(count.lines(0).counted());
  EXPECT_TRUE(count.lines(0).recount());
  EXPECT_EQ(count.lines(0).counted_ampoules(), 90);
  EXPECT_EQ(count.lines(0).book_ampoules(), 0);
  EXPECT_EQ(count.lines(0).variance_ampoules(), 0);
  EXPECT_EQ(count.done_lines(), 0);
  ASSERT_EQ(Call(&Stub::RecordStockCount, nurse_, Record(2, count.name(), 90), &again),
            absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(count, again)) << "counted once";
  ASSERT_EQ(Call(&Stub::RecordStockCount, nurse_, Record(3, count.name(), 91), &count),
            absl::OkStatus());
  EXPECT_EQ(count.lines(0).book_ampoules(), 100);
  EXPECT_EQ(count.lines(0).variance_ampoules(), -9);
  EXPECT_EQ(count.lines(0).counts(), 2);
  EXPECT_EQ(count.lines(0).counter(), "users/n");
  EXPECT_EQ(count.done_lines(), 1);

  v1::PostStockCountRequest post = Post(4, count.name());
  post.set_validate_only(true);
  post.clear_request_id();
  ASSERT_EQ(Call(&Stub::PostStockCount, manager_, post, &again), absl::OkStatus());
  EXPECT_EQ(again.lines(0).variance_ampoules(), -9);
  EXPECT_EQ(OnHand(), 100) << "nothing changed";
  post = Post(4, count.name());
  post.set_etag(count.etag());
  ASSERT_EQ(Call(&Stub::PostStockCount, manager_, post, &count), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::PostStockCount, manager_, post, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(count, again));
  EXPECT_EQ(count.state(), v1::StockCount::STATE_POSTED);
  EXPECT_EQ(count.poster(), "users/m");
  EXPECT_EQ(OnHand(), 91);
  const AuditRecord entry = server_.Entries().back();
  EXPECT_EQ(entry.object_name, count.name());
  EXPECT_EQ(entry.site, "sites/par-1");
  EXPECT_EQ(entry.facts.at("missing"), "9");
  EXPECT_THAT(entry.keys, Contains(std::pair<std::string, std::string>("lot", lot_)));
}

TEST_F(StockCountRpcTest, ARequestIdWithAnotherBodyIsRefused) {
  const std::string name = Opened(1);
  v1::StockCount answer;
  v1::CreateStockCountRequest create = Create(1);
  create.set_storage_unit("main");
  Expect(Call(&Stub::CreateStockCount, manager_, create, &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::RecordStockCount, nurse_, Record(2, name, 99), &answer), absl::OkStatus());
  Expect(Call(&Stub::RecordStockCount, nurse_, Record(2, name, 98), &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  ASSERT_EQ(Call(&Stub::PostStockCount, manager_, Post(3, name), &answer), absl::OkStatus());
  Expect(Call(&Stub::PostStockCount, manager_, Post(3, Opened(4)), &answer), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  v1::StockCount again;
  const v1::CancelStockCountRequest cancel = Cancel(5, Opened(6));
  ASSERT_EQ(Call(&Stub::CancelStockCount, manager_, cancel, &answer), absl::OkStatus());
  ASSERT_EQ(Call(&Stub::CancelStockCount, manager_, cancel, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(answer, again));
  Expect(Call(&Stub::CancelStockCount, manager_, Cancel(5, Opened(7)), &answer),
         Code::kAlreadyExists, "REQUEST_ID_REUSED");
}

TEST_F(StockCountRpcTest, EveryBadFieldOfANewCountIsNamed) {
  struct Bad {
    const char* what;
    const char* reason;
    std::function<void(v1::CreateStockCountRequest&)> spoil;
  };
  const Bad bads[] = {{"no site", "FIELD_REQUIRED", [](auto& r) { r.clear_parent(); }},
                      {"no request id", "FIELD_REQUIRED", [](auto& r) { r.clear_request_id(); }},
                      {"odd unit", "FIELD_INVALID", [](auto& r) { r.set_storage_unit("a b"); }},
                      {"odd product", "FIELD_INVALID", [](auto& r) { r.add_products("A"); }},
                      {"product twice", "FIELD_INVALID",
                       [](auto& r) {
                         r.add_products("products/A");
                         r.add_products("products/A");
                       }},
                      {"101 products", "FIELD_INVALID",
                       [](auto& r) {
                         for (int i = 0; i < 101; ++i)
                           r.add_products(absl::StrCat("products/p", i));
                       }},
                      {"odd class", "FIELD_INVALID",
                       [](auto& r) { r.set_abc_class(static_cast<v1::AbcClass>(9)); }}};
  v1::StockCount answer;
  for (const Bad& bad : bads) {
    v1::CreateStockCountRequest request = Create(1);
    bad.spoil(request);
    Expect(Call(&Stub::CreateStockCount, manager_, request, &answer), Code::kInvalidArgument,
           bad.reason, bad.what);
  }
  v1::CreateStockCountRequest request = Create(1);
  request.set_storage_unit("cellar");
  Expect(Call(&Stub::CreateStockCount, manager_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  request = Create(1);
  request.add_products("products/Z");
  Expect(Call(&Stub::CreateStockCount, manager_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  request = Create(1);
  request.set_abc_class(v1::ABC_CLASS_A);
  Expect(Call(&Stub::CreateStockCount, manager_, request, &answer), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
  request = Create(1);
  request.set_parent("sites/syd-1");
  Expect(Call(&Stub::CreateStockCount, elsewhere_, request, &answer), Code::kUnavailable,
         "DEPENDENCY_DOWN");
  Expect(Call(&Stub::CreateStockCount, elsewhere_, Create(1), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::CreateStockCount, nurse_, Create(1), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
}

TEST_F(StockCountRpcTest, EveryBadFieldOfWhatWasCountedIsNamed) {
  const std::string name = Opened(1);
  struct Bad {
    const char* what;
    const char* reason;
    std::function<void(v1::CountedLine&)> spoil;
  };
  const Bad bads[] = {
      {"no lot", "FIELD_REQUIRED", [](auto& l) { l.clear_lot(); }},
      {"odd lot", "FIELD_INVALID", [](auto& l) { l.set_lot("A1"); }},
      {"odd unit", "FIELD_INVALID", [](auto& l) { l.set_storage_unit("a b"); }},
      {"minus", "FIELD_INVALID", [](auto& l) { l.set_ampoules(-1); }},
      {"too many", "FIELD_INVALID", [](auto& l) { l.set_ampoules(1000001); }},
      {"long reason", "FIELD_INVALID", [](auto& l) { l.set_reason(std::string(65, 'x')); }},
      {"long scan", "FIELD_INVALID", [](auto& l) { l.set_scan(std::string(513, '1')); }},
      {"odd scan", "SCAN_UNREADABLE", [](auto& l) { l.set_scan("^99"); }},
      {"no lot in it", "SCAN_AMBIGUOUS", [](auto& l) { l.set_scan("09521234000112"); }},
      {"misread", "CHECK_DIGIT_WRONG", [](auto& l) { l.set_scan("^010952123400011310A1"); }}};
  v1::StockCount answer;
  for (const Bad& bad : bads) {
    v1::RecordStockCountRequest request = Record(2, name, 100);
    bad.spoil(*request.mutable_lines(0));
    Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kInvalidArgument,
           bad.reason, bad.what);
  }
  v1::RecordStockCountRequest request = Record(2, name, 100);
  *request.add_lines() = request.lines(0);
  Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  while (request.lines_size() < 501) *request.add_lines() = request.lines(0);
  Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kInvalidArgument,
         "FIELD_INVALID");
  request.clear_lines();
  Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kInvalidArgument,
         "FIELD_REQUIRED");
  request = Record(2, name, 100);
  request.mutable_lines(0)->set_scan("^010952123400033410A1");
  Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kNotFound, "UNKNOWN_GTIN");
  request = Record(2, name, 100);
  request.mutable_lines(0)->set_storage_unit("cellar");
  Expect(Call(&Stub::RecordStockCount, nurse_, request, &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::RecordStockCount, elsewhere_, Record(2, name, 100), &answer),
         Code::kPermissionDenied, "SITE_FORBIDDEN");
  Expect(Call(&Stub::RecordStockCount, desk_, Record(2, name, 100), &answer),
         Code::kPermissionDenied, "ROLE_REQUIRED");
  const std::string unknown = "sites/par-1/stockCounts/" + Uuid(9);
  Expect(Call(&Stub::RecordStockCount, nurse_, Record(2, unknown, 100), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::RecordStockCount, nurse_, Record(2, "sites/par-1/stockCounts/1", 1), &answer),
         Code::kInvalidArgument, "FIELD_INVALID");
}

TEST_F(StockCountRpcTest, PostingAndCancellingRefuseWhatIsNotReadyOrNotTheirs) {
  const std::string name = Opened(1);
  v1::StockCount answer;
  Expect(Call(&Stub::PostStockCount, manager_, Post(2, name), &answer), Code::kFailedPrecondition,
         "COUNT_IN_PROGRESS");
  ASSERT_EQ(Call(&Stub::RecordStockCount, manager_, Record(3, name, 99), &answer),
            absl::OkStatus());
  Expect(Call(&Stub::PostStockCount, manager_, Post(2, name), &answer), Code::kFailedPrecondition,
         "SELF_APPROVAL");
  v1::PostStockCountRequest post = Post(2, name);
  post.set_etag("r1");
  Expect(Call(&Stub::PostStockCount, manager_, post, &answer), Code::kAborted, "ETAG_MISMATCH");
  const std::string unknown = "sites/par-1/stockCounts/" + Uuid(9);
  for (const std::string& odd : {std::string("stockCounts/1"), std::string("sites/par-1")}) {
    EXPECT_EQ(Call(&Stub::PostStockCount, manager_, Post(2, odd), &answer).code(),
              Code::kInvalidArgument);
    EXPECT_EQ(Call(&Stub::CancelStockCount, manager_, Cancel(2, odd), &answer).code(),
              Code::kInvalidArgument);
  }
  Expect(Call(&Stub::PostStockCount, manager_, Post(2, unknown), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::CancelStockCount, manager_, Cancel(2, unknown), &answer), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  Expect(Call(&Stub::PostStockCount, nurse_, Post(2, name), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::PostStockCount, elsewhere_, Post(2, name), &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  Expect(Call(&Stub::CancelStockCount, nurse_, Cancel(2, name), &answer), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::CancelStockCount, elsewhere_, Cancel(2, name), &answer),
         Code::kPermissionDenied, "SITE_FORBIDDEN");
  ASSERT_EQ(Call(&Stub::CancelStockCount, manager_, Cancel(4, name), &answer), absl::OkStatus());
  EXPECT_EQ(answer.state(), v1::StockCount::STATE_CANCELLED);
  Expect(Call(&Stub::CancelStockCount, manager_, Cancel(5, name), &answer),
         Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  Expect(Call(&Stub::RecordStockCount, manager_, Record(6, name, 99), &answer),
         Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(StockCountRpcTest, CountsAreReadAndListedWithoutTheirLines) {
  const std::string name = Opened(1);
  v1::StockCount answer;
  ASSERT_EQ(Call(&Stub::CancelStockCount, manager_, Cancel(2, Opened(3)), &answer),
            absl::OkStatus());
  v1::GetStockCountRequest get;
  get.set_name(name);
  ASSERT_EQ(Call(&Stub::GetStockCount, nurse_, get, &answer), absl::OkStatus());
  EXPECT_THAT(answer.lines(), SizeIs(1));
  Expect(Call(&Stub::GetStockCount, desk_, get, &answer), Code::kPermissionDenied, "ROLE_REQUIRED");
  Expect(Call(&Stub::GetStockCount, elsewhere_, get, &answer), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  get.set_name("sites/par-1/stockCounts/" + Uuid(9));
  Expect(Call(&Stub::GetStockCount, nurse_, get, &answer), Code::kNotFound, "RESOURCE_NOT_FOUND");
  v1::ListStockCountsRequest list;
  v1::ListStockCountsResponse page;
  list.set_parent("sites/-");
  ASSERT_EQ(Call(&Stub::ListStockCounts, nurse_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.stock_counts(), SizeIs(2));
  EXPECT_THAT(page.stock_counts(0).lines(), SizeIs(0));
  list.set_filter("state = OPEN");
  ASSERT_EQ(Call(&Stub::ListStockCounts, nurse_, list, &page), absl::OkStatus());
  ASSERT_THAT(page.stock_counts(), SizeIs(1));
  EXPECT_EQ(page.stock_counts(0).name(), name);
  list.set_filter("creator = x");
  Expect(Call(&Stub::ListStockCounts, nurse_, list, &page), Code::kInvalidArgument,
         "FILTER_INVALID");
  list.clear_filter();
  list.set_page_token("x");
  Expect(Call(&Stub::ListStockCounts, nurse_, list, &page), Code::kInvalidArgument,
         "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace meso::inventory
