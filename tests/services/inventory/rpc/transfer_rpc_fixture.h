// A server of inventory with two sites and stock, for tests of the transfers' calls over the wire.
// Not thread-safe.
#ifndef MESO_TESTS_SERVICES_INVENTORY_RPC_TRANSFER_RPC_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_RPC_TRANSFER_RPC_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/rpc/inventory_service.h"
#include "tests/support/test_server.h"

namespace meso::inventory {

inline std::string Uuid(int n) { return absl::StrFormat("44444444-0000-4000-8000-%012d", n); }

class NoPeers final : public InventoryPeers {
 public:
  absl::Status CatchUpWithScheduling(absl::Time) override { return absl::UnavailableError("down"); }
};

class TransferRpcTest : public ::testing::Test {
 protected:
  using Stub = v1::InventoryService::Stub;

  TransferRpcTest()
      : server_("inventory", InventoryMigrations()),
        operations_(server_.clock(), server_.ids(), nullptr),
        sites_(server_.database(), server_.clock(), peers_),
        service_(server_.calls(), operations_, sites_) {
    const Site known[] = {{SiteName("sites/par-1"), "Europe/Paris", "FR", 1},
                          {SiteName("sites/syd-1"), "Australia/Sydney", "AU", 1}};
    for (const Site& site : known) {
      EXPECT_TRUE(server_.database()
                      .Transact([&](Transaction& tx) {
                        return operations_.SaveSiteChange(tx, CallContext(), site);
                      })
                      .ok());
    }
    server_.Serve({&service_});
    stub_ = v1::InventoryService::NewStub(server_.channel());
    v1::UpdateProductRequest product;
    product.mutable_product()->set_name("products/A");
    product.mutable_product()->set_display_name("A");
    product.mutable_product()->set_gtin("09521234000112");
    product.mutable_product()->add_tags("vitamin_c");
    product.mutable_product()->set_container_kind(v1::CONTAINER_KIND_AMPOULE);
    product.mutable_product()->set_unit_microlitres(2000);
    product.mutable_product()->set_units_per_pack(10);
    product.set_allow_missing(true);
    product.set_request_id(Uuid(900));
    v1::Product made;
    EXPECT_EQ(Call(&Stub::UpdateProduct, chain_, product, &made), absl::OkStatus());
    v1::ReceiveStockRequest receive;
    receive.set_site("sites/par-1");
    receive.set_product("products/A");
    receive.set_lot_number("A1");
    receive.set_expiry_date("2027-06-30");
    receive.set_ampoules(20);
    receive.set_document("DN-1");
    receive.set_request_id(Uuid(901));
    v1::ReceiveStockResponse received;
    EXPECT_EQ(Call(&Stub::ReceiveStock, chain_, receive, &received), absl::OkStatus());
    lot_ = received.lot().name();
  }
  ~TransferRpcTest() override { server_.Stop(); }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return server_.Call(*stub_, method, token, request, response);
  }
  static void Expect(const absl::Status& status, absl::StatusCode code, const std::string& reason,
                     const std::string& what = "") {
    EXPECT_EQ(status.code(), code) << what << status;
    EXPECT_EQ(ReasonOf(status), reason) << what << status;
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

  NoPeers peers_;
  TestServer server_;
  InventoryOperations operations_;
  KnownSites sites_;
  InventoryService service_;
  std::unique_ptr<Stub> stub_;
  std::string lot_;
  const std::string sender_ = server_.keys().Token("users/s", {"inventory_manager@par-1"});
  const std::string receiver_ = server_.keys().Token("users/r", {"inventory_manager@syd-1"});
  const std::string second_ = server_.keys().Token("users/2", {"inventory_manager@syd-1"});
  const std::string chain_ = server_.keys().Token("users/c", {"inventory_manager@*"});
  const std::string elsewhere_ = server_.keys().Token("users/o", {"inventory_manager@rom-1"});
  const std::string nurse_ = server_.keys().Token("users/n", {"practitioner@par-1"});
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_RPC_TRANSFER_RPC_FIXTURE_H_
