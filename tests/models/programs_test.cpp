// A step cut into a program that computes gradients and one that is given them and updates: the same bits as the step
// in one program, for every network; and changes between the two.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>

#include "error_of.h"
#include "golden/transformer.h"
#include "lemnos/autograd.h"
#include "lemnos/optim.h"
#include "lemnos/session.h"
#include "models/zoo.h"

namespace lemnos::models {
namespace {

struct Network {
  const char* name;
  Model model;
  TensorDesc x;
  int64_t rows;  // of targets
  int64_t classes;
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

std::vector<Network> networks() {
  using namespace golden::transformer;
  return {{"mlp",
           nn::sequential({nn::Linear{.out = 16}, nn::Relu{}, nn::Dropout{.rate = .3f}, nn::Linear{.out = 5}}),
           {{8, 12}, DType::f32},
           8,
           5},
          {"cnn", convolutional(4, 16, 5), {{4, 1, 16, 16}, DType::f32}, 4, 5},
          {"transformer", char_transformer(kLetters, 16, 2, 1), {{2, 8}, DType::f32}, 16, kLetters}};
}

/// A step of a network on a state: what one program, or two, are made of.
struct Step {
  explicit Step(const Network& network, float scale = 1) : graph(state) {
    x = graph.input("x", network.x);
    t = graph.input("t", {{network.rows}, DType::i32});
    nn::Scope scope(graph, step_state(graph, 7), true, 7);
    scope.updates = &statistics;
    const Value logits = network.model(scope, x);
    loss = softmax_cross_entropy(reshape(logits, Shape{network.rows, network.classes}), t);
    place_gradients(loss * scale);
    placed = graph.flat_gradients();
    const optim::Optimizer adam = optim::Adam{.lr = .01f};
    updated = optim::apply(graph, adam, {.clip_norm = 1});
    closed = advance_step(step_state(graph), optim::advance_options(adam));
  }

  std::shared_ptr<ModelState> state = std::make_shared<ModelState>();
  Graph graph;
  Value x, t, loss, placed, updated, closed;
  std::vector<Value> statistics;

  std::vector<Value> computed() const {
    std::vector<Value> targets = statistics;
    targets.insert(targets.end(), {placed, loss});
    return targets;
  }
  std::vector<Value> all() const {
    std::vector<Value> targets = statistics;
    targets.insert(targets.end(), {loss, updated, closed});
    return targets;
  }
};

void write_batch(const Network& network, Step& step, Session& session, int number) {
  std::vector<float> x(static_cast<size_t>(network.x.elements()));
  std::vector<int32_t> t(static_cast<size_t>(network.rows));
  const bool letters = network.x.shape.rank() == 2 && std::string(network.name) == "transformer";
  for (size_t i = 0; i < x.size(); ++i) {
    const auto noise = static_cast<float>((i * 2654435761u + static_cast<unsigned>(number) * 40503u) % 1000) / 1000;
    x[i] =
        letters ? static_cast<float>((i + static_cast<size_t>(number)) % static_cast<size_t>(network.classes)) : noise;
  }
  for (size_t i = 0; i < t.size(); ++i)
    t[i] = static_cast<int32_t>((i + static_cast<size_t>(number)) % static_cast<size_t>(network.classes));
  session.write(step.x, x);
  session.write(step.t, t);
}

/// Every byte of the state: parameters, statistics, slots, step.
std::vector<std::byte> content(Step& step, Session& session) {
  std::vector<std::byte> all;
  for (const auto& [id, entry] : step.state->entries()) {
    std::vector<std::byte> one(entry.desc.bytes());
    session.read(step.graph.find(entry.name), one);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::vector<Device> both() {
  std::vector<Device> found{Device::cpu()};
  if (Device best = Device::best(); best.info().type != DeviceType::cpu_reference) found.push_back(std::move(best));
  return found;
}

class Programs : public testing::TestWithParam<Network> {};

TEST_P(Programs, TwoGiveTheSameBitsAsOne) {
  const Network& network = GetParam();
  for (const Device& device : both()) {
    Step whole(network), cut(network);
    const auto one = device.open(whole.graph), two = device.open(cut.graph);
    const auto step = one->compile({.targets = whole.all()});
    const auto gradients = two->compile({.targets = cut.computed()});
    const auto update = two->compile({.targets = {cut.updated, cut.closed}, .given = {cut.placed}});
    const int steps = device.info().type == DeviceType::cpu_reference ? 5 : 50;
    for (int i = 0; i < steps; ++i) {
      write_batch(network, whole, *one, i);
      write_batch(network, cut, *two, i);
      ASSERT_EQ(step->run(), Status::ok);
      ASSERT_EQ(gradients->run(), Status::ok);
      ASSERT_EQ(update->run(), Status::ok);
    }
    EXPECT_EQ(content(whole, *one), content(cut, *two)) << device.info().name;
    EXPECT_EQ(step->read_floats(whole.loss), gradients->read_floats(cut.loss));
    EXPECT_LT(update->summary().dispatches, 8u) << "an update computes no gradient again";
  }
}

// Halving is exact, so a reduction that halves the gradients between the programs is as half the loss.
TEST_P(Programs, ChangesBetweenThemTakeEffect) {
  const Network& network = GetParam();
  const Device device = Device::cpu();
  Step whole(network, .5f), cut(network);
  const auto one = device.open(whole.graph), two = device.open(cut.graph);
  const auto step = one->compile({.targets = whole.all()});
  const auto gradients = two->compile({.targets = cut.computed()});
  const auto update = two->compile({.targets = {cut.updated, cut.closed}, .given = {cut.placed}});
  for (int i = 0; i < 2; ++i) {
    write_batch(network, whole, *one, i);
    write_batch(network, cut, *two, i);
    ASSERT_EQ(step->run(), Status::ok);
    ASSERT_EQ(gradients->run(), Status::ok);
    std::vector<float> arena = two->read_floats(cut.placed);
    for (float& g : arena) g *= .5f;
    two->write(cut.placed, arena);
    ASSERT_EQ(update->run(), Status::ok);
  }
  EXPECT_EQ(content(whole, *one), content(cut, *two));
}
INSTANTIATE_TEST_SUITE_P(Every, Programs, testing::ValuesIn(networks()),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

// An activation that one program keeps and another is given; what the host writes there in between counts.
TEST(Given, ActivationsPassFromProgramToProgram) {
  for (const Device& device : both()) {
    Graph graph;
    const Value x = graph.input("x", {{5}, DType::f32});
    const Value middle = square(x), end = middle + x;
    const auto session = device.open(graph);
    const auto first = session->compile({.kept = {middle}});
    const auto second = session->compile({.targets = {end}, .given = {middle}});
    session->write(x, std::vector<float>{1, 2, 3, 4, 5});
    ASSERT_EQ(first->run(), Status::ok);
    EXPECT_EQ(session->read_floats(middle), (std::vector<float>{1, 4, 9, 16, 25}));
    ASSERT_EQ(second->run(), Status::ok);
    EXPECT_EQ(second->read_floats(end), (std::vector<float>{2, 6, 12, 20, 30}));
    session->write(middle, std::vector<float>{0, 0, 0, 0, 1});
    ASSERT_EQ(second->run(), Status::ok);
    EXPECT_EQ(second->read_floats(end), (std::vector<float>{1, 2, 3, 4, 6}));
  }
}

// What is given need not be what its node would make: no fusion may take its node in, nothing may be made again from
// what its node reads.
TEST(Given, ReplacesTheResultOfItsNode) {
  for (const Device& device : both()) {
    Graph graph;
    const Value x = graph.input("x", {{2, 2}, DType::f32}), w = graph.input("w", {{2, 2}, DType::f32});
    const Value product = matmul(x, w), positive = relu(product), root = exp(positive);
    Value far = positive;
    for (int i = 0; i < 6; ++i) far = matmul(far, w);  // long enough to make `root` again
    const std::vector<Value> targets{matmul(far, root)};
    const auto session = device.open(graph);
    session->write(x, std::vector<float>{1, 2, 3, 4});
    session->write(w, std::vector<float>{1, 0, 0, 1});
    for (const Value given : {product, positive})
      for (const bool recompute : {false, true}) {
        const auto program = session->compile({.targets = targets, .given = {given}, .recompute = recompute});
        session->write(given, std::vector<float>{0, 1, 1, 0});
        ASSERT_EQ(program->run(), Status::ok);
        const float e = std::exp(1.f);
        const std::vector<float> found = program->read_floats(targets[0]);
        for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], (std::array{e, 1.f, 1.f, e}[i]), 1e-5f) << given.id();
      }
  }
}

TEST(Given, MistakesAreNamed) {
  Graph graph, other;
  const Value x = graph.input("x", {{5}, DType::f32}), y = relu(x), unread = exp(x);
  const auto session = Device::cpu().open(graph);
  EXPECT_STREQ(error_of([&] { (void)session->compile({.targets = {y}, .given = {unread}}); }).what(),
               "given: value %2 f32[5] is not read by any node that the targets need");
  EXPECT_STREQ(error_of([&] { (void)session->compile({.targets = {y}, .given = {other.scalar(1)}}); }).what(),
               "compile: given: value %0 f32[] belongs to another graph");
}

// Programs, and graphs, come and go; the state stays.
TEST(Session, GraphsMayGrowAndBeDestroyed) {
  for (const Device& device : both()) {
    auto state = std::make_shared<ModelState>();
    auto graph = std::make_unique<Graph>(state);
    const Value a = graph->parameter("a", {2}, std::vector<float>{1, 2});
    const auto session = device.open(*graph);
    EXPECT_EQ(session->read_floats(a), (std::vector<float>{1, 2}));
    EXPECT_STREQ(
        error_of([&] { (void)graph->parameter("b", {70}, std::vector<float>(70)); }).what(),
        "parameter 'b': a session has allocated its memory, so the parameter arena of 64 elements cannot take 70 more; "
        "make every parameter before that");
    const Value counter = graph->variable("counter", {{1}, DType::f32});
    const auto program = session->compile({.targets = {assign(counter, counter + sum(a))}});
    const Value later = graph->input("later", {{3}, DType::f32}), doubled = later * 2;
    EXPECT_EQ(error_of([&] { (void)program->read_floats(doubled); }).code(), ErrorCode::not_found);
    session->write(later, std::vector<float>{1, 2, 3});
    const auto other = session->compile({.targets = {doubled}});
    ASSERT_EQ(other->run(), Status::ok);
    EXPECT_EQ(other->read_floats(doubled), (std::vector<float>{2, 4, 6}));
    graph.reset();
    ASSERT_EQ(program->run(2), Status::ok);
    Graph again(state);
    EXPECT_EQ(session->read_floats(again.find("counter")), (std::vector<float>{6}));
    EXPECT_EQ(session->read_floats(again.find("a")), (std::vector<float>{1, 2}));
  }
}

}  // namespace
}  // namespace lemnos::models
