// Optimizers in a graph: what they add, what they refuse, groups, long runs against the reference.
#include <gtest/gtest.h>

#include <cmath>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "tests/devices.h"

namespace {

using namespace lemnos;

struct Network {
  Graph graph;
  Value a, b, updated, state;

  explicit Network(const optim::Optimizer& optimizer, float lr_scale = 1, float clip = 0) {
    const std::vector<float> start(100, 1.0f);
    a = graph.parameter("a", Shape{100}, start);
    b = graph.parameter("b", Shape{10}, std::span(start).first(10));
    // A bowl with its bottom at 0.25: every optimizer must go there.
    for (Value p : {a, b}) {
      const Value gradient = affine(p, 2, -.5f);
      place_gradient(gradient, p);
    }
    optim::UpdateOptions options{.clip_value = clip};
    if (lr_scale != 1) options.groups = {{.parameters = {b}, .lr_scale = lr_scale}};
    updated = optim::apply(graph, optimizer, options);
    state = advance_step(step_state(graph), optim::advance_options(optimizer));
  }
};

std::vector<float> trained(const Device& device, Network& n, Value parameter, int steps) {
  const auto session = device.open(n.graph);
  const auto program = session->compile({.targets = {n.updated, n.state}});
  for (int i = 0; i < steps; ++i) EXPECT_EQ(program->run(), Status::ok);
  return session->read_floats(parameter);
}

const optim::Optimizer kAll[] = {optim::Sgd{},
                                 optim::Sgd{.momentum = .9f, .nesterov = true},
                                 optim::Adagrad{.lr = .1f},
                                 optim::Adadelta{},
                                 optim::RmsProp{},
                                 optim::RmsProp{.lr = 1e-3f, .momentum = .5f, .centered = true},
                                 optim::Adam{.lr = .01f},
                                 optim::Adam{.lr = .01f, .amsgrad = true},
                                 optim::AdamW{.lr = .01f},
                                 optim::NAdam{.lr = .01f},
                                 optim::Adamax{.lr = .01f},
                                 optim::RAdam{.lr = .01f},
                                 optim::Lion{.lr = .01f},
                                 optim::Asgd{.start = 2},
                                 optim::Rprop{},
                                 optim::NAdam{.lr = .01f, .weight_decay = .1f, .decoupled = true},
                                 optim::RAdam{.lr = .01f, .weight_decay = .1f, .decoupled = true},
                                 optim::Lamb{.lr = .01f},
                                 optim::Muon{.adamw = {.lr = .01f}}};

// The squares of such gradients are past the largest float, alone or together; the step is clipped, not left out.
TEST(Apply, HugeGradientsAreClipped) {
  for (const Device& device : devices())
    for (const int64_t size : {4, 100, 70000})
      for (const float huge : {2.5e17f, 1e20f, 1e30f}) {
        Graph graph;
        const std::vector<float> start(static_cast<size_t>(size), 1.0f);
        const Value p = graph.parameter("p", Shape{size}, start);
        place_gradient(full(graph, p.shape(), -huge), p);
        const Value updated = optim::apply(graph, optim::Sgd{.lr = 1}, {.clip_norm = 3});
        const Value state = advance_step(step_state(graph), optim::advance_options(optim::Sgd{.lr = 1}));
        const auto session = device.open(graph);
        EXPECT_EQ(session->compile({.targets = {updated, state}})->run(), Status::ok);
        const double want = 1 + 3 / std::sqrt(static_cast<double>(size));
        for (const float v : session->read_floats(p)) ASSERT_NEAR(v, want, 1e-5 * want) << size << " of " << huge;
      }
}

// Launches of a step over a hundred parameters of any size, whose gradients take one each.
size_t launches_apply(const optim::Optimizer& optimizer, const optim::UpdateOptions& options) {
  Graph graph;
  std::vector<Value> parameters;
  for (int64_t i = 0; i < 100; ++i) {
    const std::vector<float> start(static_cast<size_t>(1 + 37 * i), 1.0f);
    parameters.push_back(graph.parameter("p" + std::to_string(i), {1 + 37 * i}, start));
  }
  for (Value p : parameters) place_gradient(affine(p, 2, -.5f), p);
  const Value updated = optim::apply(graph, optimizer, options);
  const Value state = advance_step(step_state(graph), optim::advance_options(optimizer));
  const auto session = devices().back().open(graph);
  return session->compile({.targets = {updated, state}})->summary().dispatches;
}

// One updates them all (LAMB needs the norms of each first), and one closes the step. Clipping by the global norm adds
// three at most.
TEST(Apply, OneLaunchUpdatesAHundredParameters) {
  if (devices().back().info().type == DeviceType::cpu_reference) GTEST_SKIP() << "the CPU backend launches nothing";
  for (const optim::Optimizer& optimizer : kAll)
    EXPECT_EQ(launches_apply(optimizer, {}), std::holds_alternative<optim::Lamb>(optimizer) ? 104u : 102u)
        << optim::name_of(optimizer);
  EXPECT_GT(launches_apply(optim::Adam{}, {.clip_norm = 1}), 102u);
  EXPECT_LE(launches_apply(optim::Adam{}, {.clip_norm = 1}), 105u);
}

// 100 steps: 1e-4 relative L2 between the device and the reference.
TEST(Apply, HundredStepsAsTheReference) {
  for (const optim::Optimizer& optimizer : kAll) {
    Network network(optimizer);
    const auto want = trained(devices().front(), network, network.a, 100);
    const auto got = trained(devices().back(), network, network.a, 100);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      difference += std::pow(got[i] - want[i], 2);
      norm += std::pow(want[i], 2);
    }
    EXPECT_LE(std::sqrt(difference / norm), 1e-4) << optim::name_of(optimizer);
    // Adadelta needs thousands of steps to begin; the others are on their way down.
    EXPECT_LT(std::abs(want[0] - .25f), .76f) << optim::name_of(optimizer);
  }
}

TEST(Apply, GroupsScaleAndFreeze) {
  for (const Device& device : devices()) {
    Network frozen(optim::Adam{.lr = .01f}, 0), half(optim::Sgd{.lr = .1f}, .5f);
    const auto stays = trained(device, frozen, frozen.b, 10);
    for (float v : stays) EXPECT_EQ(v, 1.0f);
    EXPECT_LT(trained(device, frozen, frozen.a, 10)[0], .95f);
    // p - .05 (2 p - .5) and p - .1 (2 p - .5) at p = 1
    EXPECT_NEAR(trained(device, half, half.b, 1)[0], 1 - .075, 1e-6);
    EXPECT_NEAR(trained(device, half, half.a, 1)[0], 1 - .15, 1e-6);
  }
}

TEST(Apply, ClipsByValue) {
  for (const Device& device : devices()) {
    Network clipped(optim::Sgd{.lr = .1f}, 1, .25f);
    EXPECT_NEAR(trained(device, clipped, clipped.a, 1)[0], 1 - .025, 1e-6);
  }
}

TEST(Apply, ConstrainsRows) {
  for (const Device& device : devices()) {
    Graph graph;
    const std::vector<float> start = {3, 4, .3f, .4f};
    const Value p = graph.parameter("p", Shape{2, 2}, start);
    place_gradient(affine(p, 0, 0), p);
    const Value updated = optim::apply(graph, optim::Sgd{});
    const Value constrained = optim::constrain_max_norm(p, 2);
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {updated, constrained}});
    ASSERT_EQ(program->run(), Status::ok);
    const std::vector<float> now = session->read_floats(p);
    const double want[] = {1.2, 1.6, .3, .4};
    for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(now[i], want[i], 1e-6);
  }
}

TEST(Apply, AveragesParameters) {
  for (const Device& device : devices()) {
    Graph graph;
    const float one = 1;
    const Value p = graph.parameter("p", Shape{1}, std::span(&one, 1));
    place_gradient(affine(p, 2, -.5f), p);
    const optim::Optimizer sgd = optim::Sgd{.lr = .1f};
    const Value average = optim::average_parameters(graph, optim::apply(graph, sgd), .9f);
    const Value state = advance_step(step_state(graph), optim::advance_options(sgd));
    EXPECT_THROW((void)optim::average_parameters(graph, p), Error) << "after the step was closed";
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {average, state}});
    double want_p = 1, want = 0;
    for (int step = 1; step <= 4; ++step) {
      ASSERT_EQ(program->run(), Status::ok);
      want_p -= .1 * (2 * want_p - .5);
      want = step == 1 ? want_p : .9 * want + .1 * want_p;
      EXPECT_NEAR(session->read_floats(graph.find("average"))[0], want, 1e-6) << device.info().name << " step " << step;
    }
  }
}

std::string message_of(const optim::Optimizer& optimizer) {
  try {
    Network n(optimizer);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Apply, RefusesOptionsOutOfRange) {
  EXPECT_EQ(message_of(optim::Sgd{.lr = -1}), "sgd: lr -1 is below 0");
  EXPECT_EQ(message_of(optim::Sgd{.lr = NAN}), "sgd: lr nan is below 0");
  EXPECT_EQ(message_of(optim::Adam{.beta1 = 1}), "adam: beta1 1 is outside [0, 1)");
  EXPECT_EQ(message_of(optim::AdamW{.weight_decay = -2}), "adamw: weight_decay -2 is below 0");
  EXPECT_EQ(message_of(optim::Sgd{.nesterov = true}),
            "sgd: nesterov takes momentum above 0 and dampening 0, not 0 and 0");
  EXPECT_EQ(message_of(optim::Asgd{.start = -1}), "asgd: start -1 is below 0");
  EXPECT_EQ(message_of(optim::Rprop{.lr = 0}), "rprop: lr 0 is not above 0");
  EXPECT_EQ(message_of(optim::Rprop{.shrink = 1}), "rprop: shrink 1 is outside (0, 1)");
  EXPECT_EQ(message_of(optim::Rprop{.grow = .5f}), "rprop: grow 0.5 is not above 1");
  EXPECT_EQ(message_of(optim::Rprop{.least = 2, .most = 1}), "rprop: least 2 is below 0 or above most 1");
}

TEST(Apply, OneOptimizerForEachGraph) {
  Network n(optim::Adam{});
  EXPECT_THROW(optim::apply(n.graph, optim::Adam{}), Error);
}

TEST(Optimizer, Names) {
  for (const char* name : {"sgd", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "nadam", "adamax", "radam", "lion",
                           "asgd", "rprop", "lamb", "muon"})
    EXPECT_EQ(optim::name_of(optim::optimizer_from_name(name)), name);
  EXPECT_THROW(optim::optimizer_from_name("adamm"), Error);
  optim::Optimizer o = optim::NAdam{};
  optim::set_learning_rate(o, .5f);
  EXPECT_EQ(optim::learning_rate(o), .5f);
  o = optim::Muon{.lr = .02f, .adamw = {.lr = 3e-4f}};
  optim::set_learning_rate(o, .01f);
  EXPECT_NEAR(std::get<optim::Muon>(o).adamw.lr, 1.5e-4f, 1e-9f);
}

}  // namespace
