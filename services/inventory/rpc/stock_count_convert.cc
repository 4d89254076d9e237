#include "services/inventory/rpc/stock_count_convert.h"

#include <set>
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
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {

using meso::ToProto;  // times and durations
namespace {

constexpr char kCountPattern[] = "sites/{code}/stockCounts/{uuid}";

void CheckUnit(const std::string& code, absl::string_view field, FieldErrors& errors) {
  if (!code.empty() && !IsCode(code)) errors.Invalid(field, "1 to 64 of A-Z a-z 0-9 - _");
}

CountedLine OneCountedLine(const v1::CountedLine& in, const std::string& field,
                           FieldErrors& errors) {
  if (in.lot().empty() && in.scan().empty()) errors.Required(field + ".lot");
  if (in.scan().size() > kScanLengthMax) errors.Invalid(field + ".scan", "at most 512");
  CheckName("lots/{uuid}", in.lot(), field + ".lot", errors);
  CheckUnit(in.storage_unit(), field + ".storage_unit", errors);
  CheckNote(in.reason(), field + ".reason", kCountReasonMax, errors);
  if (in.ampoules() < 0 || in.ampoules() > kCountedAmpoulesMax) {
    errors.Invalid(field + ".ampoules", absl::StrCat("0 to ", kCountedAmpoulesMax));
  }
  CountedLine line;
  line.scan = in.scan();
  line.lot = LotName(in.lot());
  line.unit = in.storage_unit().empty() ? kMainUnit : in.storage_unit();
  line.ampoules = in.ampoules();
  line.reason = in.reason();
  return line;
}

void ToLine(const CountLine& in, v1::CountLine* out) {
  out->set_lot(in.lot.value());
  out->set_storage_unit(in.unit);
  out->set_product(in.product.value());
  out->set_lot_number(in.lot_number);
  out->set_expiry_date(FormatDate(in.expiry));
  out->set_recount(in.recount);
  out->set_counts(in.counts);
  out->set_reason(in.reason);
  if (in.counts == 0) return;
  out->set_counted(true);
  out->set_counted_ampoules(in.counted);
  out->set_counter(in.counter);
  ToProto(in.count_time, out->mutable_count_time());
  // Who counts once more must not know what to find.
  if (!in.IsSettled()) return;
  out->set_book_ampoules(in.book);
  out->set_variance_ampoules(in.Variance());
}

}  // namespace

absl::StatusOr<CreateStockCountRequest> FromProto(const v1::CreateStockCountRequest& request) {
  FieldErrors errors;
  CheckName("sites/{code}", request.parent(), "parent", errors);
  CheckUnit(request.storage_unit(), "storage_unit", errors);
  CheckEnum(v1::AbcClass_IsValid(request.abc_class()), request.abc_class(), "abc_class", errors);
  CreateStockCountRequest create;
  create.site = SiteName(request.parent());
  create.unit = request.storage_unit();
  create.abc_class = static_cast<AbcClass>(request.abc_class());
  if (request.products_size() > kCountProductsMax) errors.Invalid("products", "at most 100");
  std::set<std::string> seen;
  for (int i = 0; i < request.products_size() && i < kCountProductsMax; ++i) {
    const std::string& product = request.products(i);
    if (!IsNameOf("products/{code}", product) || !seen.insert(product).second) {
      errors.Invalid(absl::StrCat("products[", i, "]"), "products/{code}, each once");
    }
    create.products.emplace_back(product);
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return create;
}

absl::StatusOr<RecordStockCountRequest> FromProto(const v1::RecordStockCountRequest& request) {
  FieldErrors errors;
  CheckName(kCountPattern, request.name(), "name", errors);
  RecordStockCountRequest record;
  record.name = StockCountName(request.name());
  if (request.lines_size() > kCountedLinesMax) errors.Invalid("lines", "at most 500");
  for (int i = 0; i < request.lines_size() && i < kCountedLinesMax; ++i) {
    record.lines.push_back(
        OneCountedLine(request.lines(i), absl::StrCat("lines[", i, "]"), errors));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return record;
}

absl::StatusOr<PostStockCountRequest> FromProto(const v1::PostStockCountRequest& request) {
  MESO_ASSIGN_OR_RETURN(const StockCountName name, OneName<StockCountName>(request, kCountPattern));
  return PostStockCountRequest{name, request.etag()};
}

absl::StatusOr<StockCountName> FromProto(const v1::CancelStockCountRequest& request) {
  return OneName<StockCountName>(request, kCountPattern);
}

absl::StatusOr<StockCountName> FromProto(const v1::GetStockCountRequest& request) {
  return OneName<StockCountName>(request, kCountPattern);
}

absl::StatusOr<SitePageQuery> FromProto(const v1::ListStockCountsRequest& request) {
  return OneSitePage(request, {"state"});
}

void ToProto(const StockCount& in, v1::StockCount* out) {
  out->set_name(in.name.value());
  out->set_state(static_cast<v1::StockCount::State>(in.state));
  out->set_storage_unit(in.unit);
  for (const ProductName& product : in.products) out->add_products(product.value());
  out->set_abc_class(static_cast<v1::AbcClass>(in.abc_class));
  for (const CountLine& line : in.lines) ToLine(line, out->add_lines());
  out->set_done_lines(static_cast<int32_t>(in.done_lines));
  out->set_creator(in.creator);
  ToProto(in.create_time, out->mutable_create_time());
  out->set_poster(in.poster);
  if (in.post_time != absl::InfinitePast()) ToProto(in.post_time, out->mutable_post_time());
  out->set_etag(EtagOf(in.revision));
}

}  // namespace meso::inventory
