#include "services/audit/rpc/source_convert.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"

namespace meso::audit {
namespace {

void ToProto(const SourceView& view, v1::Source* source) {
  const SourceRow& row = view.row;
  source->set_name(absl::StrCat("sources/", row.name, "/epochs/", row.epoch));
  source->set_service(row.name);
  source->set_epoch(row.epoch);
  source->set_last_sequence(row.last_sequence);
  source->set_current(view.current);
  meso::ToProto(absl::FromUnixNanos(row.state.last_time_ns), source->mutable_last_entry_time());
  if (row.state.heartbeat_time_ns != 0) {
    meso::ToProto(absl::FromUnixNanos(row.state.heartbeat_time_ns),
                  source->mutable_last_heartbeat_time());
  }
  source->set_claimed_sequence(row.state.claimed_sequence);
  const auto add_gap = [source](const std::pair<uint64_t, uint64_t>& numbers) {
    v1::SequenceRange* gap = source->add_gaps();
    gap->set_first(numbers.first);
    gap->set_last(numbers.second);
  };
  for (const auto& numbers : view.lost) add_gap(numbers);
  if (view.missing) add_gap(*view.missing);
  source->set_silent(view.silent);
  source->set_hash_mismatch(row.state.hash_mismatch);
  meso::ToProto(absl::FromUnixMicros(row.state.arrival_time_us),
                source->mutable_last_arrival_time());
  source->set_stopped(row.state.stopped);
}

}  // namespace

absl::StatusOr<SourceListRequest> FromProto(const v1::ListSourcesRequest& request) {
  FieldErrors errors;
  SourceListRequest list;
  list.page_size = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(list.after, ReadPageToken(request, request.page_token()));
  return list;
}

void ToProto(const SourcePage& page, const v1::ListSourcesRequest& request,
             v1::ListSourcesResponse* response) {
  for (const SourceView& view : page.sources) ToProto(view, response->add_sources());
  if (!page.next_after.empty()) {
    response->set_next_page_token(MakePageToken(request, page.next_after));
  }
}

}  // namespace meso::audit
