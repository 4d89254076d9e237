// A real server of inventory, for tests over the wire. RpcServerFixture is the server with the
// sites it knows and callers of several roles; RpcFixture adds a product with one lot, and what
// every single RPC is asked for: each bad field with its reason, the same request twice, other
// roles.
//
// Request ids are Uuid(n); 900 to 903 are used here. Not thread-safe but for Call.
#ifndef MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/rpc/inventory_service.h"
#include "tests/support/test_server.h"

namespace meso::inventory {

// Scheduling is down: only what was told before is known.
class NoPeers final : public InventoryPeers {
 public:
  absl::Status CatchUpWithScheduling(absl::Time) override { return absl::UnavailableError("down"); }
};

class RpcServerFixture : public ::testing::Test {
 protected:
  using Stub = v1::InventoryService::Stub;
  using Code = absl::StatusCode;

  static std::string Uuid(int n) { return absl::StrFormat("44444444-0000-4000-8000-%012d", n); }
  static std::string Appointment(int n) {
    return absl::StrCat("sites/par-1/appointments/", Uuid(n));
  }
  static Site Paris() { return {SiteName("sites/par-1"), "Europe/Paris", "FR", 1}; }
  static Site Sydney() { return {SiteName("sites/syd-1"), "Australia/Sydney", "AU", 1}; }

  // Serves at once. The peers are the fixture's because they must outlive its server.
  explicit RpcServerFixture(const std::vector<Site>& known_sites = {Paris()},
                            std::unique_ptr<InventoryPeers> peers = std::make_unique<NoPeers>())
      : peers_(std::move(peers)),
        server_("inventory", InventoryMigrations()),
        operations_(server_.clock(), server_.ids(), nullptr),
        sites_(server_.database(), server_.clock(), *peers_),
        service_(server_.calls(), operations_, sites_) {
    for (const Site& site : known_sites) EXPECT_EQ(TellSite(site), absl::OkStatus());
    server_.Serve({&service_});
    stub_ = v1::InventoryService::NewStub(server_.channel());
  }
  ~RpcServerFixture() override { server_.Stop(); }

  // What scheduling's event of this site does.
  absl::Status TellSite(const Site& site) {
    return server_.database().Transact(
        [&](Transaction& tx) { return operations_.SaveSiteChange(tx, CallContext(), site); });
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return server_.Call(*stub_, method, token, request, response);
  }
  static void Expect(const absl::Status& status, Code code, const std::string& reason,
                     const std::string& what = "") {
    EXPECT_EQ(status.code(), code) << what << status;
    EXPECT_EQ(ReasonOf(status), reason) << what << status;
  }
  static std::vector<std::string> Fields(const absl::Status& status) {
    std::vector<std::string> fields;
    for (const Violation& violation : DetailsOf(status).violations) {
      fields.push_back(violation.subject);
    }
    return fields;
  }
  // Refused for these fields and no other.
  static void ExpectNaming(const absl::Status& status, Code code, const std::string& reason,
                           const std::vector<std::string>& fields) {
    Expect(status, code, reason);
    EXPECT_THAT(Fields(status), ::testing::UnorderedElementsAreArray(fields)) << status;
  }

  // Ampoules of 2 ml in packs of ten.
  static v1::UpdateProductRequest ProductRequest(const std::string& code, const std::string& gtin,
                                                 int n) {
    v1::UpdateProductRequest request;
    v1::Product& product = *request.mutable_product();
    product.set_name("products/" + code);
    product.set_display_name(code);
    product.set_gtin(gtin);
    product.add_tags("vitamin_c");
    product.set_container_kind(v1::CONTAINER_KIND_AMPOULE);
    product.set_unit_microlitres(2000);
    product.set_units_per_pack(10);
    request.set_allow_missing(true);
    request.set_request_id(Uuid(n));
    return request;
  }
  // products/A, as ProductRequest has it but for what `shape` changes.
  void MakeProduct(const std::function<void(v1::Product&)>& shape = [](v1::Product&) {}) {
    v1::UpdateProductRequest request = ProductRequest("A", "09521234000112", 900);
    shape(*request.mutable_product());
    v1::Product made;
    EXPECT_EQ(Call(&Stub::UpdateProduct, chain_manager_, request, &made), absl::OkStatus());
  }
  // The recipe cocktails/C-01/revisions/r1, of so many ampoules of products/A.
  void PublishCocktail(int64_t ampoules) {
    v1::CreateCocktailRequest create;
    create.set_cocktail_id("C-01");
    create.mutable_cocktail()->set_display_name("Glow");
    create.mutable_cocktail()->add_lines()->set_product("products/A");
    create.mutable_cocktail()->mutable_lines(0)->set_ampoules(ampoules);
    create.set_request_id(Uuid(901));
    v1::Cocktail cocktail;
    EXPECT_EQ(Call(&Stub::CreateCocktail, director_, create, &cocktail), absl::OkStatus());
    v1::PublishCocktailRequest publish;
    publish.set_name(cocktail.name());
    publish.set_etag(cocktail.etag());
    publish.set_request_id(Uuid(902));
    EXPECT_EQ(Call(&Stub::PublishCocktail, director_, publish, &cocktail), absl::OkStatus());
  }
  // Lot A1 of products/A, which arrives at par-1.
  static v1::ReceiveStockRequest Receipt(int n, int64_t ampoules) {
    v1::ReceiveStockRequest request;
    request.set_site("sites/par-1");
    request.set_product("products/A");
    request.set_lot_number("A1");
    request.set_expiry_date("2027-06-30");
    request.set_ampoules(ampoules);
    request.set_document("DN-1");
    request.set_request_id(Uuid(n));
    return request;
  }
  // The name of the lot.
  std::string ReceiveStock(const v1::ReceiveStockRequest& request) {
    v1::ReceiveStockResponse received;
    EXPECT_EQ(Call(&Stub::ReceiveStock, manager_, request, &received), absl::OkStatus());
    return received.lot().name();
  }

  const std::unique_ptr<InventoryPeers> peers_;
  TestServer server_;
  InventoryOperations operations_;
  KnownSites sites_;
  InventoryService service_;
  std::unique_ptr<Stub> stub_;
  const std::string manager_ = server_.keys().Token("users/m", {"inventory_manager@par-1"});
  const std::string chain_manager_ = server_.keys().Token("users/c", {"inventory_manager@*"});
  const std::string elsewhere_ = server_.keys().Token("users/o", {"inventory_manager@syd-1"});
  const std::string director_ = server_.keys().Token("users/director", {"medical_director@*"});
  const std::string nurse_ = server_.keys().Token("users/n", {"practitioner@par-1"});
  const std::string desk_ = server_.keys().Token("users/d", {"front_desk@par-1"});
};

class RpcFixture : public RpcServerFixture {
 protected:
  // One product, products/A, made as `shape` says, and 20 units of its lot A1 at par-1.
  explicit RpcFixture(const std::function<void(v1::Product&)>& shape = [](v1::Product&) {}) {
    MakeProduct(shape);
    v1::ReceiveStockRequest receipt = Receipt(903, 20);
    receipt.set_second_reader("users/second");
    lot_ = ReceiveStock(receipt);
  }

  // Each change spoils a good request in one field and is refused for it.
  template <typename Request, typename Response>
  void ExpectFields(
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const std::string& token, const Request& good,
      const std::vector<std::tuple<std::string, std::string, std::function<void(Request&)>>>& bad) {
    for (const auto& [field, reason, spoil] : bad) {
      Request request = good;
      spoil(request);
      Response response;
      const absl::Status status = Call(method, token, request, &response);
      Expect(status, absl::StatusCode::kInvalidArgument, reason);
      EXPECT_THAT(Fields(status), ::testing::Contains(field)) << status;
    }
  }
  // The same twice has one answer, another body under the id none; other roles and sites none.
  template <typename Request, typename Response>
  Response ExpectOnce(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const std::string& token, const Request& request, const Request& other,
                      const std::string& wrong_role) {
    Response first, again;
    EXPECT_EQ(Call(method, token, request, &first), absl::OkStatus());
    EXPECT_EQ(Call(method, token, request, &again), absl::OkStatus());
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(first, again))
        << first.DebugString();
    Expect(Call(method, token, other, &again), absl::StatusCode::kAlreadyExists,
           "REQUEST_ID_REUSED");
    Expect(Call(method, wrong_role, request, &again), absl::StatusCode::kPermissionDenied,
           "ROLE_REQUIRED");
    return first;
  }

  std::string lot_;
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_
