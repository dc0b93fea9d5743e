// Four steps of every optimizer against PyTorch: the update ops in double, and the public optimizers on a session. And
// what scales a step: schedules and clipping.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "golden/golden_file.h"
#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "ops/op_table.h"
#include "optim/spec.h"
#include "reference/optimizer.h"
#include "reference/schedule.h"
#include "runtime/backends.h"
#include "runtime/oracle.h"
#include "shaders/common/step_state.h"

namespace lemnos::golden {
namespace {

class OptimizerGolden : public testing::TestWithParam<size_t> {
 protected:
  const OptimizerCase& golden() const { return golden_file().optimizers.at(GetParam()); }
};

// The smallest arena is one quad; all four elements take the same way.
Value quad(Graph& graph, const std::string& name, double value) {
  const std::vector<float> values(4, static_cast<float>(value));
  return graph.variable(name, {Shape{4}, DType::f32}, std::as_bytes(std::span(values)));
}

// The public optimizer that a case is about.
optim::Optimizer optimizer_of(const std::string& name) {
  using namespace optim;
  const std::map<std::string, Optimizer> known = {
      {"sgd", Sgd{}},
      {"sgd_weight_decay", Sgd{.weight_decay = .1f}},
      {"momentum", Sgd{.momentum = .9f}},
      {"momentum_dampening", Sgd{.momentum = .9f, .dampening = .3f}},
      {"nesterov", Sgd{.momentum = .9f, .nesterov = true}},
      {"adagrad", Adagrad{}},
      {"adagrad_lr_decay", Adagrad{.lr_decay = .1f}},
      {"adadelta", Adadelta{}},
      {"rmsprop", RmsProp{}},
      {"rmsprop_centered", RmsProp{.momentum = .9f, .centered = true}},
      {"adam", Adam{}},
      {"adamw", AdamW{}},
      {"amsgrad", Adam{.amsgrad = true}},
      {"nadam", NAdam{}},
      {"adamax", Adamax{}},
      {"radam", RAdam{}},
      {"lion", Lion{}},
      {"asgd", Asgd{.lambda = .1f}},
      {"rprop", Rprop{}},
      {"nadam_decoupled", NAdam{.weight_decay = .1f, .decoupled = true}},
      {"radam_decoupled", RAdam{.weight_decay = .1f, .decoupled = true}},
  };
  return known.at(name);
}

// p after `steps` steps, in double. All steps are nodes of one graph, which updates p in place.
std::vector<double> after(const OptimizerCase& golden, size_t steps) {
  Graph graph;
  std::vector<Value> inputs = {quad(graph, "p", 1), Value(), step_state(graph)};
  const double start = optim::spec_of(optimizer_of(golden.name)).slot_start;
  for (size_t k = 0; k < golden.slots; ++k)
    inputs.push_back(quad(graph, "slot" + std::to_string(k), k == 0 ? start : 0));
  const auto attrs = fields_of<OptimizerAttrs>(golden.op, golden.attrs);
  const AdvanceOptions advance{.beta1 = attrs.beta1, .beta2 = attrs.beta2, .momentum_decay = attrs.momentum_decay};
  std::map<int, std::vector<double>> content;
  for (size_t step = 0; step < steps; ++step) {
    inputs[1] = graph.input("g" + std::to_string(step), {Shape{4}, DType::f32});
    content[inputs[1].id()] = std::vector<double>(4, kGradients[step]);
    const std::vector<Value> updated = graph.add_all(find_op(golden.op), inputs, golden.attrs);
    inputs[0] = updated[0];
    std::ranges::copy(updated.begin() + 1, updated.end(), inputs.begin() + 3);
    inputs[2] = advance_step(inputs[2], advance);
  }
  return evaluate(graph, {{inputs[0].id()}}, content, false)[0];
}

TEST_P(OptimizerGolden, UpdateOpInDouble) {
  for (size_t step = 0; step < golden().values.size(); ++step)
    for (double p : after(golden(), step + 1))
      // The corrections 1 - beta^t are f32 in the StepState: 1e-7 of a step, of which the largest is .1.
      EXPECT_NEAR(p, golden().values[step], 1e-8) << "step " << step + 1;
}

// With the public defaults, which so are PyTorch's: the gradient of sum(p g) is g.
TEST_P(OptimizerGolden, PublicOptimizerOnTheCpuBackend) {
  const optim::Optimizer optimizer = optimizer_of(golden().name);
  Graph graph;
  const Value p = graph.parameter("p", Shape{4}, std::vector<float>(4, 1));
  const Value g = graph.input("g", {Shape{4}, DType::f32});
  place_gradients(sum(p * g));
  const Value updated = optim::apply(graph, optimizer);
  const Value next = advance_step(step_state(graph), optim::advance_options(optimizer));
  const auto session = make_cpu_backend()->open(graph.state());
  const auto program = session->compile({.targets = {updated, next}});
  for (size_t step = 0; step < golden().values.size(); ++step) {
    session->write(g, std::vector<float>(4, static_cast<float>(kGradients[step])));
    ASSERT_EQ(program->run(), Status::ok);
    // Parameters near 1 are rounded to f32 each step, by 6e-8 at most; the slots alike, by as much of a step.
    for (float value : session->read_floats(p)) EXPECT_NEAR(value, golden().values[step], 3e-7) << "step " << step + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerGolden, testing::Range(size_t{0}, golden_file().optimizers.size()),
                         [](const auto& chosen) { return golden_file().optimizers[chosen.param].name; });

TEST(ScheduleGolden, FactorsAreThoseOfPyTorch) {
  ASSERT_FALSE(golden_file().schedules.empty());
  for (const ScheduleCase& c : golden_file().schedules) {
    const auto attrs = fields_of<ScheduleAttrs>("schedule", c.attrs);
    for (size_t t = 0; t < c.factors.size(); ++t)
      EXPECT_NEAR(reference::schedule_factor(attrs, c.table, static_cast<double>(t)), c.factors[t], 1e-10)
          << attrs.kind << " at " << t;
  }
}

TEST(ClipGolden, FactorIsThatOfPyTorch) {
  ASSERT_FALSE(golden_file().clips.empty());
  for (const ClipCase& c : golden_file().clips) {
    Graph graph;
    const Input input{{Shape{c.count}, DType::f32}, "uniform", -2, 2};
    const Value g = graph.input("g", input.desc), state = step_state(graph);
    const Value updated = graph.add(find_op("gradient_norm"), {g, state}, {{"max_norm", c.max_norm}});
    const auto words = evaluate(graph, {{updated.id()}}, {{g.id(), input.values(0)}}, false)[0];
    const StepStateView<const double> after{words};
    // Both stand in the StepState as f32.
    EXPECT_NEAR(after.real(STATE_GRADIENT_NORM), c.norm, 1e-7 * c.norm);
    EXPECT_NEAR(after.real(STATE_CLIP_FACTOR), c.factor, 1e-7 * c.factor);
  }
}

}  // namespace
}  // namespace lemnos::golden
