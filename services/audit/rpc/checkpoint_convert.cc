#include "services/audit/rpc/checkpoint_convert.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"

namespace meso::audit {
namespace {

constexpr uint64_t kSizeMax = INT64_MAX;
constexpr uint64_t kTileIndexMax = uint64_t{1} << 48;
constexpr size_t kCosignatureSizeMax = 1000;

}  // namespace

absl::StatusOr<CheckpointListRequest> FromProto(const v1::ListCheckpointsRequest& request) {
  FieldErrors errors;
  CheckpointListRequest list;
  list.page_size = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const std::string key, ReadPageToken(request, request.page_token()));
  if (key.empty()) return list;
  if (!absl::SimpleAtoi(key, &list.below) || list.below > kSizeMax) return PageTokenInvalid();
  return list;
}

absl::StatusOr<ConsistencyRequest> FromProto(const v1::GetConsistencyProofRequest& request) {
  FieldErrors errors;
  const ConsistencyRequest consistency{request.old_size(), request.tree_size()};
  if (consistency.old_size == 0) errors.Required("old_size");
  if (consistency.old_size > kSizeMax) errors.Invalid("old_size", "no tree is that large");
  if (consistency.tree_size > kSizeMax) errors.Invalid("tree_size", "no tree is that large");
  if (consistency.tree_size != 0 && consistency.tree_size < consistency.old_size) {
    errors.Invalid("tree_size", "at least old_size; 0 = the newest checkpoint's");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return consistency;
}

absl::StatusOr<TilePlace> FromProto(const v1::GetTileRequest& request) {
  FieldErrors errors;
  TilePlace place;
  place.level = request.level();
  place.index = request.index();
  if (request.width() != 0) place.width = request.width();
  if (place.level < 0 || place.level > kTileLevelMax) errors.Invalid("level", "0 to 7");
  if (place.index >= kTileIndexMax) errors.Invalid("index", "no level has that many tiles");
  if (place.width < 1 || place.width > kTileWidth) {
    errors.Invalid("width", "1 to 256; 0 = 256, a full tile");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return place;
}

absl::StatusOr<CosignatureRequest> FromProto(const v1::AddCosignatureRequest& request) {
  FieldErrors errors;
  CosignatureRequest cosignature{request.tree_size(), request.cosignature()};
  if (request.tree_size() == 0) errors.Required("tree_size");
  if (request.tree_size() > kSizeMax) errors.Invalid("tree_size", "no tree is that large");
  if (cosignature.line.empty()) {
    errors.Required("cosignature");
  } else if (cosignature.line.size() > kCosignatureSizeMax ||
             cosignature.line.find('\n') != std::string::npos) {
    errors.Invalid("cosignature", "one signature line of a note, without the newline");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return cosignature;
}

void ToProto(const CheckpointPage& page, const v1::ListCheckpointsRequest& request,
             v1::ListCheckpointsResponse* response) {
  for (const CheckpointView& view : page.checkpoints) ToProto(view, response->add_checkpoints());
  if (page.next_below) {
    response->set_next_page_token(MakePageToken(request, absl::StrCat(*page.next_below)));
  }
}

void ToProto(const ConsistencyView& view, v1::ConsistencyProof* proof) {
  proof->set_old_size(view.old_size);
  proof->set_tree_size(view.tree_size);
  for (const Hash& hash : view.hashes) proof->add_hashes(HashBytes(hash));
  proof->set_checkpoint(view.checkpoint_note);
}

void ToProto(const TileView& view, v1::Tile* tile) {
  tile->set_level(view.place.level);
  tile->set_index(view.place.index);
  tile->set_width(view.place.width);
  tile->set_hashes(view.hashes);
}

}  // namespace meso::audit
