#include "services/screening/store/projection_store.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"

namespace meso::screening {
namespace {

// Tags hold no spaces.
std::string JoinTags(const std::set<std::string>& tags) { return absl::StrJoin(tags, " "); }

std::set<std::string> SplitTags(const std::string& text) {
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

struct RevisionOf {
  std::string code;
  int64_t revision = 0;
};

absl::StatusOr<RevisionOf> ParseCocktail(const CocktailRevisionName& name) {
  const auto parts = MatchName("cocktails/{code}/revisions/{rev}", name.value());
  RevisionOf result;
  if (!parts.has_value()) return ResourceNotFound(name.value());
  result.code = (*parts)[0];
  absl::string_view number = (*parts)[1];
  if (!number.empty() && number[0] == 'r') number.remove_prefix(1);
  if (!absl::SimpleAtoi(number, &result.revision)) return ResourceNotFound(name.value());
  return result;
}

CachedCocktail ToCocktail(const Row& row) {
  CachedCocktail cached;
  cached.cocktail.name =
      CocktailRevisionName(absl::StrCat("cocktails/", row.Text(0), "/revisions/r", row.Int(1)));
  cached.cocktail.title = row.Text(2);
  if (!row.IsNull(3)) cached.cocktail.tags = SplitTags(row.Text(3));
  cached.generation = row.Int(4);
  return cached;
}

}  // namespace

absl::Status SaveSite(Transaction& tx, const Site& site) {
  return tx.Execute(
      "INSERT INTO site (name, time_zone, jurisdiction, revision) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (name) DO UPDATE SET time_zone = excluded.time_zone, "
      "jurisdiction = excluded.jurisdiction, revision = excluded.revision "
      "WHERE excluded.revision > site.revision",
      {site.name.value(), site.time_zone, site.jurisdiction, site.revision});
}

absl::Status SaveTreatment(Transaction& tx, const Treatment& treatment) {
  return tx.Execute(
      "INSERT INTO treatment (name, area, delivery_method, technique, numbing_cream_tags, "
      "revision) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET area = excluded.area, "
      "delivery_method = excluded.delivery_method, technique = excluded.technique, "
      "numbing_cream_tags = excluded.numbing_cream_tags, revision = excluded.revision "
      "WHERE excluded.revision > treatment.revision",
      {treatment.name.value(), treatment.area, treatment.delivery_method, treatment.technique,
       JoinTags(treatment.numbing_cream_tags), treatment.revision});
}

absl::StatusOr<std::optional<Site>> LoadSite(Transaction& tx, const SiteName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT time_zone, jurisdiction, revision FROM site WHERE name = $1",
               {name.value()}));
  if (!row.has_value()) return std::optional<Site>();
  return std::optional<Site>(Site{name, row->Text(0), row->Text(1), row->Int(2)});
}

absl::StatusOr<std::optional<Treatment>> LoadTreatment(Transaction& tx, const TreatmentName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT area, delivery_method, technique, numbing_cream_tags, "
                                 "revision FROM treatment WHERE name = $1",
                                 {name.value()}));
  if (!row.has_value()) return std::optional<Treatment>();
  return std::optional<Treatment>(Treatment{name, row->Text(0), row->Text(1), row->Text(2),
                                            SplitTags(row->Text(3)), row->Int(4)});
}

absl::StatusOr<CachedCocktail> LoadCocktail(Transaction& tx, const CocktailRevisionName& name) {
  MESO_ASSIGN_OR_RETURN(const RevisionOf key, ParseCocktail(name));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT code, revision, title, tags, generation FROM cocktail "
                                 "WHERE code = $1 AND revision = $2",
                                 {key.code, key.revision}));
  if (row.has_value()) return ToCocktail(*row);
  CachedCocktail unknown;
  unknown.cocktail.name = name;
  return unknown;
}

absl::Status SavePublishedCocktail(Transaction& tx, const CocktailRevisionName& name) {
  MESO_ASSIGN_OR_RETURN(const RevisionOf key, ParseCocktail(name));
  return tx.Execute(
      "INSERT INTO cocktail (code, revision, published, title) VALUES ($1, $2, 1, '') "
      "ON CONFLICT (code, revision) DO UPDATE SET published = 1",
      {key.code, key.revision});
}

absl::Status SaveCocktailTags(Transaction& tx, const Cocktail& cocktail, int64_t generation) {
  MESO_ASSIGN_OR_RETURN(const RevisionOf key, ParseCocktail(cocktail.name));
  if (!cocktail.tags.has_value()) return absl::OkStatus();
  return tx.Execute(
      "INSERT INTO cocktail (code, revision, published, title, tags, generation) "
      "VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT (code, revision) DO UPDATE SET published = 1, "
      "title = excluded.title, tags = excluded.tags "
      "WHERE cocktail.generation = excluded.generation",
      {key.code, key.revision, cocktail.title, JoinTags(*cocktail.tags), generation});
}

absl::Status ForgetCocktailTags(Transaction& tx, const CocktailRevisionName& name) {
  MESO_ASSIGN_OR_RETURN(const RevisionOf key, ParseCocktail(name));
  return tx.Execute(
      "INSERT INTO cocktail (code, revision, published, title, generation) "
      "VALUES ($1, $2, 0, '', 1) ON CONFLICT (code, revision) DO UPDATE SET tags = NULL, "
      "generation = cocktail.generation + 1",
      {key.code, key.revision});
}

absl::StatusOr<std::vector<CachedCocktail>> ListNewestCocktails(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT code, revision, title, tags, generation FROM cocktail AS newest "
               "WHERE published = 1 AND NOT EXISTS (SELECT 1 FROM cocktail AS later "
               "WHERE later.code = newest.code AND later.published = 1 "
               "AND later.revision > newest.revision) ORDER BY code LIMIT $1",
               {static_cast<int64_t>(kRankedCocktailsMax)}));
  std::vector<CachedCocktail> result;
  for (const Row& row : rows) result.push_back(ToCocktail(row));
  return result;
}

}  // namespace meso::screening
