#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lemnos/autograd.h"
#include "lemnos/error.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"
#include "ops/rewrites.h"
#include "shaders/kernels.h"

namespace lemnos {
namespace {

// A small network with its backward pass: two layers, shared weights' gradients, softmax, several readers of a value.
struct Network {
  Graph graph;
  std::vector<int> targets;

  explicit Network(int64_t batch = 16) {
    const Value x = graph.input("x", {{batch, 12}, DType::f32});
    const Value t = graph.input("t", {{batch}, DType::i32});
    const Value w1 = graph.parameter("w1", {20, 12}, std::vector<float>(240, .1f));
    const Value b1 = graph.parameter("b1", {20}, std::vector<float>(20, 0.f));
    const Value w2 = graph.parameter("w2", {5, 20}, std::vector<float>(100, .1f));
    const Value hidden = relu(linear(x, w1, b1));
    const Value logits = linear(hidden * sigmoid(hidden), w2);
    const Value loss = softmax_cross_entropy(logits, t);
    place_gradients(loss);
    targets = {loss.id(), graph.flat_gradients().id()};
  }

  Plan plan(bool share = true) const {
    return make_plan(graph, DeviceCaps::portable(),
                     {.needs = {targets, {}},
                      .rewrites = {rewrites().begin(), rewrites().end()},
                      .find_kernel = find_kernel,
                      .share_memory = share});
  }
};

TEST(Plan, HasNoHazards) {
  const Plan plan = Network().plan();
  EXPECT_GT(plan.dispatches.size(), 6u);
  EXPECT_TRUE(find_hazards(plan.dispatches, plan.loops).empty()) << find_hazards(plan.dispatches, plan.loops).front();
  EXPECT_LT(plan.barriers(), plan.dispatches.size());
}

TEST(Plan, TheCheckerMissesNoDroppedBarrier) {
  Plan plan = Network().plan();
  size_t dropped = 0;
  for (PlannedDispatch& dispatch : plan.dispatches) {
    if (!dispatch.barrier_before) continue;
    dispatch.barrier_before = false;
    EXPECT_FALSE(find_hazards(plan.dispatches, plan.loops).empty())
        << "a needless barrier, or a blind checker: " << dropped;
    dispatch.barrier_before = true;
    ++dropped;
  }
  EXPECT_GT(dropped, 3u);
}

TEST(Plan, SharesActivationMemory) {
  const Network network(256);
  EXPECT_LT(network.plan(true).activation_bytes, network.plan(false).activation_bytes);
}

TEST(Plan, ElementwiseResultsReuseMemory) {
  Graph graph;
  const Value x = graph.input("x", {{1000}, DType::f32}), row = graph.input("row", {{1}, DType::f32});
  const auto bytes = [&](Value target, bool share) {
    return make_plan(graph, DeviceCaps::portable(),
                     {.needs = {{target.id()}, {}}, .find_kernel = find_kernel, .share_memory = share})
        .activation_bytes;
  };
  // What is read after the step has memory of its own.
  EXPECT_EQ(bytes(identity(exp(tanh(relu(x)))), true), 2 * 4096u);
  EXPECT_EQ(bytes(identity(exp(tanh(relu(x)))), false), 4 * 4096u);
  EXPECT_EQ(bytes(identity(relu(x) * x), true), 2 * 4096u);
  const Value hidden = relu(x);
  EXPECT_EQ(bytes(identity(tanh(hidden) * hidden), true), 3 * 4096u) << "hidden is read once more";
  EXPECT_EQ(bytes(identity(relu(row) + x), true), 2 * 4096u + 256u) << "what is stretched cannot be written over";
  EXPECT_EQ(bytes(identity(sum(relu(x), {}, true)), true), 4096u + 2 * 256u) << "a sum is not elementwise";
}

TEST(Plan, RecomputesCheapActivations) {
  Graph graph;
  Value x = graph.input("x", {{64, 32}, DType::f32});
  for (int i = 0; i < 6; ++i)
    x = gelu(linear(x, graph.parameter("w" + std::to_string(i), {32, 32}, std::vector<float>(1024, .1f))));
  const Value loss = mse_loss(x, graph.input("t", {{64, 32}, DType::f32}));
  place_gradients(loss);
  const auto plan = [&](bool again) {
    return make_plan(graph, DeviceCaps::portable(),
                     {.needs = {{loss.id(), graph.flat_gradients().id()}, {}},
                      .rewrites = {rewrites().begin(), rewrites().end()},
                      .find_kernel = find_kernel,
                      .recompute = again});
  };
  const Plan kept = plan(false), made = plan(true);
  EXPECT_LT(made.activation_bytes * 4, kept.activation_bytes * 3);
  EXPECT_GT(made.dispatches.size(), kept.dispatches.size());
  EXPECT_LE(made.dispatches.size(), kept.dispatches.size() + 6);
  EXPECT_TRUE(find_hazards(made.dispatches).empty()) << find_hazards(made.dispatches).front();
}

// What draws from the step's state must not be drawn again once the state has moved on.
TEST(Plan, NothingIsRecomputedAmongTheUpdates) {
  Graph graph;
  const Value state = step_state(graph, 1);
  const Value kept = dropout(graph.input("x", {{64}, DType::f32}), state, .5f, 1);
  Value busy = graph.input("y", {{64}, DType::f32});
  for (int i = 0; i < 9; ++i) busy = relu(busy) + busy;
  const std::vector<float> zeros(64, 0.f);
  const Value memory = graph.variable("memory", {{64}, DType::f32}, std::as_bytes(std::span(zeros)));
  static constexpr Alias kUpdates[] = {{0, 0}};
  static const OpDef remember = {.name = "remember",
                                 .infer = [](const Infer& in) { return std::vector{in.in[0]}; },
                                 .lower = [](Lower&) { return std::vector<Dispatch>{}; },
                                 .updates = kUpdates};
  const Value remembered = graph.add(remember, {memory, kept});
  const Plan plan =
      make_plan(graph, DeviceCaps::portable(),
                {.needs = {{busy.id(), remembered.id()}, {}}, .find_kernel = find_kernel, .recompute = true});
  EXPECT_EQ(
      std::ranges::count_if(
          plan.nodes, [&](int i) { return plan.graph.nodes()[static_cast<size_t>(i)].op == &find_op("dropout"); }),
      1);
}

// What reads memory as an update left it runs after that update, wherever it was added; all else runs before.
TEST(Plan, ReadersOfAnUpdateComeAfterIt) {
  Graph graph;
  const Value p = graph.parameter("p", {64}, std::vector<float>(64, 1));
  place_gradient(affine(p, 2, 0), p);
  const Value state = step_state(graph), moved = advance_step(state, {});
  const Value noise = random_uniform(moved, {Shape{64}, DType::f32});
  const Value late = noise * 2.f, early = relu(graph.input("x", {{64}, DType::f32}));
  const Plan plan =
      make_plan(graph, DeviceCaps::portable(), {.needs = {{late.id(), early.id()}, {}}, .find_kernel = find_kernel});
  std::vector<std::string> order;
  for (int i : plan.nodes) order.emplace_back(plan.graph.nodes()[static_cast<size_t>(i)].op->name);
  EXPECT_EQ(order, (std::vector<std::string>{"relu", "advance_step", "random_uniform", "affine"}));
  EXPECT_EQ(plan.first_update, 1);
  EXPECT_TRUE(find_hazards(plan.dispatches, plan.loops).empty());
}

TEST(Plan, IsTheSameEveryTime) { EXPECT_EQ(to_string(Network().plan()), to_string(Network().plan())); }

TEST(Plan, RefusesAPlanLargerThanTheMemory) {
  const Network network(4096);
  const auto message = [&](const DeviceCaps& caps, uint64_t limit) -> std::string {
    try {
      make_plan(network.graph, caps,
                {.needs = {network.targets, {}}, .find_kernel = find_kernel, .memory_limit = limit});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message(DeviceCaps::portable(), 1000).find("plan: activations take "), std::string::npos);
  EXPECT_NE(message(DeviceCaps::portable(), 1000).find("the limit is 1000; the largest: "), std::string::npos);
  DeviceCaps narrow;
  narrow.max_storage_range = 4096;
  EXPECT_EQ(message(narrow, 0), "matmul: f32[4096, 20] takes 327680 bytes; this device binds at most 4096");
}

}  // namespace
}  // namespace lemnos
