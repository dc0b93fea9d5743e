#include "plan/memory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace lemnos {
namespace {

void expect_sound(std::span<const Block> blocks, const Placement& placed, uint64_t alignment, uint64_t guard) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(placed.offsets[i] % alignment, 0u);
    EXPECT_GE(placed.offsets[i], guard);
    EXPECT_LE(placed.offsets[i] + blocks[i].bytes + guard, placed.bytes);
    for (size_t j = 0; j < i; ++j) {
      if (blocks[i].first > blocks[j].last || blocks[j].first > blocks[i].last) continue;
      const bool apart = placed.offsets[i] + blocks[i].bytes + guard <= placed.offsets[j] ||
                         placed.offsets[j] + blocks[j].bytes + guard <= placed.offsets[i];
      EXPECT_TRUE(apart) << "blocks " << j << " and " << i << " live at once and overlap";
    }
  }
}

// What is alive at the busiest moment: no placement can be smaller.
uint64_t lower_bound(std::span<const Block> blocks) {
  uint64_t most = 0;
  for (const Block& at : blocks) {
    uint64_t alive = 0;
    for (const Block& b : blocks)
      if (b.first <= at.first && at.first <= b.last) alive += b.bytes;
    most = std::max(most, alive);
  }
  return most;
}

TEST(Memory, AnEmptyPlanNeedsNoMemory) { EXPECT_EQ(place_blocks({}, 256).bytes, 0u); }

TEST(Memory, ReusesMemoryAfterTheEndOfALifetime) {
  const Block chain[] = {{1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}};
  const Placement placed = place_blocks(chain, 256);
  expect_sound(chain, placed, 256, 0);
  EXPECT_EQ(placed.bytes, 2048u);
}

TEST(Memory, RandomLivesStaySoundAndCloseToTheBound) {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Block> blocks(60);
    for (Block& b : blocks) {
      b.bytes = 256 * (1 + random.below(64));
      b.first = static_cast<int>(random.below(100));
      b.last = b.first + static_cast<int>(random.below(20));
    }
    const Placement placed = place_blocks(blocks, 256);
    expect_sound(blocks, placed, 256, 0);
    EXPECT_LE(placed.bytes, lower_bound(blocks) * 13 / 10) << "round " << round;
    const Placement guarded = place_blocks(blocks, 256, 1024);
    expect_sound(blocks, guarded, 256, 1024);
  }
}

// What a step through `layers` layers keeps: each output until its gradient, and gradients from one layer to the next.
std::vector<Block> deep_step(int layers) {
  std::vector<Block> blocks;
  for (int i = 0; i < layers; ++i) blocks.push_back({1024, i, 2 * layers - i});
  for (int i = 0; i < layers; ++i) blocks.push_back({1000, layers + i, layers + i + 1});
  return blocks;
}

TEST(Memory, TenTimesTheLayersCostAtMostTwelveTimesTheSearch) {
  const std::vector<Block> shallow = deep_step(300), deep = deep_step(3000);
  const Placement few = place_blocks(shallow, 256), many = place_blocks(deep, 256);
  expect_sound(shallow, few, 256, 0);
  EXPECT_LE(few.bytes, lower_bound(shallow) + 1024);
  EXPECT_LE(many.bytes, lower_bound(deep) + 1024);
  EXPECT_LE(many.looked_at, 15 * few.looked_at) << few.looked_at << " ranges for 300 layers";
}

}  // namespace
}  // namespace lemnos
