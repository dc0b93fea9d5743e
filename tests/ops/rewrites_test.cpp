// Each fusion: it happens where it may, it does not where somebody still needs what it would absorb, and the graph
// computes the same values afterwards.

#include "ops/rewrites.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "lemnos/autograd.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "runtime/oracle.h"
#include "shaders/common/gemm_extra.h"
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

  // The names of the nodes that `targets` need after the fusions, which must not change what they compute.
  std::vector<std::string_view> fused(const std::vector<Value>& targets) {
    std::vector<int> ids;
    for (Value v : targets) ids.push_back(v.id());
    const auto before = evaluate(graph_, ids, values_, false);
    rewrite(graph_, ids, rewrites());
    const auto after = evaluate(graph_, ids, values_, false);
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].size(), after[i].size());
      for (size_t j = 0; j < before[i].size(); ++j) EXPECT_NEAR(before[i][j], after[i][j], 1e-12) << i << ", " << j;
    }
    std::vector<std::string_view> names;
    for (int index : needed_nodes(graph_, ids)) names.push_back(graph_.nodes()[static_cast<size_t>(index)].op->name);
    return names;
  }
  const Node& maker(Value v) const { return graph_.nodes()[static_cast<size_t>(graph_.info(v).producer)]; }

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
  EXPECT_TRUE(maker(y).attrs.flag("bias"));
  EXPECT_EQ(maker(y).attrs.integer("activation"), UNARY_RELU);
}

TEST_F(RewritesTest, EveryFunctionOfOneOperandKeepsItsParameters) {
  const Value x = input("x", {5, 7}), w = input("w", {3, 7});
  EXPECT_EQ(fused({leaky_relu(linear(x, w), .2f)}), Names{"matmul"});
  EXPECT_EQ(fused({clamp(linear(x, w), -.5f, .25f)}), Names{"matmul"});
  EXPECT_EQ(fused({gelu(linear(x, w))}), Names{"matmul"});
  EXPECT_EQ(fused({affine(linear(x, w), 2, -1)}), Names{"matmul"});
}

TEST_F(RewritesTest, AConvolutionTakesAFunctionOfItsOwn) {
  const Value x = input("x", {2, 3, 5, 4}), w = input("w", {4, 3, 3, 3}), b = input("b", {4});
  const Value y = relu(conv2d(x, w, b, {.padding = {1, 1}}));
  EXPECT_EQ(fused({y}), Names{"conv2d"});
  EXPECT_EQ(maker(y).attrs.integer("activation"), UNARY_RELU);
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
  EXPECT_EQ(maker(y).attrs.integer("extra"), MATMUL_EXTRA_RESIDUAL);
  const Value z = silu(r + linear(x, w, b));
  EXPECT_EQ(fused({z}), Names{"matmul"});
}

TEST_F(RewritesTest, TheSumOfTwoProductsAbsorbsOne) {
  const Value x = input("x", {5, 4}), w = input("w", {4, 4});
  EXPECT_EQ(fused({matmul(x, w) + matmul(x, w, {.transpose_b = true})}), (Names{"matmul", "matmul"}));
}

TEST_F(RewritesTest, WhatStretchesIsNoBias) {
  const Value x = input("x", {1, 3}), w = input("w", {3, 4}), column = input("c", {5, 1}), wide = input("d", {5, 4});
  EXPECT_EQ(fused({matmul(x, w) + column}), (Names{"matmul", "add"}));
  EXPECT_EQ(fused({matmul(x, w) + wide}), (Names{"matmul", "add"}));
  const Value square = input("s", {4, 4});
  EXPECT_EQ(fused({matmul(square, square) + input("e", {4, 1})}), (Names{"matmul", "add"}));
}

TEST_F(RewritesTest, WhatOthersReadStays) {
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

}  // namespace
}  // namespace lemnos
