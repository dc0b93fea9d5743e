// Gradients of gradients: values by hand, a fused op agrees with the smaller ops, and what is refused.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "lemnos/autograd.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"
#include "runtime/oracle.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Doubles doubles_of(Value v) { return evaluate(v.graph(), std::array{v.id()}, {}, false)[0]; }
Value gradient(Value output, Value wrt) { return gradients(output, std::vector{wrt})[0]; }
// The derivative of each element of y for its own element of x, where elements do not see each other.
Value derivative(Value y, Value x) { return gradient(sum(y), x); }

void expect_near_second(const Doubles& found, const Doubles& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << "element " << i;
}

class SecondDerivatives : public testing::Test {
 protected:
  Value made(const Shape& shape, unsigned seed, float scale = 1) {
    Floats values(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = scale * std::sin(static_cast<float>(37 * seed + 1) + 2.3f * static_cast<float>(i));
    return graph_.constant(shape, values);
  }
  Graph graph_;
};

TEST_F(SecondDerivatives, AHessianTimesAVectorByHand) {
  // f = x^2 y + y^3: the Hessian is {{2 y, 2 x}, {2 x, 6 y}}.
  const Value x = graph_.constant({1}, Floats{3}), y = graph_.constant({1}, Floats{-2});
  const Value f = sum(square(x) * y + y * y * y);
  const std::vector<Value> wrt{x, y}, slopes = gradients(f, wrt);
  const std::vector<Value> product = gradients(sum(.5f * slopes[0] + 10 * slopes[1]), wrt);
  expect_near_second(doubles_of(product[0]), {.5 * -4 + 10 * 6}, 1e-5);
  expect_near_second(doubles_of(product[1]), {.5 * 6 + 10 * -12}, 1e-5);
}

TEST_F(SecondDerivatives, HaveHigherDerivatives) {
  const Value x = graph_.constant({3}, Floats{-.7f, .2f, 1.5f});
  Value y = tanh(x);
  for (int order = 1; order <= 4; ++order) y = derivative(y, x);
  Doubles expected;
  for (const double at : {-.7, .2, 1.5}) {
    const double t = std::tanh(at), room = 1 - t * t;
    expected.push_back(room * (16 * t - 24 * t * t * t));
  }
  expect_near_second(doubles_of(y), expected, 1e-5);
}

TEST_F(SecondDerivatives, ALossAddsItsOwnGradientToThatOfItsGradient) {
  // mse of three numbers: dp = 2/3 (p - t), so the gradient of loss + sum(dp^2) is dp + 2 2/3 dp.
  const Value p = graph_.constant({3}, Floats{1, -2, 4}), t = graph_.constant({3}, Floats{0, 1, 2});
  const Value loss = mse_loss(p, t);
  const Value both = gradient(loss + sum(square(gradient(loss, p))), p);
  Doubles expected;
  for (const double difference : {1., -3., 2.}) expected.push_back(7. / 3 * 2 / 3 * difference);
  expect_near_second(doubles_of(both), expected, 1e-5);
}

TEST_F(SecondDerivatives, OfFusedAttentionAreThoseOfTheSmallerOps) {
  const Value q = made({2, 5, 8}, 1), k = made({2, 5, 8}, 2), v = made({2, 5, 4}, 3), w = made({2, 5, 4}, 4);
  for (const bool causal : {false, true}) {
    const auto product = [&](bool fused, const std::vector<Value>& wrt) {
      const Value y = scaled_dot_product_attention(wrt[0], wrt[1], wrt[2], {.causal = causal, .fused = fused});
      Value squares;
      for (Value slope : gradients(sum(y * w), wrt))
        squares = squares ? squares + sum(square(slope)) : sum(square(slope));
      return gradients(squares, wrt);
    };
    const std::vector<Value> three{q, k, v};
    const std::vector<Value> fused = product(true, three), plain = product(false, three);
    for (size_t i = 0; i < 3; ++i) {
      expect_near_second(doubles_of(fused[i]), doubles_of(plain[i]), 1e-5);
    }
  }
}

TEST_F(SecondDerivatives, AnOperandThatStandsThriceCountsThrice) {
  const Value x = made({2, 5, 8}, 1), w = made({2, 5, 8}, 2);
  const auto product = [&](bool fused) {
    const Value y = scaled_dot_product_attention(x, x, x, {.fused = fused});
    return gradient(sum(square(gradient(sum(y * w), x))), x);
  };
  expect_near_second(doubles_of(product(true)), doubles_of(product(false)), 1e-5);
}

// As a gradient penalty has it: for a critic of convolution, maximum and norm, the weights' gradient of the length of
// the gradient for the picture, against differences.
TEST_F(SecondDerivatives, AGradientPenaltyByDifferences) {
  const Value picture = made({2, 3, 8, 8}, 1), weight = made({4, 3, 3, 3}, 2, .3f), bias = made({4}, 3, .1f);
  const auto penalty = [&](Value w) {
    const Value planes =
        layer_norm(max_pool2d(silu(conv2d(picture, w, bias, {.padding = {1, 1}})), {.kernel = {2, 2}}));
    return mean(square(norm(gradient(sum(square(planes) + planes), picture), {1, 2, 3}) - 1.0f));
  };
  const Doubles slopes = doubles_of(gradient(penalty(weight), weight)), at = doubles_of(weight);
  constexpr double kStep = 1e-3;
  for (const size_t i : {size_t{0}, size_t{31}, size_t{107}}) {
    const auto moved = [&](double by) {
      Floats values(at.begin(), at.end());
      values[i] += static_cast<float>(by);
      return doubles_of(penalty(graph_.constant(weight.shape(), values)))[0];
    };
    const double difference = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    EXPECT_NEAR(slopes[i], difference, 2e-3 * std::abs(difference) + 1e-3) << "weight " << i;
  }
}

// Ops of an application.
std::vector<TensorDesc> as_first(const Infer& in) { return {in.in[0]}; }
Primal doubled(Graph& graph, const Node& node) {
  const Value x(&graph, node.inputs[0]);
  return {.y = {square(x)}, .dy = {{&graph, node.inputs[1]}}, .x = {x}};
}
const OpDef kBare = {.name = "bare_backward", .infer = as_first};
const OpDef kSaid = {.name = "said_backward", .infer = as_first, .primal = doubled};
template <const OpDef& backward>
std::vector<Value> grad(Grad& g) {
  return {g.graph.add(backward, {g.in(0), g.dy()})};
}
const OpDef kWithout = {.name = "without", .infer = as_first, .grad = grad<kBare>};
const OpDef kWith = {.name = "with", .infer = as_first, .grad = grad<kSaid>};

TEST_F(SecondDerivatives, OfAnOpWithoutAreRefusedByItsName) {
  const Value x = made({3}, 1);
  const Value slope = gradient(sum(graph_.add(kWithout, {x})), x);
  EXPECT_EQ(
      error_of([&] { gradient(sum(slope), x); }).what(),
      std::string("bare_backward: has no gradient. If it computes gradients, give it OpDef::primal or OpDef::grad "
                  "for second derivatives; if no gradient is needed there, add stop_gradient() after it"));
  EXPECT_FALSE(gradients(sum(stop_gradient(slope)), std::vector{x})[0]);
}

TEST_F(SecondDerivatives, OfAnOpThatSaysWhatItsGradientIsOf) {
  const Value x = graph_.constant({2}, Floats{3, -4});
  const Value slope = gradient(sum(graph_.add(kWith, {x})), x);
  expect_near_second(doubles_of(derivative(slope, x)), {2, 2}, 0);
}

// Who adds a backward op says how its gradient goes on; these are no functions of anything that has a gradient.
TEST(Ops, HaveFurtherGradientsOrNoneAtAll) {
  std::set<std::string> without;
  for (const OpDef* op : all_ops())
    if (!op->grad && !op->primal) without.insert(op->name);
  const std::set<std::string> expected = {"accuracy_count",
                                          "adadelta",
                                          "adafactor_update",
                                          "adafactor_variance",
                                          "adagrad",
                                          "adam",
                                          "adam_amsgrad",
                                          "adamax",
                                          "advance_step",
                                          "asgd",
                                          "assign",
                                          "average",
                                          "batch_indices",
                                          "confusion_count",
                                          "finish_step",
                                          "gradient_norm",
                                          "index_errors",
                                          "lamb",
                                          "lion",
                                          "max_norm",
                                          "muon_direction",
                                          "muon_update",
                                          "nadam",
                                          "place_gradients",
                                          "radam",
                                          "random_normal",
                                          "random_uniform",
                                          "rmsprop",
                                          "rmsprop_momentum",
                                          "rprop",
                                          "schedule",
                                          "score_count",
                                          "sgd",
                                          "sgd_momentum",
                                          "state_value",
                                          "update_running"};
  EXPECT_EQ(without, expected);
}

}  // namespace
}  // namespace lemnos
