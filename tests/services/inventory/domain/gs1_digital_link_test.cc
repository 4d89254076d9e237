// Digital Links: what counts as one, where key, qualifiers and attributes stand, how values are
// encoded.
#include "services/inventory/domain/gs1_digital_link.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/gs1.h"

namespace meso::inventory {
namespace {

constexpr int kYear = 2026;

// The bracketed form, or category, position and AI of the fault. Without mandatory elements.
std::string Read(const std::string& uri) {
  const auto scan = ParseScan(uri, kYear, Gs1Associations::kWithoutMandatory);
  if (scan.ok()) return WriteBracketed(scan->elements);
  std::map<std::string, std::string> metadata = DetailsOf(scan.status()).metadata;
  return absl::StrCat(metadata["category"], " ", metadata["position"], " ", metadata["ai"]);
}

struct Case {
  const char* uri;
  const char* outcome;
};

template <size_t size>
void Check(const Case (&cases)[size]) {
  for (const Case& one : cases) EXPECT_EQ(Read(one.uri), one.outcome) << one.uri;
}

TEST(Gs1DigitalLinkTest, ReadsTheRightmostKeyWhateverStandsBeforeIt) {
  Check({{"http://a/00/006141411234567890", "(00)006141411234567890"},
         {"HTTPS://a/00/006141411234567890", "(00)006141411234567890"},
         {"https://a./01/12312312312333", "(01)12312312312333"},
         {"https://a:65535/01/12312312312333", "(01)12312312312333"},
         {"https://192.0.2.1/01/12312312312333", "(01)12312312312333"},
         {"https://[2001:db8::1]/01/12312312312333", "(01)12312312312333"},
         {"https://xn--fsq.xn--0zwm56d/01/12312312312333", "(01)12312312312333"},
         {"https://a/more/stem/00/006141411234567890", "(00)006141411234567890"},
         {"https://a/00/faux/00/006141411234567890", "(00)006141411234567890"},
         {"https://a/01/12312312312333/00/006141411234567890", "(00)006141411234567890"},
         {"https://a/10/X/01/12312312312333", "(01)12312312312333"},
         {"https://a/01/12312312312333#fragment?10=A", "(01)12312312312333"},
         {"https://a/01/12312312312333?", "(01)12312312312333"},
         {"https://a/414/9520123456788/254/32a%2Fb", "(414)9520123456788(254)32a/b"},
         {"https://a/253/9521234000013TEST", "(253)9521234000013TEST"}});
}

TEST(Gs1DigitalLinkTest, RefusesAddressesThatNameNoThing) {
  Check({{"ftp://a/01/12312312312333", "DL 0 "},
         {"HtTp://a/01/12312312312333", "DL 0 "},
         {"http://", "DL 7 "},
         {"http:///", "DL 7 "},
         {"http://a", "DL 7 "},
         {"http://a/", "DL 8 "},
         {"http://a/b", "DL 8 "},
         {"http://a/b/", "DL 8 "},
         {"https://00/006141411234567890", "DL 10 "},
         {"https://$a/01/12312312312333", "DL 8 "},
         {"https://user@a/01/12312312312333", "DL 12 "},
         {"https://[fe80::1%25lo]/01/12312312312333", "DL 16 "},
         {"https://a/01/12312312312333/10/A B", "DL 32 "},
         {"https://a/01/12312312312333/10/A\"", "DL 32 "},
         {"https://a/00/006141411234567890/", "DL 9 "},
         {"https://a/gtin/12312312312333", "DL 9 "},
         {"https://a/01/12312312312333/89/ABC", "DL 9 "},
         {"https://a/10/ABC", "DL 9 "},
         {"https://a/99/ABC", "DL 9 "}});
}

TEST(Gs1DigitalLinkTest, WantsQualifiersInTheirOrderAndInThePath) {
  Check({{"https://a/01/12312312312333/22/C/10/L/21/S", "(01)12312312312333(22)C(10)L(21)S"},
         {"https://a/01/12312312312333/22/C/21/S", "(01)12312312312333(22)C(21)S"},
         {"https://a/01/12312312312333/235/T", "(01)12312312312333(235)T"},
         {"https://a/01/12312312312333/10/L/22/C", "DL 13 01"},
         {"https://a/01/12312312312333/21/S/10/L", "DL 13 01"},
         {"https://a/01/12312312312333/10/L/10/L", "DL 13 01"},
         {"https://a/01/12312312312333/10/L/235/T", "DL 13 01"},
         {"https://a/01/12312312312333/254/X", "DL 13 01"},
         {"https://a/00/006141411234567890/10/L", "DL 13 00"},
         {"https://a/01/12312312312333?10=L", "DL 31 10"},
         {"https://a/01/12312312312333?21=S", "DL 31 21"},
         {"https://a/01/12312312312333/10/L?22=C", "DL 36 22"},
         // With the other sequence in the path the lot number has no place there.
         {"https://a/01/12312312312333/235/T?10=L", "(01)12312312312333(235)T(10)L"}});
}

TEST(Gs1DigitalLinkTest, ReadsAttributesFromTheQuery) {
  Check({{"https://a/01/12312312312333?17=270630&3103=000195",
          "(01)12312312312333(17)270630(3103)000195"},
         {"https://a/01/12312312312333?&&&99=A&&98=B&&", "(01)12312312312333(99)A(98)B"},
         {"https://a/01/12312312312333?x=1&99=A&flag&linkType=gs1:pip", "(01)12312312312333(99)A"},
         {"https://a/01/12312312312333?=1", "(01)12312312312333"},
         {"https://a/01/12312312312333?99=A=B", "(01)12312312312333(99)A=B"},
         {"https://a/8004/9520614141234567?01=9520123456788",
          "(8004)9520614141234567(01)09520123456788"},
         {"https://a/01/12312312312333?99=", "EMPTY 31 99"},
         {"https://a/01/12312312312333?999=X", "UNKNOWN_AI 28 999"},
         {"https://a/01/12312312312333?89=X", "UNKNOWN_AI 28 89"},
         {"https://a/01/12312312312333?99=A&99=A", "DL 36 99"},
         {"https://a/01/12312312312333?01=12312312312333", "DL 31 01"},
         {"https://a/01/12312312312333/10/L?99=X&10=L", "DL 41 10"},
         {"https://a/01/12312312312333?8200=x", "DL 33 8200"}});
}

TEST(Gs1DigitalLinkTest, DecodesPercentAndPlus) {
  Check({{"https://a/01/12312312312333/22/ABC%2d123", "(01)12312312312333(22)ABC-123"},
         {"https://a/01/12312312312333/22/A+B", "(01)12312312312333(22)A+B"},
         {"https://a/01/12312312312333/22/A%2BB", "(01)12312312312333(22)A+B"},
         {"https://a/01/12312312312333?99=A%2BB", "(01)12312312312333(99)A+B"},
         {"https://a/01/12312312312333?99=A+B", "CHARSET 32 99"},
         {"https://a/01/12312312312333/22/A%20B", "CHARSET 32 22"},
         {"https://a/01/12312312312333/22/%41%zz%4", "(01)12312312312333(22)A%zz%4"},
         {"https://a/01/12312312312333/22/%2F%2F%23", "CHARSET 37 22"},
         {"https://a/01/12312312312333/22/A%00B", "DL 31 "},
         {"https://a/01/12312312312333/22/%28A%29", "(01)12312312312333(22)\\(A)"}});
}

TEST(Gs1DigitalLinkTest, ChecksValuesLikeEveryOtherForm) {
  Check({{"https://a/01/2112345678900", "LENGTH 13 01"},
         {"https://a/01/02345673", "LENGTH 13 01"},
         {"https://a/01/12312312312334", "CHECK_DIGIT 26 01"},
         {"https://a/01/12312312312333?17=271301", "DATE 33 17"},
         {"https://a/01/12312312312333?17=2713", "LENGTH 31 17"},
         {"https://a/01/12312312312333/", "DL 9 "},
         {"https://a/01//10/L", "EMPTY 13 01"},
         {"https://a/01/12312312312333/10/", "EMPTY 31 10"},
         {"https://a/01/12312312312333/10/123456789012345678901", "LENGTH 31 10"},
         {"https://a/01/12312312312333?37=1", "MUTEX 13 01"}});
}

TEST(Gs1DigitalLinkTest, WritesTheCanonicalAddress) {
  const std::pair<const char*, const char*> cases[] = {
      {"(01)12312312312333", "https://id.gs1.org/01/12312312312333"},
      {"(21)S(10)L(01)12312312312333(22)C", "https://id.gs1.org/01/12312312312333/22/C/10/L/21/S"},
      {"(01)12312312312333(99)X(17)270630(10)L(11)260101",
       "https://id.gs1.org/01/12312312312333/10/L?17=270630&11=260101&99=X"},
      {"(01)12312312312333(10)A/B+C%D", "https://id.gs1.org/01/12312312312333/10/A%2FB%2BC%25D"},
      {"(01)12312312312333(99)a_b-c.d", "https://id.gs1.org/01/12312312312333?99=a_b-c.d"},
      {"(01)12312312312333(10)L(10)L", "https://id.gs1.org/01/12312312312333/10/L"},
      {"(01)12312312312333(17)270630(17)270630", "https://id.gs1.org/01/12312312312333?17=270630"},
      {"(00)006141411234567890(02)09520123456788(37)25(10)B",
       "https://id.gs1.org/00/006141411234567890?02=09520123456788&37=25&10=B"},
      {"(01)12312312312333(235)T", "https://id.gs1.org/01/12312312312333/235/T"},
      // A serialised extension may stand only in the path, where the lot number takes its place.
      {"(01)12312312312333(235)T(10)L", ""},
      {"(99)X", ""},
      {"(10)L(17)270630", ""}};
  for (const auto& [bracketed, uri] : cases) {
    const auto scan = ParseScan(bracketed, kYear, Gs1Associations::kWithoutMandatory);
    ASSERT_TRUE(scan.ok()) << bracketed << scan.status();
    EXPECT_EQ(WriteDigitalLink(scan->elements), uri);
  }
}

}  // namespace
}  // namespace meso::inventory
