// Planning as a client sees it: fields, names, rights, repetitions, pages.
#include "tests/services/inventory/rpc/rpc_fixture.h"

namespace meso::inventory {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;

class PlanningRpcTest : public RpcServerFixture {
 protected:
  // One product, its recipe, and 4 ampoules of it that expire 2027-01-31.
  PlanningRpcTest() {
    MakeProduct([](v1::Product& product) { product.set_display_name("Alpha"); });
    PublishCocktail(2);
    v1::ReceiveStockRequest receipt = Receipt(903, 4);
    receipt.set_expiry_date("2027-01-31");
    ReceiveStock(receipt);
  }

  v1::PromiseStockRequest Ask(int days, int sessions = 0) {
    v1::PromiseStockRequest request;
    request.set_site("sites/par-1");
    request.set_cocktail("cocktails/C-01/revisions/r1");
    request.mutable_use_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now()) +
                                            days * 86400);
    request.set_sessions(sessions);
    return request;
  }
  static v1::UpdateParLevelRequest Par(int n, int64_t par) {
    v1::UpdateParLevelRequest request;
    request.mutable_par_level()->set_name("sites/par-1/parLevels/A");
    request.mutable_par_level()->set_par_ampoules(par);
    request.set_allow_missing(true);
    request.set_request_id(Uuid(n));
    return request;
  }

  const std::string sydney_ =
      server_.keys().Token("users/other", {"front_desk@syd-1", "inventory_manager@syd-1"});
};

TEST_F(PlanningRpcTest, APromiseTellsLotsAndWhatIsMissing) {
  v1::StockPromise promise;
  ASSERT_EQ(Call(&Stub::PromiseStock, desk_, Ask(60), &promise), absl::OkStatus());
  EXPECT_TRUE(promise.possible());
  EXPECT_EQ(promise.use_date(), "2027-01-19");
  ASSERT_EQ(promise.products_size(), 1);
  EXPECT_EQ(promise.products(0).needed_ampoules(), 2);
  ASSERT_EQ(promise.products(0).lots_size(), 1);
  EXPECT_EQ(promise.products(0).lots(0).lot_number(), "A1");
  EXPECT_EQ(promise.products(0).lots(0).expiry_date(), "2027-01-31");
  EXPECT_EQ(promise.products(0).lots(0).ampoules(), 2);
  EXPECT_EQ(promise.products(0).lots(0).skipped_ampoules(), 2);
  EXPECT_EQ(promise.as_of().source(), "inventory");
  ASSERT_EQ(Call(&Stub::PromiseStock, desk_, Ask(60, 3), &promise), absl::OkStatus());
  EXPECT_FALSE(promise.possible());
  EXPECT_EQ(promise.products(0).short_ampoules(), 2);
  ASSERT_EQ(Call(&Stub::PromiseStock, desk_, Ask(90), &promise), absl::OkStatus());
  EXPECT_FALSE(promise.possible());
  EXPECT_THAT(promise.products(0).lots(0).reasons(), ElementsAre("LOT_EXPIRED"));
}

TEST_F(PlanningRpcTest, EveryBadFieldOfAPromiseIsNamed) {
  v1::StockPromise promise;
  ExpectNaming(Call(&Stub::PromiseStock, desk_, v1::PromiseStockRequest(), &promise),
               Code::kInvalidArgument, "FIELD_REQUIRED", {"site", "cocktail", "use_time"});
  v1::PromiseStockRequest bad = Ask(1, 101);
  bad.set_cocktail("C-01");
  bad.mutable_use_time()->set_nanos(-1);
  ExpectNaming(Call(&Stub::PromiseStock, desk_, bad, &promise), Code::kInvalidArgument,
               "FIELD_INVALID", {"cocktail", "use_time", "sessions"});
  ExpectNaming(Call(&Stub::PromiseStock, desk_, Ask(1, -1), &promise), Code::kInvalidArgument,
               "FIELD_INVALID", {"sessions"});
  ExpectNaming(Call(&Stub::PromiseStock, desk_, Ask(-2), &promise), Code::kInvalidArgument,
               "FIELD_INVALID", {"use_time"});
  ExpectNaming(Call(&Stub::PromiseStock, desk_, Ask(402), &promise), Code::kInvalidArgument,
               "FIELD_INVALID", {"use_time"});
  v1::PromiseStockRequest unknown = Ask(1);
  unknown.set_cocktail("cocktails/C-01/revisions/r2");
  Expect(Call(&Stub::PromiseStock, desk_, unknown, &promise), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(PlanningRpcTest, ADraftIsNoPublishedRecipe) {
  v1::CreateCocktailRequest create;
  create.set_cocktail_id("C-01");
  create.mutable_cocktail()->set_display_name("Glow 2");
  create.mutable_cocktail()->add_lines()->set_product("products/A");
  create.mutable_cocktail()->mutable_lines(0)->set_ampoules(1);
  create.set_request_id(Uuid(1));
  v1::Cocktail draft;
  ASSERT_EQ(Call(&Stub::CreateCocktail, director_, create, &draft), absl::OkStatus());
  v1::PromiseStockRequest request = Ask(1);
  request.set_cocktail(draft.name());
  v1::StockPromise promise;
  Expect(Call(&Stub::PromiseStock, desk_, request, &promise), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(PlanningRpcTest, RolesAndSitesDecideWhoMay) {
  v1::StockPromise promise;
  Expect(Call(&Stub::PromiseStock, sydney_, Ask(1), &promise), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::PromiseStockRequest nowhere = Ask(1);
  nowhere.set_site("sites/nowhere");
  Expect(Call(&Stub::PromiseStock, chain_manager_, nowhere, &promise), Code::kUnavailable,
         "DEPENDENCY_DOWN");
  v1::ParLevel par;
  Expect(Call(&Stub::UpdateParLevel, desk_, Par(1, 5), &par), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  Expect(Call(&Stub::UpdateParLevel, sydney_, Par(2, 5), &par), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  v1::ListExpiringRequest expiring;
  expiring.set_parent("sites/par-1");
  v1::ListExpiringResponse lines;
  Expect(Call(&Stub::ListExpiring, sydney_, expiring, &lines), Code::kPermissionDenied,
         "SITE_FORBIDDEN");
  expiring.set_parent("sites/-");
  ASSERT_EQ(Call(&Stub::ListExpiring, sydney_, expiring, &lines), absl::OkStatus());
  EXPECT_EQ(lines.lines_size(), 0);
}

TEST_F(PlanningRpcTest, AParLevelIsChangedOncePerRequestId) {
  v1::ParLevel first;
  ASSERT_EQ(Call(&Stub::UpdateParLevel, chain_manager_, Par(1, 20), &first), absl::OkStatus());
  EXPECT_EQ(first.lead_time_days(), 7);
  EXPECT_EQ(first.service_level_permille(), 950);
  EXPECT_EQ(first.revision(), 1);
  v1::ParLevel again;
  ASSERT_EQ(Call(&Stub::UpdateParLevel, chain_manager_, Par(1, 20), &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(first, again));
  Expect(Call(&Stub::UpdateParLevel, chain_manager_, Par(1, 21), &again), Code::kAlreadyExists,
         "REQUEST_ID_REUSED");
  v1::UpdateParLevelRequest none = Par(2, 0);
  none.mutable_par_level()->set_etag(first.etag());
  ASSERT_EQ(Call(&Stub::UpdateParLevel, chain_manager_, none, &again), absl::OkStatus());
  EXPECT_EQ(again.par_ampoules(), 0);
  none.set_request_id(Uuid(3));
  Expect(Call(&Stub::UpdateParLevel, chain_manager_, none, &again), Code::kAborted,
         "ETAG_MISMATCH");
  v1::ListParLevelsRequest list;
  list.set_parent("sites/-");
  v1::ListParLevelsResponse listed;
  ASSERT_EQ(Call(&Stub::ListParLevels, desk_, list, &listed), absl::OkStatus());
  ASSERT_EQ(listed.par_levels_size(), 1);
  EXPECT_EQ(listed.par_levels(0).revision(), 2);
}

TEST_F(PlanningRpcTest, EveryBadFieldOfAParLevelIsNamed) {
  v1::ParLevel par;
  ExpectNaming(Call(&Stub::UpdateParLevel, chain_manager_, v1::UpdateParLevelRequest(), &par),
               Code::kInvalidArgument, "FIELD_REQUIRED", {"par_level", "request_id"});
  v1::UpdateParLevelRequest bad = Par(1, -1);
  bad.mutable_par_level()->set_name("sites/par-1/parLevels/a b");
  bad.mutable_par_level()->set_reorder_point_ampoules(1000001);
  bad.mutable_par_level()->set_lead_time_days(366);
  bad.mutable_par_level()->set_service_level_permille(951);
  ExpectNaming(Call(&Stub::UpdateParLevel, chain_manager_, bad, &par), Code::kInvalidArgument,
               "FIELD_INVALID",
               {"par_level.name", "par_level.par_ampoules", "par_level.reorder_point_ampoules",
                "par_level.lead_time_days", "par_level.service_level_permille"});
  v1::UpdateParLevelRequest unknown = Par(2, 5);
  unknown.mutable_par_level()->set_name("sites/par-1/parLevels/NONE");
  Expect(Call(&Stub::UpdateParLevel, chain_manager_, unknown, &par), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  v1::UpdateParLevelRequest missing = Par(3, 5);
  missing.set_allow_missing(false);
  Expect(Call(&Stub::UpdateParLevel, chain_manager_, missing, &par), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
}

TEST_F(PlanningRpcTest, ListsRefuseMalformedParentsFiltersAndTokens) {
  const auto refuse = [&](auto method, auto request, auto response) {
    request.set_parent("par-1");
    ExpectNaming(Call(method, chain_manager_, request, &response), Code::kInvalidArgument,
                 "FIELD_INVALID", {"parent"});
    request.set_parent("sites/par-1");
    request.set_page_size(-1);
    ExpectNaming(Call(method, chain_manager_, request, &response), Code::kInvalidArgument,
                 "FIELD_INVALID", {"page_size"});
    request.set_page_size(0);
    request.set_filter("lot = \"lots/1\"");
    Expect(Call(method, chain_manager_, request, &response), Code::kInvalidArgument,
           "FILTER_INVALID");
    request.clear_filter();
    request.set_page_token("nonsense");
    Expect(Call(method, chain_manager_, request, &response), Code::kInvalidArgument,
           "PAGE_TOKEN_INVALID");
  };
  refuse(&Stub::ListParLevels, v1::ListParLevelsRequest(), v1::ListParLevelsResponse());
  refuse(&Stub::ListReorderSuggestions, v1::ListReorderSuggestionsRequest(),
         v1::ListReorderSuggestionsResponse());
  refuse(&Stub::ListExpiring, v1::ListExpiringRequest(), v1::ListExpiringResponse());
  v1::ListStockLevelsRequest products;
  products.set_view(v1::ListStockLevelsRequest::VIEW_PRODUCTS);
  refuse(&Stub::ListStockLevels, products, v1::ListStockLevelsResponse());
  v1::ListReorderSuggestionsRequest due;
  due.set_parent("sites/-");
  due.set_filter("due = perhaps");
  v1::ListReorderSuggestionsResponse suggestions;
  Expect(Call(&Stub::ListReorderSuggestions, chain_manager_, due, &suggestions),
         Code::kInvalidArgument, "FILTER_INVALID");
  v1::ListExpiringRequest expiring;
  expiring.set_parent("sites/-");
  expiring.set_within_days(401);
  v1::ListExpiringResponse lines;
  ExpectNaming(Call(&Stub::ListExpiring, chain_manager_, expiring, &lines), Code::kInvalidArgument,
               "FIELD_INVALID", {"within_days"});
  v1::ListStockLevelsRequest view;
  view.set_parent("sites/-");
  view.set_view(static_cast<v1::ListStockLevelsRequest::View>(9));
  v1::ListStockLevelsResponse levels;
  ExpectNaming(Call(&Stub::ListStockLevels, chain_manager_, view, &levels), Code::kInvalidArgument,
               "FIELD_INVALID", {"view"});
}

TEST_F(PlanningRpcTest, TheViewsOfStockLevelsShowShelvesOrProducts) {
  v1::ParLevel par;
  ASSERT_EQ(Call(&Stub::UpdateParLevel, chain_manager_, Par(1, 20), &par), absl::OkStatus());
  v1::ListStockLevelsRequest request;
  request.set_parent("sites/par-1");
  v1::ListStockLevelsResponse levels;
  ASSERT_EQ(Call(&Stub::ListStockLevels, desk_, request, &levels), absl::OkStatus());
  EXPECT_EQ(levels.stock_levels_size(), 1);
  EXPECT_EQ(levels.product_levels_size(), 0);
  request.set_view(v1::ListStockLevelsRequest::VIEW_PRODUCTS);
  ASSERT_EQ(Call(&Stub::ListStockLevels, desk_, request, &levels), absl::OkStatus());
  EXPECT_EQ(levels.stock_levels_size(), 0);
  ASSERT_EQ(levels.product_levels_size(), 1);
  const v1::ProductLevel& a = levels.product_levels(0);
  EXPECT_EQ(a.display_name(), "Alpha");
  EXPECT_EQ(a.on_hand(), 4);
  EXPECT_EQ(a.available(), 4);
  EXPECT_EQ(a.par(), 20);
  EXPECT_EQ(a.days_of_cover_tenths(), -1);
  EXPECT_EQ(a.next_expiry_date(), "2027-01-31");
  EXPECT_EQ(levels.as_of().source(), "inventory");
}

TEST_F(PlanningRpcTest, SuggestionsAndExpiringCarryTheirNumbers) {
  v1::UpdateParLevelRequest update = Par(1, 20);
  update.mutable_par_level()->set_reorder_point_ampoules(4);
  v1::ParLevel par;
  ASSERT_EQ(Call(&Stub::UpdateParLevel, chain_manager_, update, &par), absl::OkStatus());
  v1::ListReorderSuggestionsRequest reorder;
  reorder.set_parent("sites/par-1");
  reorder.set_filter("due = true");
  v1::ListReorderSuggestionsResponse suggestions;
  ASSERT_EQ(Call(&Stub::ListReorderSuggestions, desk_, reorder, &suggestions), absl::OkStatus());
  ASSERT_EQ(suggestions.suggestions_size(), 1);
  const v1::ReorderSuggestion& a = suggestions.suggestions(0);
  EXPECT_EQ(a.site(), "sites/par-1");
  EXPECT_EQ(a.product(), "products/A");
  EXPECT_EQ(a.available_ampoules(), 4);
  EXPECT_EQ(a.reorder_point_ampoules(), 4);
  EXPECT_EQ(a.par_ampoules(), 20);
  EXPECT_EQ(a.suggested_packs(), 2);
  EXPECT_EQ(a.suggested_ampoules(), 20);
  EXPECT_TRUE(a.due());
  v1::ListExpiringRequest request;
  request.set_parent("sites/par-1");
  v1::ListExpiringResponse lines;
  ASSERT_EQ(Call(&Stub::ListExpiring, desk_, request, &lines), absl::OkStatus());
  ASSERT_EQ(lines.lines_size(), 1);
  EXPECT_EQ(lines.lines(0).stock_level().lot_number(), "A1");
  EXPECT_EQ(lines.lines(0).removal_date(), "2027-02-01");
  EXPECT_EQ(lines.lines(0).days_left(), 73);
  EXPECT_EQ(lines.lines(0).projected_waste_ampoules(), 4) << "nothing was used yet";
  request.set_within_days(72);
  ASSERT_EQ(Call(&Stub::ListExpiring, desk_, request, &lines), absl::OkStatus());
  EXPECT_EQ(lines.lines_size(), 0);
}

TEST_F(PlanningRpcTest, AReservationFarAheadShowsWhatItWasPromised) {
  v1::ReserveStockRequest reserve;
  reserve.set_reservation_id(Uuid(50));
  reserve.set_site("sites/par-1");
  reserve.set_cocktail("cocktails/C-01/revisions/r1");
  *reserve.mutable_use_time() = Ask(60).use_time();
  reserve.set_request_id(Uuid(50));
  v1::Reservation promised;
  ASSERT_EQ(Call(&Stub::ReserveStock, desk_, reserve, &promised), absl::OkStatus());
  EXPECT_EQ(promised.state(), v1::Reservation::STATE_PROMISED);
  EXPECT_EQ(promised.allocations_size(), 0);
  ASSERT_EQ(promised.promised_size(), 1);
  EXPECT_EQ(promised.promised(0).product(), "products/A");
  EXPECT_EQ(promised.promised(0).ampoules(), 2);
  v1::Reservation again;
  ASSERT_EQ(Call(&Stub::ReserveStock, desk_, reserve, &again), absl::OkStatus());
  EXPECT_TRUE(MessageDifferencer::Equals(promised, again));
  *reserve.mutable_use_time() = Ask(402).use_time();
  reserve.set_reservation_id(Uuid(51));
  reserve.set_request_id(Uuid(51));
  const absl::Status far = Call(&Stub::ReserveStock, desk_, reserve, &again);
  Expect(far, Code::kFailedPrecondition, "STOCK_NOT_AVAILABLE");
  EXPECT_EQ(DetailsOf(far).metadata.at("cause"), "BEYOND_HORIZON");
  v1::ListReservationsRequest list;
  list.set_parent("sites/par-1");
  list.set_filter("state = PROMISED");
  v1::ListReservationsResponse reservations;
  ASSERT_EQ(Call(&Stub::ListReservations, desk_, list, &reservations), absl::OkStatus());
  ASSERT_EQ(reservations.reservations_size(), 1);
  EXPECT_EQ(reservations.reservations(0).promised_size(), 1);
}

}  // namespace
}  // namespace meso::inventory
