#include "services/inventory/domain/gs1_identifiers.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using Groups = std::vector<std::vector<absl::string_view>>;
using Table = std::map<absl::string_view, ApplicationIdentifier>;

void Add(Table& table, absl::string_view code, absl::string_view title, Gs1Format format,
         size_t length_min, size_t length_max, bool predefined_length,
         std::vector<absl::string_view> excludes = {}, Groups needs_one_of = {}) {
  table[code] = {code,
                 title,
                 format,
                 length_min,
                 length_max,
                 predefined_length,
                 std::move(excludes),
                 std::move(needs_one_of)};
}

void AddTradeItems(Table& table) {
  const Groups item = {{"01"}, {"02"}, {"03"}};
  const Groups item_or_content = {{"01"}, {"02"}};
  Add(table, "00", "SSCC", Gs1Format::kCheckDigit, 18, 18, true);
  Add(table, "01", "GTIN", Gs1Format::kCheckDigit, 14, 14, true, {"02", "37", "255"});
  Add(table, "02", "CONTENT", Gs1Format::kCheckDigit, 14, 14, true, {"01", "03"}, {{"37"}});
  Add(table, "03", "MTO GTIN", Gs1Format::kCheckDigit, 14, 14, true, {"01", "02", "37"});
  Add(table, "10", "BATCH/LOT", Gs1Format::kText, 1, 20, false, {}, item);
  Add(table, "11", "PROD DATE", Gs1Format::kDate, 6, 6, true, {}, item);
  Add(table, "13", "PACK DATE", Gs1Format::kDate, 6, 6, true, {}, item);
  Add(table, "15", "BEST BEFORE or BEST BY", Gs1Format::kDate, 6, 6, true, {}, item);
  Add(table, "16", "SELL BY", Gs1Format::kDate, 6, 6, true, {}, item);
  Add(table, "17", "USE BY or EXPIRY", Gs1Format::kDate, 6, 6, true, {}, item);
  Add(table, "20", "VARIANT", Gs1Format::kDigits, 2, 2, true, {}, item);
  Add(table, "21", "SERIAL", Gs1Format::kText, 1, 20, false, {"235"}, {{"01"}, {"03"}});
  Add(table, "22", "CPV", Gs1Format::kText, 1, 20, false, {}, {{"01"}});
  Add(table, "235", "TPX", Gs1Format::kText, 1, 28, false, {"21"}, {{"01"}});
  Add(table, "240", "ADDITIONAL ID", Gs1Format::kText, 1, 30, false, {}, item);
  Add(table, "241", "CUST. PART No.", Gs1Format::kText, 1, 30, false, {}, item);
  Add(table, "250", "SECONDARY SERIAL", Gs1Format::kText, 1, 30, false, {},
      {{"01", "21"}, {"03", "21"}});
  Add(table, "30", "VAR. COUNT", Gs1Format::kDigits, 1, 8, false, {}, item_or_content);
  Add(table, "37", "COUNT", Gs1Format::kDigits, 1, 8, false, {"01"}, {{"00", "02"}});
  Add(table, "7003", "EXPIRY TIME", Gs1Format::kDateTime, 10, 10, false, {}, item);
  Add(table, "7004", "ACTIVE POTENCY", Gs1Format::kDigits, 1, 4, false, {}, {{"01", "10"}});
}

// Families that differ only in their last digit.
void AddFamilies(Table& table) {
  static const char* const kGln[] = {"410", "411", "412", "413", "414", "415", "416", "417"};
  static const char* const kGlnTitle[] = {"SHIP TO LOC", "BILL TO", "PURCHASE FROM", "SHIP FOR LOC",
                                          "LOC No.",     "PAY TO",  "PROD/SERV LOC", "PARTY"};
  for (size_t i = 0; i < 8; ++i) {
    Add(table, kGln[i], kGlnTitle[i], Gs1Format::kCheckDigit, 13, 13, true);
  }
  static const char* const kNational[] = {"710", "711", "712", "713", "714", "715", "716", "717"};
  static const char* const kNationalTitle[] = {"NHRN PZN", "NHRN CIP", "NHRN CN",  "NHRN DRN",
                                               "NHRN AIM", "NHRN NDC", "NHRN AIC", "NHRN SRN"};
  for (size_t i = 0; i < 8; ++i) {
    Add(table, kNational[i], kNationalTitle[i], Gs1Format::kText, 1, 20, false, {}, {{"01"}});
  }
  static const char* const kInternal[] = {"90", "91", "92", "93", "94",
                                          "95", "96", "97", "98", "99"};
  for (const char* code : kInternal) {
    const size_t length_max = absl::string_view(code) == "90" ? 30 : 90;
    Add(table, code, "INTERNAL", Gs1Format::kText, 1, length_max, false);
  }
}

const Table& Identifiers() {
  static const Table& table = *[] {
    auto* built = new Table;
    AddTradeItems(*built);
    AddFamilies(*built);
    return built;
  }();
  return table;
}

}  // namespace

const ApplicationIdentifier* FindApplicationIdentifier(absl::string_view code) {
  const auto it = Identifiers().find(code);
  return it == Identifiers().end() ? nullptr : &it->second;
}

const ApplicationIdentifier* FindApplicationIdentifierAt(absl::string_view data) {
  // No identifier is the beginning of another, so the first match is the only one.
  for (size_t length = 2; length <= 4 && length <= data.size(); ++length) {
    const ApplicationIdentifier* found = FindApplicationIdentifier(data.substr(0, length));
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace meso::inventory
