#include "services/audit/domain/tile.h"

#include <limits>

#include "common/base/status_macros.h"

namespace meso::audit {

uint64_t LeavesUnder(const TilePlace& place) {
  const uint64_t nodes = place.index * kTileWidth + static_cast<uint64_t>(place.width);
  const int shift = 8 * place.level;
  if (nodes > std::numeric_limits<uint64_t>::max() >> shift) {
    return std::numeric_limits<uint64_t>::max();
  }
  return nodes << shift;
}

absl::StatusOr<std::string> ReadTile(const TilePlace& place, const NodeReader& read) {
  std::string hashes;
  for (uint64_t i = 0; i < static_cast<uint64_t>(place.width); ++i) {
    MESO_ASSIGN_OR_RETURN(const Hash hash, read(8 * place.level, place.index * kTileWidth + i));
    hashes += HashBytes(hash);
  }
  return hashes;
}

}  // namespace meso::audit
