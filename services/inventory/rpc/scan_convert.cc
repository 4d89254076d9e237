#include "services/inventory/rpc/scan_convert.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/gs1_digital_link.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {
namespace {

std::string Text(absl::string_view text) { return std::string(text); }

std::string HumanReadable(const ScanElements& elements) {
  return absl::StrJoin(elements, "", [](std::string* out, const ScanElement& element) {
    absl::StrAppend(out, "(", element.ai(), ")", element.value);
  });
}

std::string ShortestElementString(const ScanElements& elements) {
  return WriteElementString(FixedLengthFirst(elements), kGroupSeparator);
}

void ToDates(const ParsedScan& in, v1::ParsedScan* out) {
  if (in.expiry) out->set_expiry_date(FormatDate(*in.expiry));
  if (in.production_date) out->set_production_date(FormatDate(*in.production_date));
  if (in.best_before_date) out->set_best_before_date(FormatDate(*in.best_before_date));
  if (in.expiry_time) out->set_expiry_time(absl::FormatCivilTime(*in.expiry_time));
}

void ToParsed(const ScanAnswer& in, v1::ParsedScan* out) {
  const ParsedScan& scan = in.scan;
  for (const ScanElement& element : scan.elements) {
    v1::ScanElement* line = out->add_elements();
    line->set_ai(Text(element.ai()));
    line->set_title(Text(element.title()));
    line->set_value(element.value);
  }
  out->set_gtin(scan.gtin);
  out->set_lot_number(scan.lot_number);
  out->set_serial_number(scan.serial_number);
  out->set_count(scan.count);
  out->set_sscc(scan.sscc);
  ToDates(scan, out);
  out->set_product(in.product.value());
  out->set_lot(in.lot.value());
  for (const ScanWarning& warning : scan.warnings) {
    v1::ScanWarning* line = out->add_warnings();
    line->set_code(warning.code);
    line->set_description(warning.description);
  }
  out->set_form(Text(ToText(scan.form)));
  out->set_symbology(scan.symbology);
  out->set_element_string(ShortestElementString(scan.elements));
  out->set_human_readable(HumanReadable(scan.elements));
  out->set_digital_link(WriteDigitalLink(scan.elements));
}

void ToError(const absl::Status& in, v1::ScanError* out) {
  const ErrorDetails details = DetailsOf(in);
  out->set_reason(details.reason);
  out->set_description(Text(in.message()));
  const auto ai = details.metadata.find("ai");
  if (ai != details.metadata.end()) out->set_ai(ai->second);
  const auto position = details.metadata.find("position");
  int32_t number = 0;
  if (position != details.metadata.end() && absl::SimpleAtoi(position->second, &number)) {
    out->set_position(number);
  }
}

}  // namespace

absl::StatusOr<ScanRequest> FromProto(const v1::ParseScanRequest& request) {
  FieldErrors errors;
  if (request.scan().empty() && request.scans().empty()) errors.Required("scan");
  if (!request.scan().empty() && !request.scans().empty()) {
    errors.Invalid("scans", "only one of scan and scans");
  }
  if (request.scan().size() > kScanLengthMax) {
    errors.Invalid("scan", absl::StrCat("at most ", kScanLengthMax, " characters"));
  }
  if (request.scans().size() > kScansMax) {
    errors.Invalid("scans", absl::StrCat("at most ", kScansMax, " scans"));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ScanRequest{request.scan(), {request.scans().begin(), request.scans().end()}};
}

absl::StatusOr<LabelRequest> FromProto(const v1::RenderLotLabelRequest& request) {
  FieldErrors errors;
  CheckName("lots/{uuid}", request.name(), "name", errors);
  CheckEnum(v1::RenderLotLabelRequest::Format_IsValid(request.format()), request.format(), "format",
            errors);
  if (request.scale() < 0 || request.scale() > kModulePixelsMax) {
    errors.Invalid("scale", absl::StrCat("1 to ", kModulePixelsMax, ", or 0 for ", kModulePixels));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  LabelRequest label;
  label.lot = LotName(request.name());
  if (request.format() == v1::RenderLotLabelRequest::FORMAT_PNG) label.format = LabelFormat::kPng;
  if (request.scale() > 0) label.pixels = request.scale();
  return label;
}

void ToProto(const ScanReply& in, v1::ParsedScan* out) {
  if (in.one) return ToParsed(*in.one, out);
  for (const absl::StatusOr<ScanAnswer>& result : in.results) {
    v1::ScanResult* line = out->add_results();
    if (result.ok()) {
      ToParsed(*result, line->mutable_parsed());
    } else {
      ToError(result.status(), line->mutable_error());
    }
  }
}

void ToProto(const LotLabel& in, v1::LotLabel* out) {
  out->set_content(in.content);
  out->set_media_type(Text(MediaTypeOf(in.format)));
  out->set_element_string(ShortestElementString(in.elements));
  out->set_human_readable(HumanReadable(in.elements));
}

}  // namespace meso::inventory
