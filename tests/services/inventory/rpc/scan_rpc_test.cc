// ParseScan and RenderLotLabel as a client sees them.
#include "absl/strings/match.h"
#include "tests/services/inventory/rpc/rpc_fixture.h"
#include "tests/support/symbol_reader.h"

namespace meso::inventory {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ScanRpcTest : public RpcServerFixture {
 protected:
  ScanRpcTest() { MakeProduct(); }

  absl::Status Parse(const std::string& scan, v1::ParsedScan* parsed) {
    v1::ParseScanRequest request;
    request.set_scan(scan);
    return Call(&Stub::ParseScan, nurse_, request, parsed);
  }
  // The name of a lot received with this number and expiry.
  std::string Receive(int n, const std::string& number, const std::string& expiry) {
    v1::ReceiveStockRequest request = Receipt(n, 4);
    request.set_lot_number(number);
    request.set_expiry_date(expiry);
    return ReceiveStock(request);
  }
  absl::Status Render(const std::string& lot, v1::RenderLotLabelRequest::Format format, int scale,
                      v1::LotLabel* label) {
    v1::RenderLotLabelRequest request;
    request.set_name(lot);
    request.set_format(format);
    request.set_scale(scale);
    return Call(&Stub::RenderLotLabel, nurse_, request, label);
  }
  const std::string auditor_ = server_.keys().Token("users/a", {"compliance_auditor@*"});
  const std::string nobody_ = server_.keys().Token("users/x", {});
};

TEST_F(ScanRpcTest, AScanSaysEverythingThatStandsInIt) {
  const std::string lot = Receive(1, "A1", "2027-06-30");
  v1::ParsedScan scan;
  ASSERT_EQ(Parse("]d2010952123400011221S1\x1d"
                  "10A1\x1d"
                  "1727063011250115"
                  "15270301"
                  "30"
                  "12\x1d"
                  "7003"
                  "2706302359",
                  &scan),
            absl::OkStatus());
  EXPECT_THAT(scan.elements(), SizeIs(8));
  EXPECT_EQ(scan.elements(1).ai(), "21");
  EXPECT_EQ(scan.elements(1).title(), "SERIAL");
  EXPECT_EQ(scan.elements(1).value(), "S1");
  EXPECT_EQ(scan.form(), "ELEMENT_STRING");
  EXPECT_EQ(scan.symbology(), "]d2");
  EXPECT_EQ(scan.gtin(), "09521234000112");
  EXPECT_EQ(scan.lot_number(), "A1");
  EXPECT_EQ(scan.serial_number(), "S1");
  EXPECT_EQ(scan.count(), 12);
  EXPECT_EQ(scan.expiry_date(), "2027-06-30");
  EXPECT_EQ(scan.production_date(), "2025-01-15");
  EXPECT_EQ(scan.best_before_date(), "2027-03-01");
  EXPECT_EQ(scan.expiry_time(), "2027-06-30T23:59");
  EXPECT_EQ(scan.product(), "products/A");
  EXPECT_EQ(scan.lot(), lot);
  EXPECT_EQ(scan.element_string(),
            "0109521234000112"
            "17270630"
            "11250115"
            "15270301"
            "21S1\x1d"
            "10A1\x1d"
            "3012\x1d"
            "70032706302359");
  EXPECT_EQ(scan.human_readable(),
            "(01)09521234000112(21)S1(10)A1(17)270630(11)250115(15)270301(30)12(7003)2706302359");
  EXPECT_EQ(scan.digital_link(),
            "https://id.gs1.org/01/09521234000112/10/A1/21/S1"
            "?17=270630&11=250115&15=270301&30=12&7003=2706302359");
  EXPECT_THAT(scan.warnings(), SizeIs(0));
  EXPECT_THAT(scan.results(), SizeIs(0));
}

TEST_F(ScanRpcTest, EveryFormLeadsToTheSameProduct) {
  for (const auto& [scan, form] : std::vector<std::pair<std::string, std::string>>{
           {"(01)09521234000112", "BRACKETED"},
           {"^0109521234000112", "ELEMENT_STRING"},
           {"https://example.com/01/09521234000112", "DIGITAL_LINK"},
           {"9521234000112", "PLAIN_GTIN"}}) {
    v1::ParsedScan parsed;
    ASSERT_EQ(Parse(scan, &parsed), absl::OkStatus()) << scan;
    EXPECT_EQ(parsed.form(), form);
    EXPECT_EQ(parsed.product(), "products/A") << scan;
    EXPECT_EQ(parsed.lot(), "") << scan;
    EXPECT_EQ(parsed.human_readable(), "(01)09521234000112") << scan;
  }
  v1::ParsedScan carton;
  ASSERT_EQ(Parse("(00)006141411234567890", &carton), absl::OkStatus());
  EXPECT_EQ(carton.sscc(), "006141411234567890");
  EXPECT_EQ(carton.product(), "");
  v1::ParsedScan plain;
  ASSERT_EQ(Parse("]d1TESTING", &plain), absl::OkStatus());
  EXPECT_EQ(plain.form(), "PLAIN_DATA");
  ASSERT_THAT(plain.warnings(), SizeIs(1));
  EXPECT_EQ(plain.warnings(0).code(), "NOT_GS1");
}

TEST_F(ScanRpcTest, WarningsAreInTheAnswer) {
  v1::ParsedScan parsed;
  ASSERT_EQ(Parse("^010952123400011210LOT117270600", &parsed), absl::OkStatus());
  ASSERT_THAT(parsed.warnings(), SizeIs(1));
  EXPECT_EQ(parsed.warnings(0).code(), "LOT_ABSORBED_ELEMENT");
  ASSERT_EQ(Parse("(01)09521234000112(17)270600", &parsed), absl::OkStatus());
  ASSERT_THAT(parsed.warnings(), SizeIs(1));
  EXPECT_EQ(parsed.warnings(0).code(), "EXPIRY_DAY_ZERO");
  EXPECT_EQ(parsed.expiry_date(), "2027-06-30");
}

TEST_F(ScanRpcTest, ManyScansAreAnsweredOneByOne) {
  const std::string lot = Receive(1, "A1", "2027-06-30");
  v1::ParseScanRequest request;
  request.add_scans("]d201095212340001121727063010A1");
  request.add_scans("]d20109521234000113");
  request.add_scans("(01)09521234000112(17)271330");
  request.add_scans("(01)09521234000112(10)A(10)B");
  request.add_scans("");
  request.add_scans(std::string(513, 'A'));
  request.add_scans("9521234000112");
  v1::ParsedScan answer;
  ASSERT_EQ(Call(&Stub::ParseScan, nurse_, request, &answer), absl::OkStatus());
  EXPECT_EQ(answer.gtin(), "");
  EXPECT_EQ(answer.form(), "");
  ASSERT_THAT(answer.results(), SizeIs(7));
  EXPECT_EQ(answer.results(0).parsed().lot(), lot);
  EXPECT_EQ(answer.results(0).parsed().product(), "products/A");
  const struct {
    int index;
    const char* reason;
    const char* ai;
    int position;
  } errors[] = {{1, "CHECK_DIGIT_WRONG", "01", 18},
                {2, "SCAN_UNREADABLE", "17", 24},
                {3, "SCAN_AMBIGUOUS", "10", 27},
                {4, "SCAN_UNREADABLE", "", 0},
                {5, "SCAN_UNREADABLE", "", 512}};
  for (const auto& expected : errors) {
    ASSERT_TRUE(answer.results(expected.index).has_error()) << expected.index;
    const v1::ScanError& error = answer.results(expected.index).error();
    EXPECT_EQ(error.reason(), expected.reason) << expected.index;
    EXPECT_EQ(error.ai(), expected.ai) << expected.index;
    EXPECT_EQ(error.position(), expected.position) << expected.index;
    EXPECT_THAT(error.description(), HasSubstr("The scan can't be used")) << expected.index;
  }
  EXPECT_EQ(answer.results(6).parsed().form(), "PLAIN_GTIN");
}

TEST_F(ScanRpcTest, ASingleUnreadableScanIsARefusalWithPlaceAndElement) {
  v1::ParsedScan parsed;
  const absl::Status status = Parse("(01)09521234000112(17)271330", &parsed);
  Expect(status, Code::kInvalidArgument, "SCAN_UNREADABLE", "scan");
  EXPECT_EQ(DetailsOf(status).metadata.at("position"), "24");
  EXPECT_EQ(DetailsOf(status).metadata.at("ai"), "17");
  EXPECT_EQ(DetailsOf(status).metadata.at("category"), "DATE");
  Expect(Parse("(01)09521234000113", &parsed), Code::kInvalidArgument, "CHECK_DIGIT_WRONG");
  Expect(Parse("(01)09521234000112(10)A(10)B", &parsed), Code::kInvalidArgument, "SCAN_AMBIGUOUS");
}

TEST_F(ScanRpcTest, RefusesBadParseRequests) {
  v1::ParsedScan parsed;
  v1::ParseScanRequest request;
  ExpectNaming(Call(&Stub::ParseScan, nurse_, request, &parsed), Code::kInvalidArgument,
               "FIELD_REQUIRED", {"scan"});
  request.set_scan(std::string(513, '1'));
  ExpectNaming(Call(&Stub::ParseScan, nurse_, request, &parsed), Code::kInvalidArgument,
               "FIELD_INVALID", {"scan"});
  request.set_scan("9521234000112");
  request.add_scans("9521234000112");
  ExpectNaming(Call(&Stub::ParseScan, nurse_, request, &parsed), Code::kInvalidArgument,
               "FIELD_INVALID", {"scans"});
  request.clear_scan();
  Expect(Call(&Stub::ParseScan, auditor_, request, &parsed), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  for (int i = 1; i < 500; ++i) request.add_scans("9521234000112");
  ASSERT_EQ(Call(&Stub::ParseScan, nurse_, request, &parsed), absl::OkStatus());
  EXPECT_THAT(parsed.results(), SizeIs(500));
  request.add_scans("9521234000112");
  ExpectNaming(Call(&Stub::ParseScan, nurse_, request, &parsed), Code::kInvalidArgument,
               "FIELD_INVALID", {"scans"});
}

TEST_F(ScanRpcTest, ALabelIsReadBackAsItsLot) {
  const std::string lot = Receive(1, "LOT-7/A", "2027-02-28");
  v1::LotLabel label;
  ASSERT_EQ(Render(lot, v1::RenderLotLabelRequest::FORMAT_PNG, 6, &label), absl::OkStatus());
  EXPECT_EQ(label.media_type(), "image/png");
  // The last day of the month in full, never day 00.
  EXPECT_EQ(label.element_string(),
            "010952123400011217270228"
            "10LOT-7/A");
  EXPECT_EQ(label.human_readable(), "(01)09521234000112(17)270228(10)LOT-7/A");
  const std::string scanned = ScanOf(label.content());
  EXPECT_EQ(scanned, absl::StrCat("]d2", label.element_string()));
  v1::ParsedScan parsed;
  ASSERT_EQ(Parse(scanned, &parsed), absl::OkStatus());
  EXPECT_EQ(parsed.lot(), lot);
  EXPECT_EQ(parsed.product(), "products/A");
  EXPECT_EQ(parsed.expiry_date(), "2027-02-28");
  EXPECT_EQ(parsed.element_string(), label.element_string());
  EXPECT_EQ(parsed.human_readable(), label.human_readable());
  EXPECT_THAT(parsed.warnings(), SizeIs(0));
}

TEST_F(ScanRpcTest, ALabelIsAnSvgUnlessAskedOtherwise) {
  const std::string lot = Receive(1, "A1", "2027-06-30");
  v1::LotLabel usual, named, large;
  ASSERT_EQ(Render(lot, v1::RenderLotLabelRequest::FORMAT_UNSPECIFIED, 0, &usual),
            absl::OkStatus());
  EXPECT_EQ(usual.media_type(), "image/svg+xml");
  ASSERT_EQ(Render(lot, v1::RenderLotLabelRequest::FORMAT_SVG, 4, &named), absl::OkStatus());
  EXPECT_EQ(usual.content(), named.content());
  ASSERT_EQ(Render(lot, v1::RenderLotLabelRequest::FORMAT_SVG, 20, &large), absl::OkStatus());
  EXPECT_NE(large.content(), named.content());
}

TEST_F(ScanRpcTest, RefusesLabelsThatCannotBe) {
  const std::string lot = Receive(1, "A1", "2027-06-30");
  const auto svg = v1::RenderLotLabelRequest::FORMAT_SVG;
  v1::LotLabel label;
  ExpectNaming(Render("", svg, 4, &label), Code::kInvalidArgument, "FIELD_REQUIRED", {"name"});
  ExpectNaming(Render("lots/1", svg, 4, &label), Code::kInvalidArgument, "FIELD_INVALID", {"name"});
  ExpectNaming(Render(lot, svg, 21, &label), Code::kInvalidArgument, "FIELD_INVALID", {"scale"});
  ExpectNaming(Render(lot, svg, -1, &label), Code::kInvalidArgument, "FIELD_INVALID", {"scale"});
  ExpectNaming(Render(lot, static_cast<v1::RenderLotLabelRequest::Format>(9), 4, &label),
               Code::kInvalidArgument, "FIELD_INVALID", {"format"});
  Expect(Render(absl::StrCat("lots/", Uuid(1)), svg, 4, &label), Code::kNotFound,
         "RESOURCE_NOT_FOUND");
  v1::RenderLotLabelRequest request;
  request.set_name(lot);
  Expect(Call(&Stub::RenderLotLabel, nobody_, request, &label), Code::kPermissionDenied,
         "ROLE_REQUIRED");
  EXPECT_EQ(Call(&Stub::RenderLotLabel, auditor_, request, &label), absl::OkStatus());
  // Two digits of a year can't say 2099: a reader would take it for 1999.
  Expect(Render(Receive(2, "FAR", "2099-01-01"), svg, 4, &label), Code::kFailedPrecondition,
         "STATE_NOT_ALLOWED");
  EXPECT_TRUE(server_.database()
                  .Transact([](Transaction& tx) {
                    return tx.Execute("UPDATE product SET gtin = '', draft = 1", {});
                  })
                  .ok());
  Expect(Render(lot, svg, 4, &label), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

}  // namespace
}  // namespace meso::inventory
