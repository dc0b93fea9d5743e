// Places blocks that live for an interval of steps into one arena, so that blocks alive at the same time do not overlap
// and the arena stays small: best fit by size over intervals. What is taken when is kept in a tree over time, so a
// block is compared with the few merged ranges around it instead of with all blocks that are alive.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lemnos {

struct Block {
  uint64_t bytes = 0;
  int first = 0;  // the dispatch that writes it
  int last = 0;   // the last dispatch that touches it, inclusive
};

struct Placement {
  std::vector<uint64_t> offsets;  // by block
  uint64_t bytes = 0;             // the arena
  uint64_t looked_at = 0;         // examined ranges, over all blocks: the cost of the search
};

/// Every offset is a multiple of `alignment`; `guard` unused bytes are before and after each block.
Placement place_blocks(std::span<const Block> blocks, uint64_t alignment, uint64_t guard = 0);

}  // namespace lemnos
