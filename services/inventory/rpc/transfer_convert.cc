#include "services/inventory/rpc/transfer_convert.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::ToProto;  // times and durations
namespace {

constexpr char kTransferPattern[] = "transfers/{uuid}";
constexpr int kResolutionsMax = 300;  // each line of a transfer in every kind

// A storage unit's code; empty stays empty.
std::string OneUnit(const std::string& code, absl::string_view field, FieldErrors& errors) {
  if (!code.empty() && !IsCode(code)) errors.Invalid(field, "1 to 64 of A-Z a-z 0-9 - _");
  return code;
}

std::string OrMain(std::string unit) { return unit.empty() ? kMainUnit : std::move(unit); }

void CheckAmpoules(int64_t ampoules, int64_t least, absl::string_view field, FieldErrors& errors) {
  if (ampoules < least || ampoules > kTransferAmpoulesMax) {
    errors.Invalid(field, absl::StrCat(least, " to ", kTransferAmpoulesMax));
  }
}

ReceivedLine OneReceivedLine(const v1::ReceivedLine& in, const std::string& field,
                             FieldErrors& errors) {
  ReceivedLine line;
  line.scan = in.scan();
  if (in.scan().size() > kScanLengthMax) errors.Invalid(field + ".scan", "at most 512");
  if (in.lot().empty() && in.scan().empty()) errors.Required(field + ".lot");
  CheckName("lots/{uuid}", in.lot(), field + ".lot", errors);
  CheckAmpoules(in.ampoules(), 0, field + ".ampoules", errors);
  CheckAmpoules(in.damaged_ampoules(), 0, field + ".damaged_ampoules", errors);
  CheckNote(in.reason(), field + ".reason", kTransferTextMax, errors);
  line.arrival.lot = LotName(in.lot());
  line.arrival.from_unit = OneUnit(in.from_storage_unit(), field + ".from_storage_unit", errors);
  line.arrival.unit = OrMain(OneUnit(in.storage_unit(), field + ".storage_unit", errors));
  line.arrival.ampoules = in.ampoules();
  line.arrival.damaged = in.damaged_ampoules();
  line.arrival.reason = in.reason();
  return line;
}

Resolution OneResolution(const v1::VarianceResolution& in, const std::string& field,
                         FieldErrors& errors) {
  Resolution resolution;
  CheckName("lots/{uuid}", in.lot(), field + ".lot", errors);
  CheckEnum(v1::VarianceResolution::Kind_IsValid(in.kind()), in.kind(), field + ".kind", errors);
  CheckAmpoules(in.ampoules(), 1, field + ".ampoules", errors);
  CheckNote(in.reason(), field + ".reason", kTransferTextMax, errors);
  resolution.lot = LotName(in.lot());
  resolution.from_unit = OneUnit(in.from_storage_unit(), field + ".from_storage_unit", errors);
  resolution.kind = static_cast<ResolutionKind>(in.kind());
  resolution.ampoules = in.ampoules();
  resolution.reason = in.reason();
  return resolution;
}

void ToLine(const TransferLine& in, v1::TransferLine* out) {
  out->set_lot(in.lot.value());
  out->set_storage_unit(in.unit);
  out->set_ampoules(in.ampoules);
  out->set_product(in.product.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_received_ampoules(in.received);
  out->set_damaged_ampoules(in.damaged);
  out->set_over_ampoules(in.over);
  out->set_lost_ampoules(in.lost);
  out->set_returned_ampoules(in.returned);
  out->set_in_transit_ampoules(in.in_transit);
}

}  // namespace

absl::StatusOr<CreateTransferRequest> FromProto(const v1::CreateTransferRequest& request) {
  const v1::Transfer& in = request.transfer();
  FieldErrors errors;
  CheckName("sites/{code}", in.from_site(), "transfer.from_site", errors);
  CheckName("sites/{code}", in.to_site(), "transfer.to_site", errors);
  CreateTransferRequest create;
  create.validate_only = request.validate_only();
  Transfer& transfer = create.transfer;
  transfer.from_site = SiteName(in.from_site());
  transfer.to_site = SiteName(in.to_site());
  transfer.document = in.document();
  transfer.expected_date = OneDate(in.expected_date(), "transfer.expected_date", errors);
  for (int i = 0; i < in.lines_size(); ++i) {
    const std::string field = absl::StrCat("transfer.lines[", i, "]");
    CheckName("lots/{uuid}", in.lines(i).lot(), field + ".lot", errors);
    TransferLine line;
    line.lot = LotName(in.lines(i).lot());
    line.unit = OrMain(OneUnit(in.lines(i).storage_unit(), field + ".storage_unit", errors));
    line.ampoules = in.lines(i).ampoules();
    transfer.lines.push_back(std::move(line));
  }
  CheckTransfer(transfer, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return create;
}

absl::StatusOr<ShipTransferRequest> FromProto(const v1::ShipTransferRequest& request) {
  MESO_ASSIGN_OR_RETURN(const TransferName name, OneName<TransferName>(request, kTransferPattern));
  return ShipTransferRequest{name, request.take_reserved(), request.etag()};
}

absl::StatusOr<ReceiveTransferRequest> FromProto(const v1::ReceiveTransferRequest& request) {
  FieldErrors errors;
  CheckName(kTransferPattern, request.name(), "name", errors);
  ReceiveTransferRequest receive;
  receive.name = TransferName(request.name());
  receive.etag = request.etag();
  const int lines_max = static_cast<int>(kTransferLinesMax);
  if (request.lines_size() > lines_max) errors.Invalid("lines", "at most 100");
  for (int i = 0; i < request.lines_size() && i < lines_max; ++i) {
    receive.lines.push_back(
        OneReceivedLine(request.lines(i), absl::StrCat("lines[", i, "]"), errors));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return receive;
}

absl::StatusOr<CloseTransferRequest> FromProto(const v1::CloseTransferRequest& request) {
  FieldErrors errors;
  CheckName(kTransferPattern, request.name(), "name", errors);
  CloseTransferRequest close;
  close.name = TransferName(request.name());
  close.etag = request.etag();
  if (request.resolutions_size() > kResolutionsMax) errors.Invalid("resolutions", "at most 300");
  for (int i = 0; i < request.resolutions_size() && i < kResolutionsMax; ++i) {
    close.resolutions.push_back(
        OneResolution(request.resolutions(i), absl::StrCat("resolutions[", i, "]"), errors));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return close;
}

absl::StatusOr<CancelTransferRequest> FromProto(const v1::CancelTransferRequest& request) {
  FieldErrors errors;
  CheckName(kTransferPattern, request.name(), "name", errors);
  CheckNote(request.reason(), "reason", kTransferTextMax, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return CancelTransferRequest{TransferName(request.name()), request.reason(), request.etag()};
}

absl::StatusOr<TransferName> FromProto(const v1::GetTransferRequest& request) {
  return OneName<TransferName>(request, kTransferPattern);
}

absl::StatusOr<PageQuery> FromProto(const v1::ListTransfersRequest& request) {
  return OnePage(request, {"state", "from_site", "to_site", "lot"});
}

void ToProto(const Transfer& in, v1::Transfer* out) {
  out->set_name(in.name.value());
  out->set_from_site(in.from_site.value());
  out->set_to_site(in.to_site.value());
  for (const TransferLine& line : in.lines) ToLine(line, out->add_lines());
  out->set_document(in.document);
  if (in.expected_date) out->set_expected_date(FormatDate(*in.expected_date));
  out->set_state(static_cast<v1::Transfer::State>(in.state));
  out->set_creator(in.creator);
  ToProto(in.create_time, out->mutable_create_time());
  out->set_shipper(in.shipper);
  if (in.ship_time != absl::InfinitePast()) ToProto(in.ship_time, out->mutable_ship_time());
  out->set_receiver(in.receiver);
  if (in.receive_time != absl::InfinitePast()) {
    ToProto(in.receive_time, out->mutable_receive_time());
  }
  out->set_closer(in.closer);
  out->set_etag(EtagOf(in.revision));
}

}  // namespace meso::inventory
