#include "tests/services/screening/fake_peers.h"

#include "common/base/error.h"

namespace meso::screening {

absl::StatusOr<FetchedCocktail> FakePeers::GetCocktail(const CallContext&,
                                                       const CocktailRevisionName& name) {
  ++cocktails_asked;
  if (down) return DependencyDown("inventory", "it is switched off");
  const auto found = cocktails.find(name.value());
  if (found == cocktails.end()) return ResourceNotFound(name.value());
  FetchedCocktail fetched;
  fetched.cocktail.name = name;
  fetched.cocktail.title = "title of " + name.value();
  fetched.cocktail.undeclared = undeclared.count(name.value()) > 0;
  if (!fetched.cocktail.undeclared) fetched.cocktail.tags = found->second.first;
  fetched.published = found->second.second;
  if (before_answer) before_answer();
  return fetched;
}

absl::Status FakePeers::CatchUp(absl::string_view source, absl::Time) {
  ++caught_up[std::string(source)];
  if (down) return DependencyDown(source, "it is switched off");
  if (on_catch_up) on_catch_up(source);
  return absl::OkStatus();
}

}  // namespace meso::screening
