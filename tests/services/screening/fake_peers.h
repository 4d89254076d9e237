// Inventory and scheduling as a screening test wants them.
#ifndef MESO_TESTS_SERVICES_SCREENING_FAKE_PEERS_H_
#define MESO_TESTS_SERVICES_SCREENING_FAKE_PEERS_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "services/screening/peers/screening_peers.h"

namespace meso::screening {

class FakePeers final : public ScreeningPeers {
 public:
  absl::StatusOr<FetchedCocktail> GetCocktail(const CallContext& call,
                                              const CocktailRevisionName& name) override;
  absl::Status CatchUp(absl::string_view source, absl::Time deadline) override;

  bool down = false;
  // By name: tags, and whether it is published.
  std::map<std::string, std::pair<std::set<std::string>, bool>> cocktails;
  std::set<std::string> undeclared;  // cocktails with a product that declares no tags
  int cocktails_asked = 0;
  std::function<void()> before_answer;  // runs while inventory "thinks"
  std::map<std::string, int> caught_up;
  std::function<void(absl::string_view source)> on_catch_up;  // delivers events
};

}  // namespace meso::screening

#endif  // MESO_TESTS_SERVICES_SCREENING_FAKE_PEERS_H_
