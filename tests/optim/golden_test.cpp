// Four steps of every optimizer on one parameter: p = 1, g = 0.1, -0.2, 0.3, 0.05, against values made in f64
// (make_goldens.py); on the CPU reference and on every usable Vulkan device.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "tests/devices.h"

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
    place_gradient(placed, parameter);
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

/// Three matrices, of which two have one shape, and a bias: p and g as make_goldens.py has them.
struct NetworkGolden {
  const char* name;
  Optimizer optimizer;
  std::vector<double> values;  // all parameters after four steps
};
const NetworkGolden kNetworkGoldens[] = {
    {"lamb",
     optim::Lamb{.lr = .01f},
     {0.982767856804, 0.890748563862, 0.762320858802, 0.674649297634, 0.583010586820, 0.490991372093,  0.991536893687,
      0.865596445224, 0.774960702042, 0.683130001163, 0.591765865847, 0.465825394360, -0.010304051707, -0.010196573778,
      0.976785600248, 0.881876597620, 0.791266029387, 0.663930023218, 0.577020491211, 0.482111690706}},
    {"lamb, no decay",
     optim::Lamb{.lr = .01f, .weight_decay = 0},
     {0.983127149615, 0.891058633032, 0.762411950613, 0.674853418462, 0.583127056615, 0.491058618926,  0.991868345949,
      0.865764188829, 0.775142632598, 0.683310888030, 0.591868314751, 0.465764134998, -0.010304067696, -0.010196588319,
      0.977125745444, 0.882164546031, 0.791534983965, 0.663993195074, 0.577125501174, 0.482164505314}},
    {"muon", optim::Muon{}, {0.984464760546, 0.873612705196, 0.770968475819,  0.683922657159,  0.588660977054,
                             0.488515311584, 0.989685809402, 0.885983586814,  0.776705973022,  0.671918856989,
                             0.565063198519, 0.479946171317, -0.000844779097, -0.000637225813, 0.972874714523,
                             0.880974670147, 0.783910988459, 0.667578837204,  0.582508924155,  0.485280823947}},
    {"muon, plain, decay",
     optim::Muon{.nesterov = false, .weight_decay = .1f},
     {0.988423947928, 0.891498850581, 0.744662164492, 0.671884608206, 0.578562368206, 0.486289698245,  0.994865713577,
      0.864374809405, 0.776963975022, 0.663686453760, 0.572578393908, 0.452290259596, -0.000844779097, -0.000637225813,
      0.993007593613, 0.884891266676, 0.774393583767, 0.645927419137, 0.577440566299, 0.485513048590}},
};

struct TrainedNetwork {
  Graph graph;
  std::vector<Value> parameters, gradients;
  Value updated, state;

  explicit TrainedNetwork(const Optimizer& optimizer, const optim::UpdateOptions& options = {}) {
    const Shape shapes[] = {{2, 3}, {3, 2}, {2}, {2, 3}};
    for (const Shape& shape : shapes) {
      const std::string number = std::to_string(parameters.size());
      std::vector<float> start(static_cast<size_t>(shape.elements()), 0);
      for (size_t i = 0; i < start.size() && shape.rank() > 1; ++i) start[i] = 1 - .1f * static_cast<float>(i);
      parameters.push_back(graph.parameter("p" + number, shape, start));
      gradients.push_back(graph.input("g" + number, {shape, DType::f32}));
    }
    for (size_t k = 0; k < parameters.size(); ++k) place_gradient(identity(gradients[k]), parameters[k]);
    updated = optim::apply(graph, optimizer, options);
    state = advance_step(step_state(graph), optim::advance_options(optimizer));
  }
  std::vector<float> gradient(size_t step, size_t k) const {
    std::vector<float> g(static_cast<size_t>(gradients[k].desc().elements()));
    for (size_t i = 0; i < g.size(); ++i) g[i] = kGradients[(step + i + k) % 4] * static_cast<float>(1 + i);
    return g;
  }
  std::vector<float> read(Session& session) const {
    std::vector<float> all;
    for (Value p : parameters)
      for (float v : session.read_floats(p)) all.push_back(v);
    return all;
  }
};

/// The parameters after four steps; before the last one a step whose gradient is not finite, where asked.
std::vector<float> four_steps(const Device& device, TrainedNetwork& network, bool overflow = false) {
  const auto session = device.open(network.graph);
  const auto program = session->compile({.targets = {network.updated, network.state}});
  const auto run = [&](size_t step, bool infinite) {
    for (size_t k = 0; k < network.gradients.size(); ++k) {
      std::vector<float> g = network.gradient(step, k);
      if (infinite && k == 1) g[3] = std::numeric_limits<float>::infinity();
      session->write(network.gradients[k], g);
    }
    EXPECT_EQ(program->run(), Status::ok);
  };
  for (size_t step = 0; step < 4; ++step) {
    if (overflow && step == 3) run(0, true);
    run(step, false);
  }
  return network.read(*session);
}

TEST(OptimizerGolden, NetworkAfterFourSteps) {
  for (const Device& device : devices())
    for (const NetworkGolden& golden : kNetworkGoldens) {
      TrainedNetwork network(golden.optimizer);
      const std::vector<float> got = four_steps(device, network);
      ASSERT_EQ(got.size(), golden.values.size());
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(got[i], golden.values[i], 1e-6) << golden.name << " element " << i << " on " << device.info().name;
    }
}

// What is clipped to a length that no gradient has is not clipped; a step that overflows leaves momentum and moments
// as they were.
TEST(OptimizerGolden, AnOverflowChangesNothing) {
  for (const Device& device : devices())
    for (const NetworkGolden& golden : kNetworkGoldens) {
      TrainedNetwork network(golden.optimizer, {.clip_norm = 1e6f});
      const std::vector<float> got = four_steps(device, network, true);
      // The corrections of the moments know of the step that was left out too.
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(got[i], golden.values[i], 1e-6) << golden.name << " element " << i << " on " << device.info().name;
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
