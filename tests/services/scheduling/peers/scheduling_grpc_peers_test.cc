#include "services/scheduling/peers/scheduling_grpc_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "tests/support/test_keys.h"

namespace meso::scheduling {
namespace {

namespace inventory = ::meso::inventory::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// An inventory that has one answer about kits.
class Kits final : public inventory::InventoryService::Service {
 public:
  grpc::Status CheckEmergencyKit(grpc::ServerContext*,
                                 const inventory::CheckEmergencyKitRequest* request,
                                 inventory::EmergencyKit* response) override {
    asked = request->site();
    *response = kit;
    return grpc::Status::OK;
  }

  void Add(const std::string& product, int64_t available, int64_t par) {
    inventory::EmergencyKitLine* line = kit.add_lines();
    line->set_product(product);
    line->set_available(available);
    line->set_par(par);
  }

  inventory::EmergencyKit kit;
  std::string asked;
};

class SchedulingGrpcPeersTest : public ::testing::Test {
 protected:
  SchedulingGrpcPeersTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&kits_);
    server_ = builder.BuildAndStart();
    PeerOptions options;
    options.service = "inventory";
    options.address = absl::StrCat("127.0.0.1:", port);
    options.service_token_file = keys_.ServiceTokenFile("scheduling");
    peer_ = std::make_unique<Peer>(options);
    peers_ = MakeGrpcPeers(*peer_, *peer_);
  }

  KitAnswer Ask() {
    const auto answer = peers_->CheckEmergencyKit(CallContext(), SiteName("sites/par-1"));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : KitAnswer();
  }

  TestKeys keys_;
  Kits kits_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<SchedulingPeers> peers_;
};

MATCHER_P3(IsShortage, product, available, par, "") {
  return arg.product == product && arg.available == available && arg.par == par;
}

TEST_F(SchedulingGrpcPeersTest, AKitBelowItsParIsThereAndSaysWhatItLacks) {
  kits_.kit.set_state(inventory::EmergencyKit::STATE_BELOW_PAR);
  kits_.Add("products/EMR-ADR", 3, 4);
  kits_.Add("products/EMR-HYD", 2, 2);
  const KitAnswer kit = Ask();
  EXPECT_EQ(kits_.asked, "sites/par-1");
  EXPECT_FALSE(kit.missing);
  EXPECT_THAT(kit.missing_products, IsEmpty());
  EXPECT_THAT(kit.below_par, ElementsAre(IsShortage("products/EMR-ADR", 3, 4)));
}

TEST_F(SchedulingGrpcPeersTest, AWholeKitLacksNothing) {
  kits_.kit.set_state(inventory::EmergencyKit::STATE_STOCKED);
  kits_.Add("products/EMR-ADR", 4, 4);
  const KitAnswer kit = Ask();
  EXPECT_FALSE(kit.missing);
  EXPECT_THAT(kit.missing_products, IsEmpty());
  EXPECT_THAT(kit.below_par, IsEmpty());
}

TEST_F(SchedulingGrpcPeersTest, AMissingKitAndOneNobodyKnowsAreNotThere) {
  kits_.kit.set_state(inventory::EmergencyKit::STATE_MISSING);
  kits_.Add("products/EMR-ADR", 0, 4);
  kits_.Add("products/EMR-HYD", 1, 2);
  const KitAnswer kit = Ask();
  EXPECT_TRUE(kit.missing);
  EXPECT_THAT(kit.missing_products, ElementsAre("products/EMR-ADR"));
  EXPECT_THAT(kit.below_par, ElementsAre(IsShortage("products/EMR-HYD", 1, 2)));
  kits_.kit.clear_lines();
  kits_.kit.set_state(inventory::EmergencyKit::STATE_UNSPECIFIED);
  EXPECT_TRUE(Ask().missing);
}

}  // namespace
}  // namespace meso::scheduling
