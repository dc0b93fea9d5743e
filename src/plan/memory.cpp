#include "plan/memory.h"

#include <algorithm>
#include <numeric>

namespace lemnos {

namespace {

struct Gap {
  uint64_t begin, end;
};

// The gaps that blocks alive during [first, last] leave, in order; the last one is open-ended.
std::vector<Gap> gaps(std::span<const Block> blocks, const Placement& placed, std::span<const size_t> done,
                      const Block& wanted, uint64_t guard) {
  std::vector<Gap> taken;
  for (size_t i : done)
    if (blocks[i].first <= wanted.last && wanted.first <= blocks[i].last)
      taken.push_back({placed.offsets[i] - guard, placed.offsets[i] + blocks[i].bytes + guard});
  std::ranges::sort(taken, {}, &Gap::begin);
  std::vector<Gap> free;
  uint64_t at = 0;
  for (const Gap& t : taken) {
    if (t.begin > at) free.push_back({at, t.begin});
    at = std::max(at, t.end);
  }
  free.push_back({at, UINT64_MAX});
  return free;
}

}  // namespace

// Large blocks first: a small one fits into the gaps that they leave, not the other way round. Within the gaps that
// fit, the tightest is taken.
Placement place_blocks(std::span<const Block> blocks, uint64_t alignment, uint64_t guard) {
  Placement placed{std::vector<uint64_t>(blocks.size(), 0), 0};
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  const auto align = [&](uint64_t v) { return (v + alignment - 1) / alignment * alignment; };
  for (size_t n = 0; n < order.size(); ++n) {
    const Block& block = blocks[order[n]];
    uint64_t best = 0, best_size = UINT64_MAX;
    for (const Gap& gap : gaps(blocks, placed, std::span(order).first(n), block, guard)) {
      const uint64_t at = align(gap.begin + guard);
      const bool fits = gap.end == UINT64_MAX || at + block.bytes + guard <= gap.end;
      const uint64_t size = gap.end - gap.begin;
      if (!fits || (best_size != UINT64_MAX && size >= best_size)) continue;
      best = at;
      best_size = size;
      if (gap.end == UINT64_MAX) break;
    }
    placed.offsets[order[n]] = best;
    placed.bytes = std::max(placed.bytes, align(best + block.bytes + guard));
  }
  return placed;
}

}  // namespace lemnos
