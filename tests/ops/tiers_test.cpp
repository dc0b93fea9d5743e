// What a smaller size of the suite must still show.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "all_cases.h"
#include "check/runner.h"
#include "lemnos/error.h"

namespace lemnos::check {
namespace {

using Way = std::tuple<std::string, DType, std::string>;  // op, type, variant

// The cases that each way to run an op meets.
std::map<Way, std::set<size_t>> ways(const std::vector<Case>& cases, Tier tier) {
  std::map<Way, std::set<size_t>> met;
  for (const Run& run : expand(cases, {.tier = tier}))
    if (run.direction != Direction::second) met[{run.item->op, run.dtype, run.variant}].insert(run.index);
  return met;
}

TEST(Tiers, TheBroadTierRunsEveryVariantOfEveryOpInEveryType) {
  constexpr size_t kEnough = 12;
  const std::vector<Case> cases = all_cases();
  const auto whole = ways(cases, Tier::whole);
  auto broad = ways(cases, Tier::broad);
  for (const auto& [way, all] : whole) {
    const auto& [op, dtype, variant] = way;
    const size_t least = dtype == DType::f32 ? std::min(kEnough, all.size()) : 1;
    EXPECT_GE(broad[way].size(), least) << op << '/' << to_string(dtype) << '/' << variant << " of " << all.size();
  }
}

TEST(Tiers, TheFastTierRunsEveryVariantOfEveryOpThatHasCasesForAll) {
  const std::vector<Case> cases = all_cases();
  const auto whole = ways(cases, Tier::whole);
  auto fast = ways(cases, Tier::fast);
  for (const auto& [way, all] : whole) {
    const auto& [op, dtype, variant] = way;
    if (dtype == DType::f32 && all.size() >= 20) {
      EXPECT_GE(fast[way].size(), 1u) << op << '/' << variant << " of " << all.size();
    }
  }
}

TEST(Tiers, AreKnownByTheirNames) {
  EXPECT_EQ(find_tier(""), Tier::whole);
  EXPECT_EQ(find_tier("broad"), Tier::broad);
  EXPECT_EQ(find_tier("smoke"), Tier::smoke);
  try {
    (void)find_tier("quick");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "check: no tier 'quick', only whole, broad, fast, smoke");
  }
}

}  // namespace
}  // namespace lemnos::check
