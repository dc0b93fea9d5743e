// The hazard checker over whole training steps: each is sound as planned, and with any one barrier dropped it is not.

#include <gtest/gtest.h>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "models/zoo.h"
#include "ops/rewrites.h"
#include "plan/plan.h"
#include "shaders/kernels.h"

namespace lemnos::models {
namespace {

// Forward, loss, backward, clipping, Adam, the running statistics and the end of the step.
Plan step_of(const Model& model, const TensorDesc& x_desc, const Shape& targets) {
  Graph graph;
  const Value state = step_state(graph, 1);
  std::vector<Value> kept;
  nn::Scope scope(graph, state, true, 1);
  scope.updates = &kept;
  const Value logits = model(scope, graph.input("x", x_desc));
  const Value loss = softmax_cross_entropy(logits, graph.input("t", {targets, DType::i32}));
  place_gradients(loss);
  const optim::Optimizer adam = optim::Adam{};
  kept.push_back(optim::apply(graph, adam, {.clip_norm = 1}));
  kept.push_back(advance_step(state, optim::advance_options(adam)));
  kept.push_back(loss);
  PlanOptions options{.rewrites = {rewrites().begin(), rewrites().end()}, .find_kernel = find_kernel};
  for (Value v : kept) options.needs.targets.push_back(v.id());
  return make_plan(graph, DeviceCaps::portable(), options);
}

void expect_every_barrier_needed(Plan plan, size_t at_least) {
  const std::vector<std::string> hazards = find_hazards(plan.dispatches, plan.loops);
  EXPECT_TRUE(hazards.empty()) << hazards.front();
  size_t dropped = 0;
  for (PlannedDispatch& dispatch : plan.dispatches) {
    if (!dispatch.barrier_before) continue;
    dispatch.barrier_before = false;
    EXPECT_FALSE(find_hazards(plan.dispatches, plan.loops).empty())
        << "a needless barrier, or a blind checker, before " << label_of(plan, dispatch);
    dispatch.barrier_before = true;
    ++dropped;
  }
  EXPECT_GE(dropped, at_least);
}

TEST(Hazards, NoDroppedBarrierIsMissedInAConvolutionalStep) {
  expect_every_barrier_needed(step_of(convolutional(8, 32, 10), {{16, 1, 28, 28}, DType::f32}, {16}), 20);
}

TEST(Hazards, NoDroppedBarrierIsMissedInATransformerStep) {
  expect_every_barrier_needed(step_of(char_transformer(28, 64, 4, 2), {{4, 16}, DType::f32}, {4, 16}), 40);
}

// Nodes, launches and barriers of the plan do not know how long the sequences are.
TEST(Hazards, ARecurrentStepHasOnePlanForEveryLength) {
  const Plan shorter = step_of(char_lstm(28, 16, 24), {{4, 8}, DType::f32}, {4, 8});
  const Plan longer = step_of(char_lstm(28, 16, 24), {{4, 256}, DType::f32}, {4, 256});
  EXPECT_EQ(longer.nodes.size(), shorter.nodes.size());
  EXPECT_EQ(longer.loops.size(), 2u);
  EXPECT_EQ(longer.loops[0].times, 256);
  EXPECT_EQ(longer.loops[0].count, shorter.loops[0].count);
  EXPECT_EQ(longer.loops[1].count, shorter.loops[1].count);
  EXPECT_GT(longer.launches().size(), 256 * 4u);
}

TEST(Hazards, NoDroppedBarrierIsMissedInARecurrentStep) {
  expect_every_barrier_needed(step_of(char_lstm(28, 16, 24), {{4, 6}, DType::f32}, {4, 6}), 20);
}

}  // namespace
}  // namespace lemnos::models
