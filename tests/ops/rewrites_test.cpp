// Each fusion: it happens where it is allowed, not where another node needs what it would absorb, and the graph
// computes the same values afterwards.

#include "ops/rewrites.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "lemnos/autograd.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "reference/conv.h"
#include "reference/matmul.h"
#include "runtime/oracle.h"
#include "shaders/common/gemm_extra.h"
#include "shaders/common/step_state.h"
#include "shaders/common/unary_functions.h"

namespace lemnos {
namespace {

class RewritesTest : public testing::Test {
 protected:
  Value input(const char* name, const Shape& shape) {
    const Value v = graph_.input(name, {shape});
    std::vector<double>& values = values_[v.id()];
    for (int64_t i = 0; i < shape.elements(); ++i) values.push_back(normal_(random_));
    return v;
  }

  Value state() {
    const Value v = graph_.input("state", {{STATE_WORDS}, DType::u32});
    for (int i = 0; i < STATE_WORDS; ++i) values_[v.id()].push_back(100 + i);
    return v;
  }

  // The names of the nodes that `targets` need after the fusions, which must not change what they compute.
  std::vector<std::string_view> fused(const std::vector<Value>& targets) {
    std::vector<int> ids;
    for (Value v : targets) ids.push_back(v.id());
    const auto before = evaluate(graph_, ids, values_, false);
    rewrite(graph_, {ids, {}}, rewrites());
    const auto after = evaluate(graph_, ids, values_, false);
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].size(), after[i].size());
      for (size_t j = 0; j < before[i].size(); ++j) EXPECT_NEAR(before[i][j], after[i][j], 1e-12) << i << ", " << j;
    }
    std::vector<std::string_view> names;
    for (int index : needed_nodes(graph_, {ids, {}}))
      names.push_back(graph_.nodes()[static_cast<size_t>(index)].op->name);
    return names;
  }
  const Node& maker(Value v) const { return graph_.nodes()[static_cast<size_t>(graph_.info(v).producer)]; }
  MatmulAttrs product(Value v) const { return maker(v).attrs.as<MatmulAttrs>(); }

  Graph graph_;
  std::map<int, std::vector<double>> values_;

 private:
  std::mt19937 random_{7};
  std::normal_distribution<double> normal_;
};

using Names = std::vector<std::string_view>;

TEST_F(RewritesTest, BiasAndActivationMoveIntoTheProduct) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7}), b = input("b", {3});
  const Value y = relu(linear(x, w, b));
  EXPECT_EQ(fused({y}), Names{"matmul"});
  EXPECT_TRUE(product(y).bias);
  EXPECT_EQ(product(y).activation, UNARY_RELU);
}

TEST_F(RewritesTest, EveryFunctionOfOneOperandKeepsItsParameters) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7});
  EXPECT_EQ(fused({leaky_relu(linear(x, w), .2f)}), Names{"matmul"});
  EXPECT_EQ(fused({clamp(linear(x, w), -.5f, .25f)}), Names{"matmul"});
  EXPECT_EQ(fused({gelu(linear(x, w))}), Names{"matmul"});
  EXPECT_EQ(fused({affine(linear(x, w), 2, -1)}), Names{"matmul"});
}

TEST_F(RewritesTest, AConvolutionAbsorbsItsFunction) {
  const Value x = input("x", {2, 3, 5, 4}), w = input("w", {4, 3, 3, 3}), b = input("b", {4});
  const Value y = relu(conv2d(x, w, b, {.padding = {1, 1}}));
  EXPECT_EQ(fused({y}), Names{"conv2d"});
  EXPECT_EQ(maker(y).attrs.as<Conv2dAttrs>().epilogue.activation, UNARY_RELU);
  EXPECT_EQ(fused({leaky_relu(conv2d(x, w), .2f)}), Names{"conv2d"});
  const Value up = input("up", {3, 4, 3, 3});
  EXPECT_EQ(fused({tanh(conv_transpose2d(x, up))}), Names{"conv2d_input"});
  const Value sum = conv2d(x, w);
  EXPECT_EQ(fused({relu(sum), sum}), (Names{"conv2d", "relu"}));
}

TEST_F(RewritesTest, TrainingAConvolutionFusesItsFunction) {
  const Value x = input("x", {2, 3, 5, 4}), w = input("w", {4, 3, 3, 3}), b = input("b", {4}),
              dy = input("dy", {2, 4, 3, 2});
  const Value y = relu(conv2d(x, w, b));
  const Value wrt[] = {w, b};
  const std::vector<Value> found = gradients(y, wrt, dy);
  const Names names = fused({y, found[0], found[1]});
  EXPECT_EQ(std::ranges::count(names, "relu"), 0);
  EXPECT_EQ(std::ranges::count(names, "unary_backward"), 1);
}

TEST_F(RewritesTest, OneFunctionOnly) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7});
  EXPECT_EQ(fused({sigmoid(tanh(linear(x, w)))}), (Names{"matmul", "sigmoid"}));
}

TEST_F(RewritesTest, ResidualOnEitherSideAndThenABias) {
  const Value x = input("x", {5, 3}), w = input("w", {3, 3}), b = input("b", {3}), r = input("r", {5, 3});
  const Value y = (r + matmul(x, w)) + b;
  EXPECT_EQ(fused({y}), Names{"matmul"});
  EXPECT_EQ(product(y).extra, MATMUL_EXTRA_RESIDUAL);
  const Value z = silu(r + linear(x, w, b));
  EXPECT_EQ(fused({z}), Names{"matmul"});
}

TEST_F(RewritesTest, TheSumOfTwoProductsAbsorbsOne) {
  const Value x = input("x", {5, 4}), w = input("w", {4, 4});
  EXPECT_EQ(fused({matmul(x, w) + matmul(x, w, {.transpose_b = true})}), (Names{"matmul", "matmul"}));
}

TEST_F(RewritesTest, ABroadcastAlongRowsIsNotABias) {
  const Value x = input("x", {1, 3}), w = input("w", {3, 4}), column = input("c", {5, 1}), wide = input("d", {5, 4});
  EXPECT_EQ(fused({matmul(x, w) + column}), (Names{"matmul", "add"}));
  EXPECT_EQ(fused({matmul(x, w) + wide}), (Names{"matmul", "add"}));
  const Value square = input("s", {4, 4});
  EXPECT_EQ(fused({matmul(square, square) + input("e", {4, 1})}), (Names{"matmul", "add"}));
}

TEST_F(RewritesTest, ValuesWithOtherReadersAreKept) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7});
  const Value product = linear(x, w), y = relu(product);
  EXPECT_EQ(fused({y, product}), (Names{"matmul", "relu"}));
  const Value other = linear(x, w);
  EXPECT_EQ(fused({relu(other) * other}), (Names{"matmul", "relu", "multiply"}));
  const Value doubled = linear(x, w);
  EXPECT_EQ(fused({doubled + doubled}), (Names{"matmul", "add"}));
}

TEST_F(RewritesTest, TrainingFusesWhereTheSlopeIsOfTheOutput) {
  const Value x = input("x", {6, 5}), w1 = input("w1", {4, 5}), b1 = input("b1", {4});
  const Value w2 = input("w2", {3, 4}), dy = input("dy", {6, 3});
  const Value hidden = relu(linear(x, w1, b1));
  const Value y = linear(hidden, w2);
  const Value wrt[] = {w1, b1, w2};
  const std::vector<Value> found = gradients(y, wrt, dy);
  const Names names = fused({y, found[0], found[1], found[2]});
  EXPECT_EQ(std::ranges::count(names, "relu"), 0);
  EXPECT_EQ(std::ranges::count(names, "unary_backward"), 0);
  // Two forward, two weight gradients, and the hidden gradient with the slope of relu in its epilogue.
  EXPECT_EQ(std::ranges::count(names, "matmul"), 5);
}

TEST_F(RewritesTest, TrainingKeepsThePreActivationThatBackwardReads) {
  const Value x = input("x", {6, 5}), w1 = input("w1", {4, 5}), w2 = input("w2", {3, 4}), dy = input("dy", {6, 3});
  const Value y = linear(gelu(linear(x, w1)), w2);
  const Value wrt[] = {w1, w2};
  const std::vector<Value> found = gradients(y, wrt, dy);
  const Names names = fused({y, found[0], found[1]});
  EXPECT_EQ(std::ranges::count(names, "gelu"), 1);
  EXPECT_EQ(std::ranges::count(names, "unary_backward"), 0);  // its slope still moves into the product before it
}

TEST_F(RewritesTest, AMaskFollowsTheFunctionAndNothingFollowsTheMask) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7}), b = input("b", {3}), drawn = state();
  const Value y = dropout(tanh(linear(x, w, b)), drawn, .5f, 1);
  EXPECT_EQ(fused({y}), Names{"matmul"});
  EXPECT_EQ(product(y).dropout, .5);
  EXPECT_EQ(fused({tanh(dropout(linear(x, w), drawn, .5f, 1))}), (Names{"matmul", "tanh"}));
  EXPECT_EQ(fused({dropout(linear(x, w), drawn, .5f, 1) + b}), (Names{"matmul", "add"}));
  EXPECT_EQ(fused({dropout(dropout(linear(x, w), drawn, .5f, 1), drawn, .5f, 2)}), (Names{"matmul", "dropout"}));
  EXPECT_EQ(fused({spatial_dropout(linear(x, w), drawn, .5f, 1)}), Names{"matmul"});  // an element to a channel
  const Value product = linear(x, w);
  EXPECT_EQ(fused({dropout(product, drawn, .5f, 1), product}), (Names{"matmul", "dropout"}));
}

TEST_F(RewritesTest, TrainingThroughDropoutLaunchesOnlyProducts) {
  const Value x = input("x", {6, 5}), w1 = input("w1", {4, 5}), b1 = input("b1", {4}), drawn = state();
  const Value w2 = input("w2", {3, 4}), dy = input("dy", {6, 3});
  const Value y = linear(dropout(relu(linear(x, w1, b1)), drawn, .5f, 1), w2);
  const Value wrt[] = {w1, b1, w2};
  const std::vector<Value> found = gradients(y, wrt, dy);
  EXPECT_EQ(fused({y, found[0], found[1], found[2]}), Names(5, "matmul"));
}

// Where the slope is not to be read off what dropout leaves, the function keeps its result.
TEST_F(RewritesTest, DropoutHidesOtherFunctions) {
  const Value x = input("x", {6, 5}), w1 = input("w1", {4, 5}), drawn = state();
  const Value w2 = input("w2", {3, 4}), dy = input("dy", {6, 3});
  const Value y = linear(dropout(tanh(linear(x, w1)), drawn, .5f, 1), w2);
  const Value wrt[] = {w1};
  EXPECT_EQ(std::ranges::count(fused({y, gradients(y, wrt, dy)[0]}), "dropout"), 1);
  const Value r = relu(linear(x, w1)), other = dropout(r, drawn, .5f, 1);
  const Value from_elsewhere = gradients(r, wrt, input("dr", {6, 4}))[0];  // not through the mask
  EXPECT_EQ(std::ranges::count(fused({other, from_elsewhere}), "dropout"), 1);
}

TEST_F(RewritesTest, TheGradientsOfAWeightAndItsBiasAreOneProduct) {
  const Value w = input("w", {3, 7}), b = input("b", {3});
  for (const Shape& shape : {Shape{5, 7}, Shape{2, 4, 7}}) {
    const std::string which = to_string(shape);
    const Value x = input(("x" + which).c_str(), shape);
    const Value dy = input(("dy" + which).c_str(), shape.with(shape.rank() - 1, 3));
    const Value wrt[] = {w, b};
    const std::vector<Value> found = gradients(linear(x, w, b), wrt, dy);
    const Names names = fused({found[0], found[1]});
    EXPECT_EQ(std::ranges::count(names, "sum"), 0) << which;
    EXPECT_EQ(std::ranges::count(names, "matmul"), 1) << which;
    EXPECT_EQ(&maker(found[0]), &maker(found[1])) << which;
    EXPECT_TRUE(product(found[0]).row_sums) << which;
  }
}

TEST_F(RewritesTest, SumsOfOtherAxesAreNotRewritten) {
  const Value a = input("a", {5, 3}), x = input("x", {5, 7});
  const Value product = matmul(a, x, {.transpose_a = true});
  EXPECT_EQ(fused({product, sum(a, {1})}), (Names{"matmul", "sum"}));
  EXPECT_EQ(fused({matmul(a, a, {.transpose_b = true}), sum(a, {0})}), (Names{"matmul", "sum"}));
  // The sum is needed by what the product reads: they cannot be one.
  const Value scaled = x * reshape(sum(sum(a, {0}), {0}), {1});
  const Names names = fused({matmul(a, scaled, {.transpose_a = true})});
  EXPECT_EQ(std::ranges::count(names, "sum"), 2);
}

}  // namespace
}  // namespace lemnos
