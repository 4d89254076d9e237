// Elements of every identifier, in every form, written and read again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/gs1_digital_link.h"

namespace meso::inventory {
namespace {

constexpr int kYear = 2026;

std::string CharactersOf(Gs1Characters set) {
  const std::string digits = "0123456789";
  const std::string upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  switch (set) {
    case Gs1Characters::kDigits:
      return digits;
    case Gs1Characters::kCset82:
      return digits + upper + "abcdefghijklmnopqrstuvwxyz!\"%&'()*+,-./:;<=>?_";
    case Gs1Characters::kCset39:
      return digits + upper + "#-/";
    case Gs1Characters::kCset64:
      return digits + upper + "abcdefghijklmnopqrstuvwxyz-_";
  }
  return digits;
}

std::string WithCheckDigit(std::string digits) {
  for (char last = '0'; last <= '9'; ++last) {
    digits.back() = last;
    if (HasRightCheckDigit(digits)) return digits;
  }
  return digits;
}

std::string Date(bool whole) {
  const int day = *rc::gen::inRange(whole ? 1 : 0, 29);
  return absl::StrFormat("%02d%02d%02d", *rc::gen::inRange(0, 100), *rc::gen::inRange(1, 13), day);
}

// A value the part may hold.
std::string PartValue(const Gs1Part& part) {
  const int length = *rc::gen::inRange<int>(part.length_min, part.length_max + 1);
  const std::string characters = CharactersOf(part.characters);
  std::string text;
  for (int i = 0; i < length; ++i) text.push_back(*rc::gen::elementOf(characters));
  switch (part.rule) {
    case Gs1Rule::kCheckDigit:
      return WithCheckDigit(std::move(text));
    case Gs1Rule::kMonthOrDay:
      return Date(/*whole=*/false);
    case Gs1Rule::kDay:
      return Date(/*whole=*/true);
    case Gs1Rule::kTime:
      return absl::StrFormat("%02d%02d", *rc::gen::inRange(0, 24), *rc::gen::inRange(0, 60));
    case Gs1Rule::kHour:
      return absl::StrFormat("%02d", *rc::gen::inRange(0, 24));
    case Gs1Rule::kMinute:
      return absl::StrFormat("%02d", *rc::gen::inRange(0, 60));
    case Gs1Rule::kCompanyPrefix:
      return "9521" + text.substr(0, 20);
    case Gs1Rule::kPieceOfTotal:
      return "0102";
    case Gs1Rule::kNotZero:
    case Gs1Rule::kNoLeadingZero:
      text.front() = '7';
      return text;
    case Gs1Rule::kZero:
      return "0";
    case Gs1Rule::kYesOrNo:
      return "1";
    case Gs1Rule::kHyphen:
      return "-";
    case Gs1Rule::kNone:
      break;
  }
  return text;
}

std::string ValueOf(const ApplicationIdentifier& ai) {
  std::string value;
  bool more = true;
  for (const Gs1Part& part : ai.parts) {
    more = more && (!part.optional || *rc::gen::arbitrary<bool>());
    if (more) value += PartValue(part);
  }
  return value;
}

// Up to eight different identifiers that may stand together.
ScanElements Elements() {
  const auto all = AllApplicationIdentifiers();
  ScanElements elements;
  std::set<const ApplicationIdentifier*> seen;
  const int count = *rc::gen::inRange(1, 9);
  for (int i = 0; i < count; ++i) {
    const auto* ai = &all[*rc::gen::inRange<size_t>(0, all.size())];
    if (!seen.insert(ai).second) continue;
    elements.push_back({ai, ValueOf(*ai)});
    if (!CheckGs1Associations(elements, Gs1Associations::kWithoutMandatory).ok()) {
      elements.pop_back();
    }
  }
  return elements;
}

ScanElements Read(const std::string& scan) {
  const auto parsed = ParseScan(scan, kYear, Gs1Associations::kWithoutMandatory);
  RC_ASSERT(parsed.ok());
  return parsed->elements;
}

bool SameSet(const ScanElements& a, const ScanElements& b) {
  return std::is_permutation(a.begin(), a.end(), b.begin(), b.end());
}

RC_GTEST_PROP(Gs1PropertyTest, EveryFormReadsBackAsItWasWritten, ()) {
  const ScanElements elements = Elements();
  const std::string bracketed = WriteBracketed(elements);
  RC_PRE(bracketed.size() <= kScanLengthMax);
  RC_ASSERT(Read(bracketed) == elements);
  RC_ASSERT(Read(absl::StrCat("^", WriteElementString(elements, '^'))) == elements);
  RC_ASSERT(Read(absl::StrCat("]d2", WriteElementString(elements, kGroupSeparator))) == elements);
  const ScanElements sorted = FixedLengthFirst(elements);
  RC_ASSERT(Read(absl::StrCat("]C1", WriteElementString(sorted, kGroupSeparator))) == sorted);
  RC_ASSERT(SameSet(sorted, elements));
  const std::string link = WriteDigitalLink(elements);
  if (link.empty() || link.size() > kScanLengthMax) return;
  RC_ASSERT(SameSet(Read(link), elements));
  RC_ASSERT(WriteDigitalLink(Read(link)) == link);
}

// A cut or damaged scan is refused, or read as something that is written and read the same.
RC_GTEST_PROP(Gs1PropertyTest, DamageNeverLeadsToWhatCannotBeWrittenAgain, ()) {
  std::string scan = absl::StrCat("^", WriteElementString(Elements(), '^'));
  const size_t at = *rc::gen::inRange<size_t>(0, scan.size());
  if (*rc::gen::arbitrary<bool>()) {
    scan.resize(at);
  } else {
    scan[at] = static_cast<char>(scan[at] ^ (1 << *rc::gen::inRange(0, 8)));
  }
  const auto parsed = ParseScan(scan, kYear, Gs1Associations::kWithoutMandatory);
  if (!parsed.ok() || parsed->elements.empty()) return;
  const std::string again = absl::StrCat("^", WriteElementString(parsed->elements, '^'));
  RC_ASSERT(again.size() <= kScanLengthMax || scan.size() > kScanLengthMax);
  RC_ASSERT(Read(again) == parsed->elements);
}

RC_GTEST_PROP(Gs1PropertyTest, OneWrongDigitOfAKeyIsAlwaysRefused, ()) {
  std::string gtin = WithCheckDigit(
      *rc::gen::container<std::string>(14, rc::gen::elementOf(std::string("0123456789"))));
  RC_ASSERT(ParseScan(absl::StrCat("(01)", gtin), kYear).ok());
  const size_t at = *rc::gen::inRange<size_t>(0, gtin.size());
  const int by = *rc::gen::inRange(1, 10);
  gtin[at] = static_cast<char>('0' + (gtin[at] - '0' + by) % 10);
  RC_ASSERT(!ParseScan(absl::StrCat("(01)", gtin), kYear).ok());
  RC_ASSERT(!ParseScan(absl::StrCat("]d201", gtin), kYear).ok());
  RC_ASSERT(!ParseScan(gtin, kYear).ok());
}

}  // namespace
}  // namespace meso::inventory
