// Four steps of every optimizer on one parameter: p = 1, g = 0.1, -0.2, 0.3, 0.05, against values made in f64
// (make_goldens.py); on the CPU reference and on every usable Vulkan device.
#include <gtest/gtest.h>

#include <array>

#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "support.h"

namespace {

using namespace lemnos;
using optim::Optimizer;

constexpr std::array<float, 4> kGradients = {0.1f, -0.2f, 0.3f, 0.05f};

struct Golden {
  const char* name;
  Optimizer optimizer;
  std::vector<double> values;  // the gradients come round after four
};

const Golden kGoldens[] = {
    {"sgd", optim::Sgd{}, {0.999, 1.001, 0.998, 0.9975}},
    {"momentum", optim::Sgd{.momentum = .9f}, {0.999, 1.0001, 0.99809, 0.995781}},
    {"nesterov", optim::Sgd{.momentum = .9f, .nesterov = true}, {0.9981, 1.00109, 0.996281, 0.9937029}},
    {"adagrad", optim::Adagrad{}, {0.990000000010, 0.998944271916, 0.990926434661, 0.989601902304}},
    {"adadelta", optim::Adadelta{}, {0.996839302294, 1.000878491061, 0.996010886723, 0.994940428356}},
    {"rmsprop", optim::RmsProp{}, {0.900000100000, 0.989532356127, 0.909181928247, 0.895843000401}},
    {"adam", optim::Adam{}, {0.999000000100, 0.999366103604, 0.999022862539, 0.998667154710}},
    {"adamw", optim::AdamW{}, {0.998990000100, 0.999346113704, 0.998992879178, 0.998627181420}},
    {"nadam", optim::NAdam{}, {0.997887096629, 0.999700211506, 0.997933078182, 0.997517115150}},
    {"adamax", optim::Adamax{}, {0.998000000200, 0.998578947539, 0.998084482611, 0.997636423828}},
    {"sgd, all options",
     optim::Sgd{.momentum = .9f, .dampening = .5f, .weight_decay = .1f},
     {0.998000000000, 0.996701000000, 0.993533549500, 0.989936077275}},
    {"adagrad, decay",
     optim::Adagrad{.lr_decay = .1f, .initial = .1f},
     {0.996984886555, 1.001679411822, 0.996576308192, 0.995795272681}},
    {"rmsprop, centered",
     optim::RmsProp{.momentum = .9f, .centered = true},
     {0.899496319484, 0.898666918542, 0.817454490025, 0.730995083796}},
    {"adam, L2", optim::Adam{.weight_decay = .1f}, {0.999000000050, 0.998734049202, 0.998076112249, 0.997383173665}},
    {"adam, amsgrad",
     optim::Adam{.beta2 = .5f, .amsgrad = true},
     {0.999000000100, 0.999334255500, 0.999041726105, 0.998767621637}},
    {"radam",
     optim::RAdam{.lr = .01f},
     {0.999000000000, 0.999578947368, 0.998837249951, 0.998165833842, 0.997414179426, 0.997390479856, 0.997275143566,
      0.997137348556}},
};

/// A graph of one parameter whose gradient the host writes.
struct Trained {
  Graph graph;
  Value parameter, gradient, updated, state;

  explicit Trained(const Optimizer& optimizer, const optim::UpdateOptions& options = {}) {
    const float one = 1;
    parameter = graph.parameter("p", Shape{1}, std::span(&one, 1));
    gradient = graph.input("g", {Shape{1}, DType::f32});
    const Value placed = identity(gradient);
    graph.place_gradient(placed, parameter);
    updated = optim::apply(graph, optimizer, options);
    state = advance_step(step_state(graph), optim::advance_options(optimizer));
  }
};

std::vector<float> path_of(const Device& device, Trained& t, size_t steps) {
  const auto session = device.open(t.graph);
  const auto program = session->compile({.targets = {t.updated, t.state}});
  std::vector<float> path;
  for (size_t step = 0; step < steps; ++step) {
    session->write(t.gradient, std::vector<float>{kGradients[step % kGradients.size()]});
    EXPECT_EQ(program->run(), Status::ok);
    path.push_back(session->read_floats(t.parameter)[0]);
  }
  return path;
}

TEST(OptimizerGolden, FourSteps) {
  for (const Device& device : devices())
    for (const Golden& golden : kGoldens) {
      Trained t(golden.optimizer);
      const std::vector<float> path = path_of(device, t, golden.values.size());
      for (size_t i = 0; i < path.size(); ++i)
        EXPECT_NEAR(path[i], golden.values[i], 1e-6)
            << golden.name << " step " << i + 1 << " on " << device.info().name;
    }
}

TEST(OptimizerGolden, PaddingStaysZero) {
  for (const Device& device : devices())
    for (const Golden& golden : kGoldens) {
      Trained t(golden.optimizer);
      const auto session = device.open(t.graph);
      const auto program = session->compile({.targets = {t.updated, t.state}});
      session->write(t.gradient, std::vector<float>{.5f});
      for (int step = 0; step < 3; ++step) ASSERT_EQ(program->run(), Status::ok);
      const std::vector<float> arena = session->read_floats(t.graph.flat_parameters());
      for (size_t i = 1; i < arena.size(); ++i) EXPECT_EQ(arena[i], 0) << golden.name << " element " << i;
    }
}

}  // namespace
