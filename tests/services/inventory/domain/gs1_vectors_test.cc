// Every field of every vector of GS1's own engine. A field this file does not know fails the test,
// so that none is skipped by oversight.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/gs1_digital_link.h"

namespace meso::inventory {
namespace {

using Json = nlohmann::json;

constexpr int kYear = 2026;

// Where a vector comes from and why it is there: nothing to compare.
const std::set<std::string>& Provenance() {
  static const auto& fields =
      *new std::set<std::string>{"id", "kind", "input", "source", "input_origin", "tier", "note"};
  return fields;
}

Json Vectors() {
  std::ifstream in("tests/data/gs1_vectors.json");
  return Json::parse(in).at("vectors");
}

class Gs1VectorTest : public ::testing::TestWithParam<Json> {
 protected:
  std::string input() const { return GetParam().at("input"); }
  std::string kind() const { return GetParam().at("kind"); }

  absl::StatusOr<ParsedScan> Parse(Gs1Associations associations) const {
    return ParseScan(input(), kYear, associations);
  }

  // The elements as JSON objects like those of the vectors.
  static Json ToJson(const ScanElements& elements) {
    static const auto& dates = *new std::set<absl::string_view>{"11", "12", "13", "15", "16", "17"};
    Json list = Json::array();
    for (const ScanElement& element : elements) {
      Json one = {{"ai", std::string(element.ai())},
                  {"value", element.value},
                  {"title", std::string(element.title())}};
      if (dates.count(element.ai()) > 0) {
        one["resolved_date_ref2026"] = FormatDate(*ResolveGs1Date(element.value, kYear));
      }
      list.push_back(std::move(one));
    }
    return list;
  }

  // The engine's names of symbologies.
  static std::string EngineName(const std::string& symbology) {
    static const auto& names = *new std::map<std::string, std::string>{
        {"]d1", "DM"}, {"]d2", "DM"}, {"]C1", "GS1_128_CCA"}, {"]E0", "EAN13"}};
    const auto found = names.find(symbology);
    return found == names.end() ? "" : found->second;
  }

  void CompareField(const std::string& field, const Json& expected, const ParsedScan& scan) const {
    SCOPED_TRACE(field);
    if (field == "elements") {
      EXPECT_EQ(ToJson(scan.elements), expected);
    } else if (field == "bracketed") {
      EXPECT_EQ(WriteBracketed(scan.elements), expected.get<std::string>());
    } else if (field == "hri") {
      EXPECT_EQ(Json(WriteHumanReadable(scan.elements)), expected);
    } else if (field == "element_string") {
      EXPECT_EQ("^" + WriteElementString(scan.elements, '^'), expected.get<std::string>());
    } else if (field == "datamatrix_scan") {
      EXPECT_EQ("]d2" + WriteElementString(scan.elements, kGroupSeparator),
                expected.get<std::string>());
    } else if (field == "digital_link") {
      EXPECT_EQ(WriteDigitalLink(scan.elements), expected.is_null() ? "" : expected);
    } else if (field == "plain_data") {
      EXPECT_EQ(scan.plain_data, expected.get<std::string>());
    } else if (field == "contains_gs1_ai_data") {
      const bool plain = scan.form == ScanForm::kPlainData || scan.form == ScanForm::kPlainGtin;
      EXPECT_EQ(!plain, expected.get<bool>());
    } else if (field == "symbology") {
      EXPECT_EQ(EngineName(scan.symbology), expected.get<std::string>());
    } else if (field == "gtin14") {
      EXPECT_EQ(scan.gtin, expected.get<std::string>());
    } else {
      ADD_FAILURE() << "a field this test does not know";
    }
  }

  // The engine says which identifier it means as "AI (17)" and marks the fault as "(17)27|13|01".
  void CompareFault(const std::string& field, const std::string& expected,
                    const absl::Status& status) const {
    SCOPED_TRACE(field);
    std::map<std::string, std::string> metadata = DetailsOf(status).metadata;
    if (field == "category") {
      EXPECT_EQ(metadata["category"], expected);
      EXPECT_EQ(ReasonOf(status), expected == "CHECK_DIGIT" ? "CHECK_DIGIT_WRONG"
                                  : expected == "REPEAT"    ? "SCAN_AMBIGUOUS"
                                                            : "SCAN_UNREADABLE");
    } else if (field == "engine_message") {
      const std::vector<std::string> parts = absl::StrSplit(expected, "AI (");
      if (parts.size() > 1) {
        EXPECT_EQ(metadata["ai"], parts[1].substr(0, parts[1].find(')')));
      }
    } else if (field == "markup") {
      const size_t close = expected.find(')');
      const std::string ai = expected.substr(1, close - 1);
      EXPECT_EQ(metadata["ai"], ai);
      size_t position = 0;
      ASSERT_TRUE(absl::SimpleAtoi(metadata["position"], &position));
      // An address percent-encodes its values, so the mark is looked for by what follows it.
      std::string rest = absl::StrReplaceAll(expected.substr(expected.find('|')), {{"|", ""}});
      if (kind() == "digital_link_uri") rest = absl::StrReplaceAll(rest, {{"#", "%23"}});
      EXPECT_TRUE(absl::StartsWith(input().substr(position), rest)) << position;
    } else {
      ADD_FAILURE() << "a field this test does not know";
    }
  }
};

TEST_P(Gs1VectorTest, AgreesInEveryField) {
  const auto strict = Parse(Gs1Associations::kAll);
  const auto lenient = Parse(Gs1Associations::kWithoutMandatory);
  int compared = 0;
  for (const auto& [field, value] : GetParam().items()) {
    if (Provenance().count(field) > 0) continue;
    ++compared;
    if (field == "valid") {
      EXPECT_EQ(strict.ok(), value.get<bool>()) << strict.status();
      EXPECT_TRUE(strict.ok() || absl::IsInvalidArgument(strict.status()));
    } else if (field == "valid_ignoring_associations" || field == "upstream_expectation") {
      EXPECT_EQ(lenient.ok(), value.get<bool>()) << field << ": " << lenient.status();
    } else if (field == "input_hex") {
      EXPECT_EQ(absl::BytesToHexString(input()), value.get<std::string>());
    } else if (field == "medicine_subset") {
      ASSERT_TRUE(lenient.ok());
      EXPECT_EQ(!lenient->elements.empty(), value.get<bool>());
    } else if (field == "expected") {
      if (value.is_null()) {
        EXPECT_FALSE(lenient.ok());
        continue;
      }
      ASSERT_TRUE(lenient.ok()) << lenient.status();
      for (const auto& [name, expected] : value.items()) CompareField(name, expected, *lenient);
    } else if (field == "error") {
      for (const auto& [name, expected] : value.items()) {
        CompareFault(name, expected.get<std::string>(), strict.status());
      }
    } else {
      ADD_FAILURE() << "a field this test does not know: " << field;
    }
  }
  EXPECT_GE(compared, 2);
}

INSTANTIATE_TEST_SUITE_P(All, Gs1VectorTest,
                         ::testing::ValuesIn(Vectors().get<std::vector<Json>>()),
                         [](const auto& info) {
                           const std::string id = info.param.at("id");
                           return absl::StrReplaceAll(id, {{"-", "_"}});
                         });

TEST(Gs1VectorsTest, AreAllThere) { EXPECT_EQ(Vectors().size(), 95); }

}  // namespace
}  // namespace meso::inventory
