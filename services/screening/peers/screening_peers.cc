#include "services/screening/peers/screening_peers.h"

#include <set>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"

namespace meso::screening {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(2);

class GrpcScreeningPeers final : public ScreeningPeers {
 public:
  GrpcScreeningPeers(const Peer& inventory, CatchUpFunction catch_up)
      : inventory_(inventory),
        stub_(inventory::v1::InventoryService::NewStub(inventory.channel())),
        catch_up_(std::move(catch_up)) {}

  absl::StatusOr<FetchedCocktail> GetCocktail(const CallContext& call,
                                              const CocktailRevisionName& name) override {
    inventory::v1::GetCocktailRequest request;
    request.set_name(name.value());
    inventory::v1::Cocktail response;
    MESO_RETURN_IF_ERROR(CallPeer(inventory_, *stub_,
                                  &inventory::v1::InventoryService::Stub::GetCocktail, call,
                                  kTimeout, request, &response));
    FetchedCocktail fetched;
    fetched.cocktail.name = name;
    fetched.cocktail.title = response.display_name();
    std::set<std::string> tags;
    // A product without any tag has not been declared: what the cocktail holds is then unknown,
    // which is another thing than nothing.
    fetched.cocktail.undeclared = response.lines().empty();
    for (const inventory::v1::CocktailLine& line : response.lines()) {
      if (line.tags().empty()) fetched.cocktail.undeclared = true;
      tags.insert(line.tags().begin(), line.tags().end());
    }
    if (!fetched.cocktail.undeclared) fetched.cocktail.tags = std::move(tags);
    fetched.published = response.state() == inventory::v1::Cocktail::STATE_PUBLISHED;
    return fetched;
  }

  absl::Status CatchUp(absl::string_view source, absl::Time deadline) override {
    return catch_up_(source, deadline);
  }

 private:
  const Peer& inventory_;
  const std::unique_ptr<inventory::v1::InventoryService::Stub> stub_;
  const CatchUpFunction catch_up_;
};

}  // namespace

std::unique_ptr<ScreeningPeers> MakeScreeningPeers(const Peer& inventory,
                                                   CatchUpFunction catch_up) {
  return std::make_unique<GrpcScreeningPeers>(inventory, std::move(catch_up));
}

}  // namespace meso::screening
