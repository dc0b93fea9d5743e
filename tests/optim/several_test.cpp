// Several optimizers in one step, each with its own parameters and clock; chains of updates; gradients placed once.

#include <gtest/gtest.h>

#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

constexpr int kSteps = 20;

struct Pair {
  Graph graph;
  Value a, b;
  Pair() {
    a = graph.parameter("a", {70}, std::vector<float>(70, 1));
    b = graph.parameter("b", {3}, std::vector<float>(3, 2));
  }
  Value loss_a() const { return sum(square(affine(a, 2, -1))); }
  Value loss_b() const { return sum(square(affine(b, 3, 1))); }
};

// Two problems that have nothing in common, trained together by two optimizers, are trained as each by itself.
TEST(SeveralOptimizers, TrainAsIfAlone) {
  for (const Device& device : devices()) {
    const optim::Optimizer adam = optim::Adam{.lr = .05f, .beta1 = .5f}, sgd = optim::Sgd{.lr = .01f, .momentum = .9f};
    const optim::UpdateOptions clip{.clip_norm = 1};
    Pair both, first, second;
    optim::UpdateOptions of_a = clip, of_b = clip;
    of_a.name = "a", of_a.parameters = {both.a};
    of_b.name = "b", of_b.parameters = {both.b};
    std::vector<Value> targets = optim::minimize(both.loss_a(), adam, of_a);
    for (Value v : optim::minimize(both.loss_b(), sgd, of_b)) targets.push_back(v);
    const auto alone = [&](Pair& pair, Value loss, Value parameter, const optim::Optimizer& optimizer) {
      optim::UpdateOptions options = clip;
      options.parameters = {parameter};
      std::vector<Value> made = optim::minimize(loss, optimizer, options);
      made.push_back(advance_step(step_state(pair.graph), optim::advance_options(optimizer)));
      return made;
    };
    const auto run = [&](Graph& graph, const std::vector<Value>& wanted, Value parameter) {
      const auto session = device.open(graph);
      const auto program = session->compile({.targets = wanted});
      EXPECT_EQ(program->run(kSteps), Status::ok);
      return session->read_floats(parameter);
    };
    const auto session = device.open(both.graph);
    ASSERT_EQ(session->compile({.targets = targets})->run(kSteps), Status::ok);
    EXPECT_EQ(session->read_floats(both.a), run(first.graph, alone(first, first.loss_a(), first.a, adam), first.a));
    EXPECT_EQ(session->read_floats(both.b), run(second.graph, alone(second, second.loss_b(), second.b, sgd), second.b));
    EXPECT_LT(session->read_floats(both.b)[0], 1.9f);
  }
}

TEST(SeveralOptimizers, MistakesAreNamed) {
  Pair pair;
  place_gradients(pair.loss_a());
  (void)optim::apply(pair.graph, optim::Adam{}, {.parameters = {pair.a}});
  EXPECT_STREQ(
      error_of([&] { (void)optim::apply(pair.graph, optim::Sgd{}, {.parameters = {pair.a}, .name = "b"}); }).what(),
      "sgd: the parameter 'a' is updated by adam in this step already; give each optimizer its own "
      "UpdateOptions::parameters");
  EXPECT_STREQ(
      error_of([&] { (void)optim::apply(pair.graph, optim::Sgd{}, {.parameters = {pair.b}, .name = "b"}); }).what(),
      "sgd: none of its 1 parameters has a gradient in this step; place_gradients comes first");
  EXPECT_STREQ(
      error_of([&] { place_gradients(pair.loss_a()); }).what(),
      "place_gradients: the parameter 'a' f32[70] has a gradient in this step already; add the two and place the sum");
}

// What no gradient reaches neither decays nor moves.
TEST(SeveralOptimizers, ParametersWithoutAGradientDoNotChange) {
  for (const Device& device : devices()) {
    Pair pair;
    place_gradients(pair.loss_a());
    const Value updated = optim::apply(pair.graph, optim::AdamW{.lr = .1f, .weight_decay = .5f});
    const auto session = device.open(pair.graph);
    ASSERT_EQ(session->compile({.targets = {updated}})->run(3), Status::ok);
    EXPECT_EQ(session->read_floats(pair.b), std::vector<float>(3, 2));
    EXPECT_NE(session->read_floats(pair.a), std::vector<float>(70, 1));
  }
}

// Three programs on one state in turn, as two networks that learn against each other are trained.
TEST(SeveralOptimizers, TakeTurnsAsProgramsOnOneState) {
  for (const Device& device : devices()) {
    auto state = std::make_shared<ModelState>();
    Graph critic(state), maker(state);
    const auto loss = [](Graph& graph, float sign) {
      const Value a = graph.parameter("a", {2}, std::vector<float>{1, 1}),
                  b = graph.parameter("b", {2}, std::vector<float>{2, 3});
      return std::pair{sum(a * b) * sign, std::pair{a, b}};
    };
    const auto [up, of_critic] = loss(critic, 1);
    const auto [down, of_maker] = loss(maker, -1);
    const auto session = device.open(state);
    const auto one = session->compile(
        {.targets = optim::minimize(up, optim::Sgd{.lr = .5f}, {.parameters = {of_critic.first}, .name = "critic"})});
    const auto other = session->compile(
        {.targets = optim::minimize(down, optim::Sgd{.lr = .5f}, {.parameters = {of_maker.second}, .name = "maker"})});
    ASSERT_EQ(one->run(), Status::ok);  // a -= b / 2
    EXPECT_EQ(session->read_floats(of_critic.first), (std::vector<float>{0, -.5f}));
    ASSERT_EQ(other->run(), Status::ok);  // b += a / 2, with the new a
    EXPECT_EQ(session->read_floats(of_maker.second), (std::vector<float>{2, 2.75f}));
    EXPECT_EQ(session->read_floats(of_critic.second), (std::vector<float>{2, 2.75f})) << "one memory, two graphs";
  }
}

// v -> v + 1 -> 2 v in one step.
TEST(Updates, ChainInOrder) {
  for (const Device& device : devices()) {
    Graph graph;
    const std::vector<float> start{1, 5};
    const Value v = graph.variable("v", {{2}, DType::f32}, std::as_bytes(std::span(start)));
    const Value once = assign(v, v + 1), twice = assign(v, once * 2);
    const Value seen = once * 10;
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {twice}});
    ASSERT_EQ(program->run(), Status::ok);
    EXPECT_EQ(session->read_floats(v), (std::vector<float>{4, 12}));
    ASSERT_EQ(program->run(), Status::ok);
    EXPECT_EQ(session->read_floats(v), (std::vector<float>{10, 26}));
    EXPECT_STREQ(error_of([&] {
                   (void)session->compile({.targets = {twice, seen}});
                 }).what(),
                 "affine: reads 'v' as update 1 of the step left it, but update 2 comes before; read the newest value "
                 "(Graph::newest), or earlier");
  }
}

TEST(Updates, AReaderOfTheOldValueMayRunLast) {
  for (const Device& device : devices()) {
    Graph graph;
    const Value v = graph.variable("v", {{1}, DType::f32});
    const Value moved = assign(v, v + 1), before = v * 10;
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {moved, before}});
    ASSERT_EQ(program->run(3), Status::ok);
    EXPECT_EQ(program->read_floats(before), std::vector<float>{20});
    EXPECT_EQ(session->read_floats(v), std::vector<float>{3});
  }
}

TEST(Updates, MistakesAreNamed) {
  Graph graph;
  const Value v = graph.variable("v", {{2}, DType::f32}), x = graph.input("x", {{3}, DType::f32});
  EXPECT_STREQ(error_of([&] { (void)assign(v, x); }).what(), "assign: the variable is f32[2], the value is f32[3]");
  EXPECT_STREQ(error_of([&] { (void)assign(relu(v), v); }).what(),
               "assign: '' f32[2] is activation, and cannot be updated");
}

}  // namespace
}  // namespace lemnos
