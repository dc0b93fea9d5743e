// Muon over many matrices: which parameters it takes, how many launches it costs, the device against the reference.
#include <gtest/gtest.h>

#include <cmath>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace {

using namespace lemnos;

/// Matrices of three shapes, one of them a convolution's, with biases between them. The gradient of each is p - target.
struct Layers {
  Graph graph;
  Value updated, state;

  explicit Layers(const optim::Optimizer& optimizer, const optim::UpdateOptions& options = {},
                  const std::string& frozen = {}) {
    const Shape shapes[] = {{24, 16}, {24}, {24, 16}, {24}, {8, 2, 3, 3}, {16, 24}, {16}, {24, 16}, {1, 16}};
    std::vector<Value> all;
    for (const Shape& shape : shapes) {
      std::vector<float> start(static_cast<size_t>(shape.elements()));
      for (size_t i = 0; i < start.size(); ++i) start[i] = wave(i + 31 * all.size());
      all.push_back(graph.parameter("p" + std::to_string(all.size()), shape, start));
    }
    for (Value p : all) {
      std::vector<float> target(static_cast<size_t>(p.desc().elements()));
      for (size_t i = 0; i < target.size(); ++i) target[i] = wave(3 * i + 7);
      place_gradient(p - graph.constant(p.shape(), target), p);
    }
    optim::UpdateOptions chosen = options;
    if (!frozen.empty()) chosen.groups.push_back({.parameters = {graph.find(frozen)}, .lr_scale = 0});
    updated = optim::apply(graph, optimizer, chosen);
    state = advance_step(step_state(graph), optim::advance_options(optimizer));
  }
  static float wave(size_t i) { return std::sin(static_cast<float>(i) * 1.7f) * std::cos(static_cast<float>(i * i)); }

  std::vector<float> after(const Device& device, int steps, const std::string& value) {
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {updated, state}});
    for (int i = 0; i < steps; ++i) EXPECT_EQ(program->run(), Status::ok);
    return session->read_floats(graph.find(value));
  }
};

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(a[i] - b[i], 2);
    norm += std::pow(b[i], 2);
  }
  return std::sqrt(difference / norm);
}

TEST(Muon, TwentyStepsAsTheReference) {
  const optim::Schedule falling = {.shape = optim::Exponential{.gamma = .9f}};
  for (const optim::UpdateOptions& options :
       {optim::UpdateOptions{}, optim::UpdateOptions{.clip_norm = .5f, .schedule = falling}})
    for (const char* name : {"p0", "p1", "p4", "p5", "p7", "p8"}) {
      Layers layers(optim::Muon{.weight_decay = .1f}, options);
      EXPECT_LE(distance(layers.after(devices().back(), 20, name), layers.after(devices().front(), 20, name)), 1e-4)
          << name;
    }
}

// A step of every matrix is as long as its direction is orthogonal: about lr for each of 16 singular values of 24 x 16.
TEST(Muon, StepsAreOrthogonal) {
  for (const Device& device : devices()) {
    Layers layers(optim::Muon{.lr = .1f});
    const std::vector<float> before = layers.after(device, 0, "p0"), now = layers.after(device, 1, "p0");
    double squares = 0;
    for (size_t i = 0; i < now.size(); ++i) squares += std::pow(now[i] - before[i], 2);
    EXPECT_NEAR(std::sqrt(squares), .1 * std::sqrt(24. / 16) * std::sqrt(16), .1);
    EXPECT_GT(std::sqrt(squares), .3);
  }
}

// Vectors, what has one row or column, and what is named go by AdamW: as in a graph that has nothing else.
TEST(Muon, UpdatesAllOtherParametersWithAdamW) {
  const optim::AdamW adamw{.lr = .01f, .beta2 = .9f};
  for (const Device& device : devices()) {
    Layers mixed(optim::Muon{.others = {"p5", "*2"}, .adamw = adamw}), plain(adamw);
    for (const char* name : {"p1", "p2", "p3", "p5", "p6", "p8"})
      EXPECT_EQ(mixed.after(device, 3, name), plain.after(device, 3, name)) << name;
    for (const char* name : {"p0", "p4", "p7"})
      EXPECT_NE(mixed.after(device, 3, name), plain.after(device, 3, name)) << name;
  }
}

TEST(Muon, AFrozenMatrixAndItsMomentumDoNotChange) {
  for (const Device& device : devices()) {
    Layers layers(optim::Muon{}, {}, "p2");
    EXPECT_EQ(layers.after(device, 3, "p2"), layers.after(device, 0, "p2"));
    EXPECT_NE(layers.after(device, 3, "p0"), layers.after(device, 0, "p0"));
    const int64_t at = layers.graph.info(layers.graph.find("p2")).offset;
    const std::vector<float> momentum = layers.after(device, 3, "muon.m");
    for (int64_t i = 0; i < 24 * 16; ++i) ASSERT_EQ(momentum[static_cast<size_t>(at + i)], 0);
  }
}

size_t launches_muon(const optim::Optimizer& optimizer, int64_t depth) {
  Graph graph;
  std::vector<Value> parameters;
  for (int64_t i = 0; i < depth; ++i)
    for (const Shape& shape : {Shape{12, 8}, Shape{8, 12}, Shape{8}})
      parameters.push_back(graph.parameter("p" + std::to_string(parameters.size()), shape,
                                           std::vector<float>(static_cast<size_t>(shape.elements()), 1)));
  for (Value p : parameters) place_gradient(affine(p, 2, -.5f), p);
  const Value updated = optim::apply(graph, optimizer);
  const Value state = advance_step(step_state(graph), optim::advance_options(optimizer));
  return devices().back().open(graph)->compile({.targets = {updated, state}})->summary().dispatches - parameters.size();
}

// One for the rest and 5 + 3 iterations for each shape, however deep the network; and one that closes the step.
TEST(Muon, LaunchesAreByShape) {
  if (devices().back().info().type == DeviceType::cpu_reference) GTEST_SKIP() << "the CPU backend launches nothing";
  EXPECT_EQ(launches_muon(optim::Muon{}, 1), 1u + 2 * (5 + 3 * 5) + 1);
  EXPECT_EQ(launches_muon(optim::Muon{}, 20), 1u + 2 * (5 + 3 * 5) + 1);
  EXPECT_EQ(launches_muon(optim::Muon{.iterations = 3}, 2), 1u + 2 * (5 + 3 * 3) + 1);
}

TEST(Muon, RefusesOptionsOutOfRange) {
  const auto message = [](const optim::Muon& options) {
    return std::string(error_of([&] { Layers layers(options); }).what());
  };
  EXPECT_EQ(message({.momentum = 1}), "muon: momentum 1 is outside [0, 1)");
  EXPECT_EQ(message({.iterations = 0}), "muon: iterations 0 is below 1");
  EXPECT_EQ(message({.adamw = {.lr = -1}}), "muon: adamw: lr -1 is below 0");
  EXPECT_EQ(message({.adamw = {.amsgrad = true}}), "muon: its adamw has no amsgrad");
  EXPECT_EQ(message({.others = {"head.*"}}),
            "muon: no parameter matches 'head.*'; there are p0 p1 p2 p3 p4 p5 p6 p7 p8");
}

}  // namespace
