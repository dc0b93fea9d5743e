// A plan cut into segments: everything is covered once, the update phase begins with a segment, long dispatches are
// split.
#include "plan/segments.h"

#include <gtest/gtest.h>

#include "lemnos/autograd.h"
#include "lemnos/ops.h"
#include "lemnos/optim.h"
#include "ops/rewrites.h"
#include "shaders/kernels.h"

namespace lemnos {
namespace {

Plan training_plan(int64_t width, const DeviceCaps& caps) {
  Graph graph;
  const Value x = graph.input("x", {{width, width}, DType::f32});
  const Value w = graph.parameter("w", {width, width}, std::vector<float>(static_cast<size_t>(width * width), .1f));
  const Value loss = mean(square(relu(linear(x, w))));
  place_gradients(loss);
  const Value updated = optim::apply(graph, optim::Sgd{});
  const Value state = advance_step(step_state(graph), {});
  return make_plan(graph, caps, {.needs = {{updated.id(), state.id(), loss.id()}, {}}, .find_kernel = find_kernel});
}

TEST(Segments, CoverEveryWorkgroupOnce) {
  const DeviceCaps caps = DeviceCaps::portable();
  const Plan plan = training_plan(512, caps);
  const Segments cut = cut_segments(plan, caps, 50);
  ASSERT_EQ(cut.parts.size(), cut.guesses.size());
  std::vector<uint64_t> groups(plan.dispatches.size(), 0);
  bool split = false;
  int last = 0;
  for (const Part& part : cut.parts) {
    EXPECT_GE(part.dispatch, last);
    last = part.dispatch;
    groups[static_cast<size_t>(part.dispatch)] += uint64_t{part.count[0]} * part.count[1] * part.count[2];
    split = split || !part.whole;
  }
  EXPECT_TRUE(split) << "a product of 512^3 takes longer than 50 microseconds by the guess";
  for (size_t i = 0; i < groups.size(); ++i) EXPECT_GE(groups[i], plan.dispatches[i].dispatch.groups) << i;
  int next = 0;
  for (const Segment& segment : cut.segments) {
    EXPECT_EQ(segment.first, next);
    EXPECT_GT(segment.count, 0);
    next += segment.count;
  }
  EXPECT_EQ(static_cast<size_t>(next), cut.parts.size());
}

TEST(Segments, PartsOfADispatchFollowEachOtherWithoutAGap) {
  const DeviceCaps caps = DeviceCaps::portable();
  const Segments cut = cut_segments(training_plan(512, caps), caps, 20);
  for (size_t i = 1; i < cut.parts.size(); ++i) {
    const Part &before = cut.parts[i - 1], &part = cut.parts[i];
    if (part.dispatch != before.dispatch) continue;
    EXPECT_FALSE(part.whole);
    EXPECT_EQ(part.base[0], before.base[0] + before.count[0]);
  }
}

TEST(Segments, TheUpdatePhaseBeginsWithASegmentAndIsCutLikeTheRest) {
  const DeviceCaps caps = DeviceCaps::portable();
  const Plan plan = training_plan(512, caps);
  for (double target : {1e-3, 50., 1e9}) {
    const Segments cut = cut_segments(plan, caps, target);
    ASSERT_LT(cut.first_update, cut.segments.size());
    const Segment& first = cut.segments[cut.first_update];
    EXPECT_EQ(cut.parts[static_cast<size_t>(first.first)].dispatch, plan.first_update);
    ASSERT_GT(first.first, 0);
    EXPECT_LT(cut.parts[static_cast<size_t>(first.first) - 1].dispatch, plan.first_update);
    const size_t of_the_update = cut.segments.size() - cut.first_update;
    EXPECT_TRUE(target != 1e-3 || of_the_update > 1);
    EXPECT_TRUE(target != 1e9 || of_the_update == 1);
  }
}

TEST(Segments, ThereAreNeverTooMany) {
  const DeviceCaps caps = DeviceCaps::portable();
  EXPECT_LE(cut_segments(training_plan(512, caps), caps, 1e-3).segments.size(), kMostSegments);
}

TEST(Segments, WorkgroupsOfThreeDimensionsAreCutAlongTheOutermost) {
  DeviceCaps caps = DeviceCaps::portable();
  caps.max_workgroup_count = 7;
  const Plan plan = training_plan(256, caps);
  const Segments cut = cut_segments(plan, caps, 5);
  for (const Part& part : cut.parts) {
    const auto whole = split_groups(plan.dispatches[static_cast<size_t>(part.dispatch)].dispatch.groups, 7);
    if (part.whole) continue;
    const size_t axis = whole[2] > 1 ? 2 : whole[1] > 1 ? 1 : 0;
    for (size_t other : {0, 1, 2}) EXPECT_TRUE(other == axis || part.count[other] == whole[other]) << other;
  }
}

}  // namespace
}  // namespace lemnos
