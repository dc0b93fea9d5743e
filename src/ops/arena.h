// The flat arenas as ops over all parameters see them: pieces that a device can bind, and blocks, of which each belongs
// to one parameter.
#pragma once

#include <algorithm>
#include <vector>

#include "lemnos/op.h"

namespace lemnos::ops {

constexpr uint64_t kBlock = Graph::kArenaAlignment;  // elements to an entry of a table by blocks

/// Bytes [at, at + size) of an arena.
struct ArenaPiece {
  uint64_t at, size;

  TensorRef of(TensorRef arena) const {
    arena.offset += at;
    arena.bytes = size;
    return arena;
  }
  /// The same blocks of a table with so many bytes for each.
  TensorRef of_table(TensorRef table, uint64_t bytes) const {
    constexpr uint64_t kBlockBytes = 4 * kBlock;
    table.offset += at / kBlockBytes * bytes;
    table.bytes = (size + kBlockBytes - 1) / kBlockBytes * bytes;
    return table;
  }
};

/// An arena of that many bytes of f32 in pieces that this device can bind. They begin where every binding's offset is
/// aligned, also that of a table with 8 bytes a block.
inline std::vector<ArenaPiece> arena_pieces(uint64_t bytes, const DeviceCaps& caps) {
  constexpr uint64_t kStep = 1u << 18;
  const uint64_t piece = std::max(kStep, std::min(caps.max_storage_range, uint64_t{1} << 32) / kStep * kStep);
  std::vector<ArenaPiece> pieces;
  for (uint64_t at = 0; at < bytes; at += piece) pieces.push_back({at, std::min(piece, bytes - at)});
  return pieces;
}

}  // namespace lemnos::ops
