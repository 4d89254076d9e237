// Tiles of the tree (C2SP tlog-tiles): 256 hashes of one level at a time, for mirrors and for
// verifiers with many proofs to check.
//
// Tile (level, index) holds the nodes of the tree's level 8 * level from index * 256 on; only
// complete nodes, so a tile never changes. The last one of a level may be partial. Pure apart from
// the reader passed in.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_TILE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_TILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {

inline constexpr int kTileWidth = 256;
inline constexpr int kTileLevelMax = 7;

struct TilePlace {
  int level = 0;       // 0 to kTileLevelMax
  uint64_t index = 0;  // below 2^48
  int width = kTileWidth;
};

// The number of leaves a tree must have to hold all of the tile.
uint64_t LeavesUnder(const TilePlace& place);

// The hashes behind each other, 32 bytes each. Errors: those of `read`.
absl::StatusOr<std::string> ReadTile(const TilePlace& place, const NodeReader& read);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_TILE_H_
