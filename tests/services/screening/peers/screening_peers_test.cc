// What screening reads from a cocktail as inventory sends it, over a real connection.
#include "services/screening/peers/screening_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/rpc/channel.h"
#include "generated/screening_migrations.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "tests/support/test_server.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;

class OneCocktail final : public inventory::v1::InventoryService::Service {
 public:
  grpc::Status GetCocktail(grpc::ServerContext*, const inventory::v1::GetCocktailRequest* request,
                           inventory::v1::Cocktail* response) override {
    *response = cocktail;
    response->set_name(request->name());
    return grpc::Status::OK;
  }

  inventory::v1::Cocktail cocktail;
};

class ScreeningPeersTest : public testing::Test {
 protected:
  ScreeningPeersTest() { server_.Serve({&inventory_}); }
  ~ScreeningPeersTest() override { server_.Stop(); }

  FetchedCocktail Fetch(const std::vector<std::vector<std::string>>& tags_of_lines) {
    inventory_.cocktail.Clear();
    inventory_.cocktail.set_state(inventory::v1::Cocktail::STATE_PUBLISHED);
    for (const std::vector<std::string>& tags : tags_of_lines) {
      inventory_.cocktail.add_lines()->mutable_tags()->Assign(tags.begin(), tags.end());
    }
    PeerOptions options;
    options.service = "inventory";
    options.address = server_.address();
    options.service_token_file = server_.keys().ServiceTokenFile("screening");
    const Peer peer(options);
    const auto peers = MakeScreeningPeers(peer, nullptr);
    const absl::StatusOr<FetchedCocktail> fetched =
        peers->GetCocktail(CallContext(), CocktailRevisionName("cocktails/C-01/revisions/r1"));
    EXPECT_TRUE(fetched.ok()) << fetched.status();
    return fetched.ok() ? *fetched : FetchedCocktail();
  }

  OneCocktail inventory_;
  TestServer server_{"screening", ScreeningMigrations()};
};

TEST_F(ScreeningPeersTest, ACocktailHasTheTagsOfAllItsProducts) {
  const FetchedCocktail fetched = Fetch({{"soy", "egg"}, {"egg", "salmon"}});
  EXPECT_TRUE(fetched.published);
  EXPECT_FALSE(fetched.cocktail.undeclared);
  ASSERT_TRUE(fetched.cocktail.tags.has_value());
  EXPECT_THAT(*fetched.cocktail.tags, ElementsAre("egg", "salmon", "soy"));
}

TEST_F(ScreeningPeersTest, OneProductWithoutTagsMakesAllOfItUnknown) {
  for (const std::vector<std::vector<std::string>>& lines :
       std::vector<std::vector<std::vector<std::string>>>{{}, {{}}, {{"soy"}, {}}, {{}, {"soy"}}}) {
    const FetchedCocktail fetched = Fetch(lines);
    EXPECT_TRUE(fetched.published);
    EXPECT_TRUE(fetched.cocktail.undeclared) << lines.size();
    EXPECT_FALSE(fetched.cocktail.tags.has_value()) << lines.size();
  }
}

}  // namespace
}  // namespace meso::screening
