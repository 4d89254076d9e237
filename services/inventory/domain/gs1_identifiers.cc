#include "services/inventory/domain/gs1_identifiers.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace meso::inventory {
namespace {

// One line of the table: a code or a range of codes.
//
// `format` is the notation of the General Specifications, "N6" or "X..20", parts joined by "+",
// with our suffixes: ? optional, c check digit, d day or month, D day, t time, h hour, m minute or
// second, p company prefix, k piece of total, z not zero, o zero, l no leading zero, y yes or no, -
// hyphen. X is character set 82, Y 39, Z 64.
struct Row {
  const char* codes;
  const char* title;
  const char* format;
  const char* needs = "";      // alternatives by comma, what must stand together by +
  const char* excludes = "";   // by comma
  bool attribute = true;       // of a Digital Link
  const char* link = nullptr;  // key of a Digital Link: its qualifiers by comma, alternatives by |
};

constexpr char kItem[] = "01,02,03,8006,8026";
constexpr char kItemOrCoupon[] = "01,02,03,255,8006,8026";
constexpr char kGtin[] = "01,02,03";
constexpr char kMeasured[] = "01,02";
constexpr char kSold[] = "01,03,8006";
constexpr char kPricedBy[] = "30,31nn,32nn,35nn,36nn";

constexpr Row kRows[] = {
    {"00", "SSCC", "N18c", "", "", true, ""},
    {"01", "GTIN", "N14c", "", "255,37", true, "22,10,21|235"},
    {"02", "CONTENT", "N14c", "37", "01,03"},
    {"03", "MTO GTIN", "N14c", "", "01,02,37,235", false},
    {"10", "BATCH/LOT", "X..20", kItem},
    {"11", "PROD DATE", "N6d", kItem},
    {"12", "DUE DATE", "N6d", "8020"},
    {"13", "PACK DATE", "N6d", kItem},
    {"15", "BEST BEFORE or BEST BY", "N6d", kItem},
    {"16", "SELL BY", "N6d", kItem},
    {"17", "USE BY or EXPIRY", "N6d", kItemOrCoupon},
    {"20", "VARIANT", "N2", kItem},
    {"21", "SERIAL", "X..20", kSold, "235", false},
    {"22", "CPV", "X..20", "01", "", false},
    {"235", "TPX", "X..28", "01", "", false},
    {"240", "ADDITIONAL ID", "X..30", kItem},
    {"241", "CUST. PART No.", "X..30", kItem},
    {"242", "MTO VARIANT", "N..6", kItem},
    {"243", "PCN", "X..20", "01,03"},
    {"250", "SECONDARY SERIAL", "X..30", "01+21,03+21,8006+21"},
    {"251", "REF. TO SOURCE", "X..30", kSold},
    {"253", "GDTI", "N13c+X..17?", "", "", true, ""},
    {"254", "GLN EXTENSION COMPONENT", "X..20", "414", "", false},
    {"255", "GCN", "N13c+N..12?", "", "01,02,415,8006,8020,8026", true, ""},
    {"30", "VAR. COUNT", "N..8", kMeasured},
    {"37", "COUNT", "N..8", "00+02,00+8026"},
    {"3900-3909", "AMOUNT", "N..15", "255,8020", "390n,391n,394n,8111"},
    {"3910-3919", "AMOUNT", "N3+N..15", "8020", "391n"},
    {"3920-3929", "PRICE", "N..15", "01+30,01+31nn,01+32nn,01+35nn,01+36nn", "392n,393n"},
    {"3930-3939", "PRICE", "N3+N..15", kPricedBy, "393n"},
    {"3940-3943", "PRCNT OFF", "N4", "255", "394n,8111"},
    {"3950-3955", "PRICE/UoM", "N6", kPricedBy, "392n,393n,395n,8005"},
    {"400", "ORDER NUMBER", "X..30"},
    {"401", "GINC", "X..30p", "", "", true, ""},
    {"402", "GSIN", "N17c", "", "", true, ""},
    {"403", "ROUTE", "X..30", "00"},
    {"410", "SHIP TO LOC", "N13c"},
    {"411", "BILL TO", "N13c"},
    {"412", "PURCHASE FROM", "N13c"},
    {"413", "SHIP FOR LOC", "N13c"},
    {"414", "LOC No.", "N13c", "", "", true, "254|7040"},
    {"415", "PAY TO", "N13c", "8020", "", true, "8020"},
    {"416", "PROD/SERV LOC", "N13c"},
    {"417", "PARTY", "N13c", "", "", true, "7040"},
    {"420", "SHIP TO POST", "X..20", "", "421"},
    {"421", "SHIP TO POST", "N3+X..9", "", "4307"},
    {"422", "ORIGIN", "N3", kItem, "426"},
    {"423", "COUNTRY - INITIAL PROCESS", "N3+N3?+N3?+N3?+N3?", kGtin, "426"},
    {"424", "COUNTRY - PROCESS", "N3", kGtin, "426"},
    {"425", "COUNTRY - DISASSEMBLY", "N3+N3?+N3?+N3?+N3?", kGtin, "426"},
    {"426", "COUNTRY - FULL PROCESS", "N3", kGtin},
    {"427", "ORIGIN SUBDIVISION", "X..3", "01+422,02+422,03+422"},
    {"4300", "SHIP TO COMP", "X..35", "00"},
    {"4301", "SHIP TO NAME", "X..35", "00"},
    {"4302", "SHIP TO ADD1", "X..70", "00"},
    {"4303", "SHIP TO ADD2", "X..70", "4302"},
    {"4304", "SHIP TO SUB", "X..70", "00"},
    {"4305", "SHIP TO LOC", "X..70", "00"},
    {"4306", "SHIP TO REG", "X..70", "00"},
    {"4307", "SHIP TO COUNTRY", "X2", "00"},
    {"4308", "SHIP TO PHONE", "X..30", "00"},
    {"4309", "SHIP TO GEO", "N10+N10", "00"},
    {"4310", "RTN TO COMP", "X..35", "00"},
    {"4311", "RTN TO NAME", "X..35", "00"},
    {"4312", "RTN TO ADD1", "X..70", "00"},
    {"4313", "RTN TO ADD2", "X..70", "4312"},
    {"4314", "RTN TO SUB", "X..70", "00"},
    {"4315", "RTN TO LOC", "X..70", "00"},
    {"4316", "RTN TO REG", "X..70", "00"},
    {"4317", "RTN TO COUNTRY", "X2", "00"},
    {"4318", "RTN TO POST", "X..20", "00"},
    {"4319", "RTN TO PHONE", "X..30", "00"},
    {"4320", "SRV DESCRIPTION", "X..35", "00"},
    {"4321", "DANGEROUS GOODS", "N1y", "00"},
    {"4322", "AUTH TO LEAVE", "N1y", "00"},
    {"4323", "SIG REQUIRED", "N1y", "00"},
    {"4324", "NOT BEF DEL DT", "N6d+N4t", "00"},
    {"4325", "NOT AFT DEL DT", "N6d+N4t", "00"},
    {"4326", "REL DATE", "N6D", "00"},
    {"4330", "MAX TEMP F.", "N6+X1-?", "00", "4331"},
    {"4331", "MAX TEMP C.", "N6+X1-?", "00", "4330"},
    {"4332", "MIN TEMP F.", "N6+X1-?", "00", "4333"},
    {"4333", "MIN TEMP C.", "N6+X1-?", "00", "4332"},
    {"7001", "NSN", "N13", "01,02,8006,8026"},
    {"7002", "MEAT CUT", "X..30", kMeasured},
    {"7003", "EXPIRY TIME", "N6D+N4t", kGtin},
    {"7004", "ACTIVE POTENCY", "N..4", "01+10,03+10"},
    {"7005", "CATCH AREA", "X..12", kMeasured},
    {"7006", "FIRST FREEZE DATE", "N6D", kMeasured},
    {"7007", "HARVEST DATE", "N6D+N6D?", kMeasured},
    {"7008", "AQUATIC SPECIES", "X..3", kMeasured},
    {"7009", "FISHING GEAR TYPE", "X..10", kMeasured},
    {"7010", "PROD METHOD", "X..2", kGtin},
    {"7011", "TEST BY DATE", "N6D+N4t?", kGtin},
    {"7020", "REFURB LOT", "X..20", "01+416,03+416,8006+416"},
    {"7021", "FUNC STAT", "X..20", kSold},
    {"7022", "REV STAT", "X..20", "01+7021,03+7021,8006+7021"},
    {"7023", "GIAI - ASSEMBLY", "X..30p"},
    {"7030-7039", "PROCESSOR", "N3+X..27", kMeasured},
    {"7040", "UIC+EXT", "N1+X3", "", "", false},
    {"7041", "UFRGT UNIT TYPE", "X..4", "00", "", false},
    {"710", "NHRN PZN", "X..20", "01"},
    {"711", "NHRN CIP", "X..20", "01"},
    {"712", "NHRN CN", "X..20", "01"},
    {"713", "NHRN DRN", "X..20", "01"},
    {"714", "NHRN AIM", "X..20", "01"},
    {"715", "NHRN NDC", "X..20", "01"},
    {"716", "NHRN AIC", "X..20", "01"},
    {"717", "NHRN SRN", "X..20", "01"},
    {"7230-7239", "CERT", "X2+X..28", "01,8004"},
    {"7240", "PROTOCOL", "X..20", "01,8006", "03"},
    {"7241", "AIDC MEDIA TYPE", "N2", "8017,8018"},
    {"7242", "VCN", "X..25", "8017,8018"},
    {"8001", "DIMENSIONS", "N4z+N5z+N3z+N1+N1", "01"},
    {"8002", "CMT No.", "X..20"},
    {"8003", "GRAI", "N1o+N13c+X..16?", "", "", true, ""},
    {"8004", "GIAI", "X..30p", "", "", true, "7040"},
    {"8005", "PRICE PER UNIT", "N6", kMeasured},
    {"8006", "ITIP", "N14c+N4k", "", "01,03,37", true, "22,10,21"},
    {"8007", "IBAN", "X..34", "415"},
    {"8008", "PROD TIME", "N6D+N2h+N2m?+N2m?", kGtin},
    {"8009", "OPTSEN", "X..50", "00,01,03"},
    {"8010", "CPID", "Y..30p", "", "", true, "8011"},
    {"8011", "CPID SERIAL", "N..12l", "8010", "", false},
    {"8012", "VERSION", "X..20", kSold},
    {"8013", "GMN", "X..25p", "", "", true, ""},
    {"8014", "MUDI", "X..25p", "01", "", false},
    {"8017", "GSRN - PROVIDER", "N18c", "", "8018", true, "8019"},
    {"8018", "GSRN - RECIPIENT", "N18c", "", "8017", true, "8019"},
    {"8019", "SRIN", "N..10", "8017,8018", "", false},
    {"8020", "REF No.", "X..25", "415", "", false},
    {"8026", "ITIP CONTENT", "N14c+N4k", "37", "02,03,8006"},
    {"8030", "DIGSIG", "Z..90", "00,01+21,03+21,253,255,8003,8004,8006+21,8010+8011,8017,8018"},
    {"8040", "IMEI", "N15", "01+21", "", false},
    {"8041", "IMEI2", "N15", "01+21+8040", "", false},
    {"8042", "ESIM", "N32", "01+21+8040", "", false},
    {"8043", "PSIM", "N18+N..2?", "01+21+8040", "", false},
    {"8110", "COUPON", "X..70"},
    {"8111", "POINTS", "N4", "255"},
    {"8112", "COUPON OFFER", "X..70"},
    {"8200", "PRODUCT URL", "X..70", "01", "", false},
    {"90", "INTERNAL", "X..30"},
    {"91-99", "INTERNAL", "X..90"},
};

// Measures: six digits each, the last digit of the code is the number of decimals (0 to 5), and one
// unit stands only once in a scan.
struct Measure {
  const char* family;
  const char* title;
};

constexpr Measure kTradeMeasures[] = {
    {"310", "NET WEIGHT (kg)"},
    {"311", "LENGTH (m)"},
    {"312", "WIDTH (m)"},
    {"313", "HEIGHT (m)"},
    {"314", "AREA (m²)"},
    {"315", "NET VOLUME (l)"},
    {"316", "NET VOLUME (m³)"},
    {"320", "NET WEIGHT (lb)"},
    {"321", "LENGTH (in)"},
    {"322", "LENGTH (ft)"},
    {"323", "LENGTH (yd)"},
    {"324", "WIDTH (in)"},
    {"325", "WIDTH (ft)"},
    {"326", "WIDTH (yd)"},
    {"327", "HEIGHT (in)"},
    {"328", "HEIGHT (ft)"},
    {"329", "HEIGHT (yd)"},
    {"350", "AREA (in²)"},
    {"351", "AREA (ft²)"},
    {"352", "AREA (yd²)"},
    {"356", "NET WEIGHT (tr oz)"},
    {"357", "NET VOLUME (oz)"},
    {"360", "NET VOLUME (qt (US))"},
    {"361", "NET VOLUME (gal.)"},
    {"364", "NET VOLUME (in³)"},
    {"365", "NET VOLUME (ft³)"},
    {"366", "NET VOLUME (yd³)"},
};

constexpr Measure kLogisticMeasures[] = {
    {"330", "GROSS WEIGHT (kg)"},     {"331", "LENGTH (m), log"},
    {"332", "WIDTH (m), log"},        {"333", "HEIGHT (m), log"},
    {"334", "AREA (m²), log"},        {"335", "VOLUME (l), log"},
    {"336", "VOLUME (m³), log"},      {"340", "GROSS WEIGHT (lb)"},
    {"341", "LENGTH (in), log"},      {"342", "LENGTH (ft), log"},
    {"343", "LENGTH (yd), log"},      {"344", "WIDTH (in), log"},
    {"345", "WIDTH (ft), log"},       {"346", "WIDTH (yd), log"},
    {"347", "HEIGHT (in), log"},      {"348", "HEIGHT (ft), log"},
    {"349", "HEIGHT (yd), log"},      {"353", "AREA (in²), log"},
    {"354", "AREA (ft²), log"},       {"355", "AREA (yd²), log"},
    {"362", "VOLUME (qt (US)), log"}, {"363", "VOLUME (gal (US)), log"},
    {"367", "VOLUME (in³), log"},     {"368", "VOLUME (ft³), log"},
    {"369", "VOLUME (yd³), log"},
};

// General Specifications 7.8.5, figure "predefined length".
bool HasPredefinedLength(absl::string_view code) {
  int prefix = 0;
  (void)absl::SimpleAtoi(code.substr(0, 2), &prefix);
  return prefix <= 4 || (prefix >= 11 && prefix <= 20) || (prefix >= 31 && prefix <= 36) ||
         prefix == 41;
}

Gs1Rule RuleOf(char letter) {
  switch (letter) {
    case 'c':
      return Gs1Rule::kCheckDigit;
    case 'd':
      return Gs1Rule::kMonthOrDay;
    case 'D':
      return Gs1Rule::kDay;
    case 't':
      return Gs1Rule::kTime;
    case 'h':
      return Gs1Rule::kHour;
    case 'm':
      return Gs1Rule::kMinute;
    case 'p':
      return Gs1Rule::kCompanyPrefix;
    case 'k':
      return Gs1Rule::kPieceOfTotal;
    case 'z':
      return Gs1Rule::kNotZero;
    case 'o':
      return Gs1Rule::kZero;
    case 'l':
      return Gs1Rule::kNoLeadingZero;
    case 'y':
      return Gs1Rule::kYesOrNo;
    case '-':
      return Gs1Rule::kHyphen;
    default:
      return Gs1Rule::kNone;
  }
}

Gs1Part PartOf(absl::string_view text) {
  Gs1Part part;
  part.characters = text[0] == 'N'   ? Gs1Characters::kDigits
                    : text[0] == 'Y' ? Gs1Characters::kCset39
                    : text[0] == 'Z' ? Gs1Characters::kCset64
                                     : Gs1Characters::kCset82;
  text.remove_prefix(1);
  part.optional = absl::ConsumeSuffix(&text, "?");
  if (!absl::ascii_isdigit(static_cast<unsigned char>(text.back()))) {
    part.rule = RuleOf(text.back());
    text.remove_suffix(1);
  }
  const bool variable = absl::ConsumePrefix(&text, "..");
  int length = 0;
  (void)absl::SimpleAtoi(text, &length);
  part.length_max = static_cast<uint8_t>(length);
  part.length_min = variable ? 1 : part.length_max;
  return part;
}

Gs1Pattern PatternOf(absl::string_view text) {
  const absl::string_view fixed = text.substr(0, text.find('n'));
  const uint32_t mask = fixed.size() == text.size() ? ~0U : ~0U << 8 * (4 - fixed.size());
  return {std::string(text), Gs1Key(fixed), mask};
}

std::vector<Gs1Pattern> PatternsOf(absl::string_view text, char separator) {
  std::vector<Gs1Pattern> patterns;
  for (const absl::string_view one : absl::StrSplit(text, separator, absl::SkipEmpty())) {
    patterns.push_back(PatternOf(one));
  }
  return patterns;
}

ApplicationIdentifier Compile(const Row& row, std::string code) {
  ApplicationIdentifier ai;
  ai.predefined_length = HasPredefinedLength(code);
  ai.key = Gs1Key(code);
  ai.code = std::move(code);
  ai.title = row.title;
  for (const absl::string_view part : absl::StrSplit(row.format, '+')) {
    ai.parts.push_back(PartOf(part));
    if (!ai.parts.back().optional) ai.length_min += ai.parts.back().length_min;
    ai.length_max += ai.parts.back().length_max;
  }
  ai.excludes = PatternsOf(row.excludes, ',');
  for (const absl::string_view group : absl::StrSplit(row.needs, ',', absl::SkipEmpty())) {
    ai.needs_one_of.push_back(PatternsOf(group, '+'));
  }
  ai.link_attribute = row.attribute;
  ai.link_key = row.link != nullptr;
  if (ai.link_key) {
    for (const absl::string_view sequence : absl::StrSplit(row.link, '|', absl::SkipEmpty())) {
      ai.link_qualifiers.push_back(absl::StrSplit(sequence, ','));
    }
  }
  return ai;
}

// The table compiled: identifiers, and where each code's stands.
class Table {
 public:
  Table() {
    for (const Row& row : kRows) AddRow(row);
    for (const Measure& measure : kTradeMeasures) AddMeasure(measure, kMeasured);
    for (const Measure& measure : kLogisticMeasures) AddMeasure(measure, "00,01");
    AddMeasure({"337", "KG PER m²"}, "01");
    for (size_t i = 0; i < all_.size(); ++i) {
      const std::string& code = all_[i].code;
      code_length_[Number(code, 2)] = static_cast<uint8_t>(code.size());
      place_[Slot(code)] = static_cast<uint16_t>(i + 1);
    }
  }

  absl::Span<const ApplicationIdentifier> all() const { return all_; }

  const ApplicationIdentifier* At(absl::string_view data) const {
    if (data.size() < 2 || !AreDigits(data, 2)) return nullptr;
    const size_t length = code_length_[Number(data, 2)];
    if (length == 0 || data.size() < length || !AreDigits(data, length)) return nullptr;
    const uint16_t place = place_[Slot(data.substr(0, length))];
    return place == 0 ? nullptr : &all_[place - 1];
  }

 private:
  static bool AreDigits(absl::string_view text, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (text[i] < '0' || text[i] > '9') return false;
    }
    return true;
  }

  static size_t Number(absl::string_view digits, size_t count) {
    size_t number = 0;
    for (size_t i = 0; i < count; ++i) number = number * 10 + static_cast<size_t>(digits[i] - '0');
    return number;
  }

  // No code begins with another one, so all lengths can share the slots of four digits.
  static size_t Slot(absl::string_view code) {
    static constexpr size_t kScale[] = {10000, 1000, 100, 10, 1};
    return Number(code, code.size()) * kScale[code.size()];
  }

  void AddRow(const Row& row) {
    const std::pair<absl::string_view, absl::string_view> range =
        absl::StrSplit(absl::string_view(row.codes), absl::MaxSplits('-', 1));
    const absl::string_view last = range.second.empty() ? range.first : range.second;
    const size_t digits = range.first.size();
    for (size_t n = Number(range.first, digits); n <= Number(last, digits); ++n) {
      std::string code = absl::StrCat(n);
      code.insert(0, digits - code.size(), '0');
      all_.push_back(Compile(row, std::move(code)));
    }
  }

  void AddMeasure(const Measure& measure, const char* needs) {
    const std::string once = absl::StrCat(measure.family, "n");
    for (int decimals = 0; decimals <= 5; ++decimals) {
      const Row row{measure.family, measure.title, "N6", needs, once.c_str()};
      all_.push_back(Compile(row, absl::StrCat(measure.family, decimals)));
    }
  }

  std::vector<ApplicationIdentifier> all_;
  std::array<uint8_t, 100> code_length_{};
  std::array<uint16_t, 10000> place_{};  // one-based; 0 = no such code
};

const Table& Identifiers() {
  static const Table& table = *new Table;
  return table;
}

}  // namespace

absl::Span<const ApplicationIdentifier> AllApplicationIdentifiers() { return Identifiers().all(); }

const ApplicationIdentifier* FindApplicationIdentifier(absl::string_view code) {
  const ApplicationIdentifier* found = Identifiers().At(code);
  return found != nullptr && found->code == code ? found : nullptr;
}

const ApplicationIdentifier* FindApplicationIdentifierAt(absl::string_view data) {
  return Identifiers().At(data);
}

}  // namespace meso::inventory
