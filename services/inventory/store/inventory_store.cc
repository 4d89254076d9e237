#include "services/inventory/store/inventory_store.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::inventory {
namespace {

#define MESO_PRODUCT_COLUMNS                                                                     \
  "name, display_name, gtin, category, composition, container_kind, unit_microlitres, "          \
  "units_per_pack, temperature_min_decidegrees, temperature_max_decidegrees, "                   \
  "protect_from_light, after_opening_us, min_remaining_life_days, emergency_kit_par, revision, " \
  "update_time_us, no_mix, session_microlitres_max, inspect_on_receipt, home_care, alert_days, " \
  "peak_min_decidegrees, peak_max_decidegrees, outside_max_us, mkt_max_decidegrees, draft, "     \
  "unit_cost_cents"

void EncodeTexts(const std::vector<std::string>& texts, Encoder& out) {
  out.Int(static_cast<int64_t>(texts.size()));
  for (const std::string& text : texts) out.String(text);
}

std::vector<std::string> DecodeTexts(Decoder& in) {
  std::vector<std::string> texts;
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) texts.push_back(in.String());
  return texts;
}

// Ingredients, tags and jurisdictions are read and written only as a whole.
Blob EncodeComposition(const Product& product) {
  Encoder out;
  out.Int(static_cast<int64_t>(product.ingredients.size()));
  for (const Ingredient& ingredient : product.ingredients) {
    out.String(ingredient.display_name).Int(ingredient.excipient ? 1 : 0);
    EncodeTexts(ingredient.tags, out);
  }
  EncodeTexts(product.tags, out);
  EncodeTexts(product.blocked_jurisdictions, out);
  return Blob{out.Take()};
}

absl::Status DecodeComposition(const std::string& bytes, Product& product) {
  Decoder in(bytes);
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Ingredient ingredient;
    ingredient.display_name = in.String();
    ingredient.excipient = in.Int() != 0;
    ingredient.tags = DecodeTexts(in);
    product.ingredients.push_back(std::move(ingredient));
  }
  product.tags = DecodeTexts(in);
  product.blocked_jurisdictions = DecodeTexts(in);
  if (!in.done()) return absl::DataLossError("a product's stored composition is damaged");
  return absl::OkStatus();
}

std::optional<int64_t> OptionalInt(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}

Value OptionalValue(const std::optional<int64_t>& value) { return value ? Value(*value) : Value(); }

absl::StatusOr<Product> ReadProduct(const Row& row) {
  Product product;
  product.name = ProductName(row.Text(0));
  product.display_name = row.Text(1);
  product.gtin = row.Text(2);
  product.category = row.Text(3);
  MESO_RETURN_IF_ERROR(DecodeComposition(row.Bytes(4), product));
  product.container_kind = static_cast<ContainerKind>(row.Int(5));
  product.unit_microlitres = row.Int(6);
  product.units_per_pack = row.Int(7);
  product.temperature_min_decidegrees = row.Int(8);
  product.temperature_max_decidegrees = row.Int(9);
  product.protect_from_light = row.Bool(10);
  product.after_opening = absl::Microseconds(row.Int(11));
  product.min_remaining_life_days = row.Int(12);
  product.emergency_kit_par = row.Int(13);
  product.revision = row.Int(14);
  product.update_time = row.Time(15);
  product.no_mix = row.Bool(16);
  product.session_microlitres_max = row.Int(17);
  product.inspect_on_receipt = row.Bool(18);
  product.home_care = row.Bool(19);
  product.alert_days = row.Int(20);
  product.excursion_rule.peak_min_decidegrees = OptionalInt(row, 21);
  product.excursion_rule.peak_max_decidegrees = OptionalInt(row, 22);
  if (!row.IsNull(23)) product.excursion_rule.outside_max = absl::Microseconds(row.Int(23));
  product.excursion_rule.mkt_max_decidegrees = OptionalInt(row, 24);
  product.draft = row.Bool(25);
  product.unit_cost_cents = row.Int(26);
  return product;
}

absl::StatusOr<std::vector<Product>> ReadProducts(const Rows& rows) {
  std::vector<Product> products;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Product product, ReadProduct(row));
    products.push_back(std::move(product));
  }
  return products;
}

absl::StatusOr<std::optional<Product>> ReadOptional(absl::StatusOr<std::optional<Row>> row) {
  MESO_RETURN_IF_ERROR(row.status());
  if (!*row) return std::optional<Product>();
  MESO_ASSIGN_OR_RETURN(Product product, ReadProduct(**row));
  return std::optional<Product>(std::move(product));
}

Cocktail ReadCocktail(const Row& row) {
  Cocktail cocktail;
  cocktail.code = row.Text(0);
  cocktail.revision = row.Int(1);
  cocktail.display_name = row.Text(2);
  cocktail.state = row.Text(3) == "PUBLISHED" ? CocktailState::kPublished : CocktailState::kDraft;
  cocktail.author = row.Text(4);
  cocktail.create_time = row.Time(5);
  cocktail.publish_time = row.Time(6);
  return cocktail;
}

absl::Status LoadLines(Transaction& tx, Cocktail& cocktail) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT product, ampoules FROM cocktail_line WHERE code = $1 AND "
                                 "revision = $2 ORDER BY position",
                                 {cocktail.code, cocktail.revision}));
  for (const Row& row : rows) cocktail.lines.push_back({ProductName(row.Text(0)), row.Int(1)});
  return absl::OkStatus();
}

}  // namespace

std::string SpacedOut(const std::vector<SiteName>& sites) {
  std::string text = " ";
  for (const SiteName& site : sites) absl::StrAppend(&text, site.value(), " ");
  return text;
}

absl::StatusOr<std::optional<Site>> LoadSite(Transaction& tx, const SiteName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT time_zone, jurisdiction, revision FROM site WHERE name = $1",
               {name.value()}));
  if (!row) return std::optional<Site>();
  return std::optional<Site>({name, row->Text(0), row->Text(1), row->Int(2)});
}

absl::StatusOr<std::vector<SiteName>> ListSiteNames(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("SELECT name FROM site ORDER BY name", {}));
  std::vector<SiteName> names;
  for (const Row& row : rows) names.emplace_back(row.Text(0));
  return names;
}

absl::Status SaveSite(Transaction& tx, const Site& site) {
  return tx.Execute(
      "INSERT INTO site (name, time_zone, jurisdiction, revision) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (name) DO UPDATE SET time_zone = excluded.time_zone, "
      "jurisdiction = excluded.jurisdiction, revision = excluded.revision "
      "WHERE excluded.revision > site.revision",
      {site.name.value(), site.time_zone, site.jurisdiction, site.revision});
}

absl::StatusOr<std::optional<Product>> LoadProduct(Transaction& tx, const ProductName& name) {
  return ReadOptional(
      QueryOne(tx, "SELECT " MESO_PRODUCT_COLUMNS " FROM product WHERE name = $1", {name.value()}));
}

absl::StatusOr<std::optional<Product>> LoadProductByGtin(Transaction& tx, const std::string& gtin) {
  return ReadOptional(
      QueryOne(tx, "SELECT " MESO_PRODUCT_COLUMNS " FROM product WHERE gtin = $1", {gtin}));
}

absl::StatusOr<std::vector<Product>> ListProducts(Transaction& tx, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"category", {"category"}},
      {"gtin", {"gtin"}},
      {"emergency", {"(emergency_kit_par > 0)", FilterType::kBool}},
      {"draft", {"(draft > 0)", FilterType::kBool}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 3));
  Values args = {page.after, int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (after, size) AS (SELECT $1, $2) SELECT " MESO_PRODUCT_COLUMNS
                   " FROM product WHERE name > (SELECT after FROM page) AND ",
                   filter.where, " ORDER BY name LIMIT (SELECT size FROM page)")),
               std::move(args)));
  return ReadProducts(rows);
}

absl::StatusOr<std::vector<Product>> ListEmergencyProducts(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT " MESO_PRODUCT_COLUMNS
                                 " FROM product WHERE emergency_kit_par > 0 ORDER BY name",
                                 {}));
  return ReadProducts(rows);
}

absl::Status SaveProduct(Transaction& tx, const Product& product) {
  return tx.Execute(
      "INSERT INTO product (" MESO_PRODUCT_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
      "$19, "
      "$20, $21, $22, $23, $24, $25, $26, $27) "
      "ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, "
      "gtin = excluded.gtin, category = excluded.category, composition = excluded.composition, "
      "container_kind = excluded.container_kind, unit_microlitres = excluded.unit_microlitres, "
      "units_per_pack = excluded.units_per_pack, "
      "temperature_min_decidegrees = excluded.temperature_min_decidegrees, "
      "temperature_max_decidegrees = excluded.temperature_max_decidegrees, "
      "protect_from_light = excluded.protect_from_light, "
      "after_opening_us = excluded.after_opening_us, "
      "min_remaining_life_days = excluded.min_remaining_life_days, "
      "emergency_kit_par = excluded.emergency_kit_par, revision = excluded.revision, "
      "update_time_us = excluded.update_time_us, no_mix = excluded.no_mix, "
      "session_microlitres_max = excluded.session_microlitres_max, "
      "inspect_on_receipt = excluded.inspect_on_receipt, home_care = excluded.home_care, "
      "alert_days = excluded.alert_days, peak_min_decidegrees = excluded.peak_min_decidegrees, "
      "peak_max_decidegrees = excluded.peak_max_decidegrees, "
      "outside_max_us = excluded.outside_max_us, "
      "mkt_max_decidegrees = excluded.mkt_max_decidegrees, draft = excluded.draft, "
      "unit_cost_cents = excluded.unit_cost_cents",
      {product.name.value(),
       product.display_name,
       product.gtin,
       product.category,
       EncodeComposition(product),
       static_cast<int64_t>(product.container_kind),
       product.unit_microlitres,
       product.units_per_pack,
       product.temperature_min_decidegrees,
       product.temperature_max_decidegrees,
       int64_t{product.protect_from_light},
       absl::ToInt64Microseconds(product.after_opening),
       product.min_remaining_life_days,
       product.emergency_kit_par,
       product.revision,
       TimeValue(product.update_time),
       int64_t{product.no_mix},
       product.session_microlitres_max,
       int64_t{product.inspect_on_receipt},
       int64_t{product.home_care},
       product.alert_days,
       OptionalValue(product.excursion_rule.peak_min_decidegrees),
       OptionalValue(product.excursion_rule.peak_max_decidegrees),
       product.excursion_rule.outside_max
           ? Value(absl::ToInt64Microseconds(*product.excursion_rule.outside_max))
           : Value(),
       OptionalValue(product.excursion_rule.mkt_max_decidegrees),
       int64_t{product.draft},
       product.unit_cost_cents},
      Expected::Any().OnConstraint("product.gtin", [gtin = product.gtin] {
        return AlreadyExists(absl::StrCat("GTIN ", gtin));
      }));
}

absl::Status RemoveProduct(Transaction& tx, const Product& product) {
  return tx.Execute(
      "DELETE FROM product WHERE name = $1 AND revision = $2 AND NOT EXISTS (SELECT 1 FROM lot "
      "WHERE lot.product = $1) AND NOT EXISTS (SELECT 1 FROM cocktail_line c WHERE c.product = $1)",
      {product.name.value(), product.revision}, Expected::Rows(1, [name = product.name] {
        return StateNotAllowed(name.value(), "in use: stock of it was received, or a recipe has it",
                               "never received and in no recipe");
      }));
}

absl::StatusOr<int64_t> LastCocktailRevision(Transaction& tx, const std::string& code) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT max(revision) FROM cocktail WHERE code = $1", {code}));
  return row->Int(0);
}

absl::StatusOr<int64_t> NewestPublishedRevision(Transaction& tx, const std::string& code) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT max(revision) FROM cocktail WHERE code = $1 AND state = 'PUBLISHED'",
               {code}));
  return row->Int(0);
}

absl::StatusOr<std::optional<Cocktail>> LoadCocktail(Transaction& tx, const std::string& code,
                                                     int64_t revision) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT code, revision, display_name, state, author, create_time_us, "
               "publish_time_us FROM cocktail WHERE code = $1 AND revision = $2",
               {code, revision}));
  if (!row) return std::optional<Cocktail>();
  Cocktail cocktail = ReadCocktail(*row);
  MESO_RETURN_IF_ERROR(LoadLines(tx, cocktail));
  return std::optional<Cocktail>(std::move(cocktail));
}

absl::StatusOr<std::vector<Cocktail>> ListCocktails(Transaction& tx, const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"code", {"code"}},
      {"state", {"state", FilterType::kText, {"DRAFT", "PUBLISHED"}}},
      {"newest",
       {"(revision = (SELECT max(n.revision) FROM cocktail n WHERE n.code = cocktail.code AND "
        "n.state = 'PUBLISHED'))",
        FilterType::kBool}}};
  const std::vector<std::string> after = absl::StrSplit(page.after, '/');
  int64_t after_revision = 0;
  if (after.size() == 2 && !absl::SimpleAtoi(after[1], &after_revision)) return PageTokenInvalid();
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {after[0], after_revision, int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "WITH page (code, revision, size) AS (SELECT $1, $2, $3) "
                   "SELECT code, revision, display_name, state, author, create_time_us, "
                   "publish_time_us FROM cocktail WHERE (code, revision) > "
                   "(SELECT page.code, page.revision FROM page) AND ",
                   filter.where, " ORDER BY code, revision LIMIT (SELECT size FROM page)")),
               std::move(args)));
  std::vector<Cocktail> cocktails;
  for (const Row& row : rows) {
    cocktails.push_back(ReadCocktail(row));
    MESO_RETURN_IF_ERROR(LoadLines(tx, cocktails.back()));
  }
  return cocktails;
}

absl::Status InsertCocktail(Transaction& tx, const Cocktail& cocktail) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "INSERT INTO cocktail (code, revision, display_name, state, author, create_time_us) "
      "VALUES ($1, $2, $3, 'DRAFT', $4, $5)",
      {cocktail.code, cocktail.revision, cocktail.display_name, cocktail.author,
       TimeValue(cocktail.create_time)}));
  for (size_t i = 0; i < cocktail.lines.size(); ++i) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO cocktail_line (code, revision, position, product, ampoules) "
                   "VALUES ($1, $2, $3, $4, $5)",
                   {cocktail.code, cocktail.revision, static_cast<int64_t>(i),
                    cocktail.lines[i].product.value(), cocktail.lines[i].ampoules}));
  }
  return absl::OkStatus();
}

absl::Status UpdateCocktailPublished(Transaction& tx, const Cocktail& cocktail) {
  return tx.Execute(
      "UPDATE cocktail SET state = 'PUBLISHED', publish_time_us = $1 WHERE code = $2 AND "
      "revision = $3 AND state = 'DRAFT'",
      {TimeValue(cocktail.publish_time), cocktail.code, cocktail.revision},
      Expected::Rows(1, [name = NameOf(cocktail)] {
        return StateNotAllowed(name.value(), "PUBLISHED", "DRAFT");
      }));
}

absl::StatusOr<std::vector<CocktailRevisionName>> ListCocktailsWith(Transaction& tx,
                                                                    const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT c.code, c.revision FROM cocktail_line l JOIN cocktail c ON c.code = l.code "
               "AND c.revision = l.revision WHERE l.product = $1 AND c.state = 'PUBLISHED' "
               "ORDER BY c.code, c.revision",
               {product.value()}));
  std::vector<CocktailRevisionName> names;
  for (const Row& row : rows) {
    names.emplace_back(absl::StrCat("cocktails/", row.Text(0), "/revisions/r", row.Int(1)));
  }
  return names;
}

}  // namespace meso::inventory
