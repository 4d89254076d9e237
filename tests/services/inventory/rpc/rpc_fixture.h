// A real server with one product, one lot and callers of several roles, for tests of single RPCs:
// every bad field with its reason, the same request twice, other roles.
//
// Request ids are Uuid(n); 900 and 901 are used. Not thread-safe.
#ifndef MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
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

class RpcFixture : public ::testing::Test {
 protected:
  using Stub = v1::InventoryService::Stub;
  using Code = absl::StatusCode;

  static std::string Uuid(int n) { return absl::StrFormat("44444444-0000-4000-8000-%012d", n); }
  static std::string Appointment(int n) {
    return absl::StrCat("sites/par-1/appointments/", Uuid(n));
  }

  // One product, products/A, made as `shape` says, and 20 units of its lot A1 at par-1.
  explicit RpcFixture(const std::function<void(v1::Product&)>& shape)
      : server_("inventory", InventoryMigrations()),
        operations_(server_.clock(), server_.ids(), nullptr),
        sites_(server_.database(), server_.clock(), peers_),
        service_(server_.calls(), operations_, sites_) {
    EXPECT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) {
                      return operations_.SaveSiteChange(
                          tx, CallContext(), {SiteName("sites/par-1"), "Europe/Paris", "FR", 1});
                    })
                    .ok());
    server_.Serve({&service_});
    stub_ = v1::InventoryService::NewStub(server_.channel());
    v1::UpdateProductRequest product;
    product.mutable_product()->set_name("products/A");
    product.mutable_product()->set_display_name("A");
    product.mutable_product()->set_gtin("09521234000112");
    product.mutable_product()->add_tags("vitamin_c");
    product.mutable_product()->set_units_per_pack(10);
    shape(*product.mutable_product());
    product.set_allow_missing(true);
    product.set_request_id(Uuid(900));
    v1::Product made;
    EXPECT_EQ(Call(&Stub::UpdateProduct, chain_manager_, product, &made), absl::OkStatus());
    v1::ReceiveStockRequest receive;
    receive.set_site("sites/par-1");
    receive.set_product("products/A");
    receive.set_lot_number("A1");
    receive.set_expiry_date("2027-06-30");
    receive.set_ampoules(20);
    receive.set_document("DN-1");
    receive.set_second_reader("users/second");
    receive.set_request_id(Uuid(901));
    v1::ReceiveStockResponse received;
    EXPECT_EQ(Call(&Stub::ReceiveStock, manager_, receive, &received), absl::OkStatus());
    lot_ = received.lot().name();
  }
  ~RpcFixture() override { server_.Stop(); }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return server_.Call(*stub_, method, token, request, response);
  }
  static void Expect(const absl::Status& status, absl::StatusCode code, const std::string& reason) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
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
      std::vector<std::string> fields;
      for (const Violation& violation : DetailsOf(status).violations) {
        fields.push_back(violation.subject);
      }
      EXPECT_THAT(fields, ::testing::Contains(field)) << status;
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

  NoPeers peers_;
  TestServer server_;
  InventoryOperations operations_;
  KnownSites sites_;
  InventoryService service_;
  std::unique_ptr<Stub> stub_;
  std::string lot_;
  const std::string manager_ = server_.keys().Token("users/m", {"inventory_manager@par-1"});
  const std::string chain_manager_ = server_.keys().Token("users/c", {"inventory_manager@*"});
  const std::string elsewhere_ = server_.keys().Token("users/o", {"inventory_manager@syd-1"});
  const std::string nurse_ = server_.keys().Token("users/n", {"practitioner@par-1"});
  const std::string desk_ = server_.keys().Token("users/d", {"front_desk@par-1"});
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_RPC_RPC_FIXTURE_H_
