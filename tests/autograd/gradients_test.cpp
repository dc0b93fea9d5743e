// What gradients() promises: contributions add up, seeds scale, constants end them, what is not reached has none.
#include "lemnos/autograd.h"

#include <gtest/gtest.h>

#include "lemnos/ops.h"
#include "lemnos/session.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

using Floats = std::vector<float>;

Floats value_of(Value v) { return eval(Device::cpu(), v); }

class Gradients : public testing::Test {
 protected:
  Value made(const Shape& shape, const Floats& values) { return graph_.constant(shape, values); }
  Value of(Value output, Value wrt, Value seed = {}) { return gradients(output, std::vector<Value>{wrt}, seed)[0]; }
  Graph graph_;
  Value x_ = made({3}, {1, -2, 5});
};

TEST_F(Gradients, ContributionsOfAllReadersAddUp) {
  // 2 x + 3 + 1 + 10 x_0 for the first element.
  const Value y = sum(square(x_)) + sum(3 * x_) + sum(x_) + sum(5 * square(slice_axis(x_, 0, 0, 1)));
  EXPECT_EQ(value_of(of(y, x_)), (Floats{2 + 4 + 10, -4 + 4, 10 + 4}));
}

TEST_F(Gradients, AnOperandThatStandsTwiceCountsTwice) {
  EXPECT_EQ(value_of(of(sum(x_ * x_), x_)), (Floats{2, -4, 10}));
  EXPECT_EQ(value_of(of(sum(x_ - x_), x_)), (Floats{0, 0, 0}));
  EXPECT_EQ(value_of(of(sum(x_ * x_ * x_), x_)), (Floats{3, 12, 75}));
}

TEST_F(Gradients, PathsThroughSharedNodesAreCountedOnceEach) {
  // h is read by two nodes that meet again: d/dx of h^2 + 4 h with h = 3 x.
  const Value h = 3 * x_;
  EXPECT_EQ(value_of(of(sum(square(h) + 4 * h), x_)), (Floats{18 + 12, -36 + 12, 90 + 12}));
}

TEST_F(Gradients, ASeedScales) {
  const Value y = square(x_);
  EXPECT_EQ(value_of(of(y, x_, made({3}, {1, 0, -1}))), (Floats{2, 0, -10}));
  EXPECT_EQ(value_of(of(sum(y), x_, graph_.scalar(.5f))), (Floats{1, -2, 5}));
}

TEST_F(Gradients, AnOutputOfOneElementNeedsNoSeed) {
  const Value y = sum(square(x_), {0}, true);  // [1], not a scalar
  ASSERT_EQ(y.shape(), (Shape{1}));
  EXPECT_EQ(value_of(of(y, x_)), (Floats{2, -4, 10}));
}

TEST_F(Gradients, AnOutputOfAHalfTypeNeedsNoSeedEither) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Value half = cast(x_, dtype);
    EXPECT_EQ(value_of(cast(of(sum(square(half)), half), DType::f32)), (Floats{2, -4, 10}));
  }
  const Error whole = error_of([&] { of(cast(sum(x_), DType::i32), x_); });
  EXPECT_STREQ(whole.what(), "gradients: the output is i32[], it takes a floating-point one");
}

TEST_F(Gradients, OfTheOutputItselfAreTheSeed) {
  const Value y = square(x_), seed = made({3}, {7, 8, 9});
  EXPECT_EQ(of(y, y, seed), seed);
}

TEST_F(Gradients, OfIntermediateValues) {
  const Value h = 3 * x_;
  const std::vector<Value> found = gradients(sum(square(h)), std::vector<Value>{h, x_, h});
  EXPECT_EQ(value_of(found[0]), (Floats{6, -12, 30}));
  EXPECT_EQ(value_of(found[1]), (Floats{18, -36, 90}));
  EXPECT_EQ(found[2], found[0]);
}

TEST_F(Gradients, StopAtAConstant) {
  EXPECT_EQ(value_of(of(sum(x_ * stop_gradient(x_)), x_)), (Floats{1, -2, 5}));
  EXPECT_EQ(value_of(stop_gradient(x_)), (Floats{1, -2, 5}));
  EXPECT_FALSE(of(sum(stop_gradient(square(x_))), x_));
}

TEST_F(Gradients, WhatIsStoppedIsAConstantToOpsWithoutAGradientForIt) {
  // A target made of what is learned, as in distillation: the loss has no gradient for it, and needs none.
  const auto loss_by = [&](Value target) { return softmax_cross_entropy(reshape(x_, Shape{1, 3}), target); };
  const Value teacher = reshape(softmax(2 * x_), Shape{1, 3});
  const Value given = made({1, 3}, value_of(teacher));
  EXPECT_EQ(value_of(of(loss_by(stop_gradient(teacher)), x_)), value_of(of(loss_by(given), x_)));
  EXPECT_THROW(of(loss_by(teacher), x_), Error);
  // Nothing comes through integers either.
  const Value marks = cast(cast(sigmoid(x_) + .5f, DType::i32), DType::f32);
  const Value by_marks = binary_cross_entropy(sigmoid(x_), marks);
  const Value by_numbers = binary_cross_entropy(sigmoid(x_), made({3}, {1, 0, 1}));
  EXPECT_EQ(value_of(of(by_marks, x_)), value_of(of(by_numbers, x_)));
}

TEST_F(Gradients, WhatTheOutputDoesNotDependOnHasNone) {
  const Value reached = graph_.parameter("reached", {3}, Floats{1, 1, 1});
  const Value beside = graph_.parameter("beside", {3}, Floats{1, 1, 1});
  const Value y = sum(reached * x_);
  (void)(beside * y);  // it depends on the output, not the output on it
  const std::vector<Value> found = gradients(y, std::vector<Value>{beside, reached});
  EXPECT_FALSE(found[0]);
  EXPECT_EQ(value_of(found[1]), (Floats{1, -2, 5}));
  EXPECT_TRUE(gradients(y, std::vector<Value>{}).empty());
}

TEST_F(Gradients, IndicesHaveNone) {
  const Value table = made({3, 2}, {1, 2, 3, 4, 5, 6});
  const std::vector<int32_t> rows{2, 0, 2, -1};
  const Value indices = graph_.constant({{4}, DType::i32}, std::as_bytes(std::span(rows)));
  const std::vector<Value> found = gradients(sum(gather(table, indices)), std::vector<Value>{table, indices});
  EXPECT_EQ(value_of(found[0]), (Floats{1, 1, 0, 0, 2, 2}));
  EXPECT_FALSE(found[1]);
}

TEST_F(Gradients, GoBackThroughBroadcastsAndShapes) {
  const Value bias = made({2}, {0, 0}), rows = made({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(value_of(of(sum((rows + bias) * rows), bias)), (Floats{9, 12}));
  EXPECT_EQ(of(sum((rows + bias) * rows), bias).shape(), (Shape{2}));
  const Value turned = reshape(transpose(rows), {6});  // 1 3 5 2 4 6
  EXPECT_EQ(value_of(of(sum(turned * made({6}, {1, 2, 3, 4, 5, 6})), rows)), (Floats{1, 4, 2, 5, 3, 6}));
}

TEST_F(Gradients, OfAPartLeaveTheOtherPartsAtZero) {
  const std::vector<Value> parts = split(x_, {1, 2});
  EXPECT_EQ(value_of(of(sum(square(parts[1])), x_)), (Floats{0, -4, 10}));
}

TEST_F(Gradients, ALongChainIsFollowedToItsBeginning) {
  Value y = x_;
  for (int i = 0; i < 400; ++i) y = i % 2 ? y * .5f : y * 2.f;
  EXPECT_EQ(value_of(of(sum(y), x_)), (Floats{1, 1, 1}));
}

TEST_F(Gradients, AreOfTheTypeOfWhatTheyBelongTo) {
  const Value half = cast(x_, DType::f16);
  const Value y = sum(cast(square(half), DType::f32));
  const std::vector<Value> found = gradients(y, std::vector<Value>{half, x_});
  EXPECT_EQ(found[0].dtype(), DType::f16);
  EXPECT_EQ(found[1].dtype(), DType::f32);
  EXPECT_EQ(value_of(found[1]), (Floats{2, -4, 10}));
}

TEST_F(Gradients, MistakesNameBothSides) {
  const Value y = square(x_);
  const Error none = error_of([&] { of(y, x_); });
  EXPECT_STREQ(none.what(), "gradients: the output is f32[3]; one of more than one element needs a seed");
  EXPECT_EQ(none.code(), ErrorCode::shape_mismatch);
  const Error other = error_of([&] { of(y, x_, made({2}, {1, 1})); });
  EXPECT_STREQ(other.what(), "gradients: the seed is f32[2] for an output f32[3]");
  EXPECT_EQ(other.code(), ErrorCode::shape_mismatch);
  EXPECT_STREQ(error_of([&] { of(y, x_, cast(x_, DType::f16)); }).what(),
               "gradients: the seed is f16[3] for an output f32[3]");
}

TEST_F(Gradients, ValuesOfAnotherGraphAreRefused) {
  Graph other;
  const Value stranger = other.input("stranger", {{3}, DType::f32});
  const Value y = sum(square(x_));
  const Error wrt = error_of([&] { of(y, stranger); });
  EXPECT_EQ(wrt.code(), ErrorCode::invalid_argument);
  EXPECT_STREQ(wrt.what(), "gradients: wrt 0, f32[3], belongs to another graph than the output");
  EXPECT_STREQ(error_of([&] { gradients(y, std::vector<Value>{x_, Value()}); }).what(), "gradients: wrt 1 is empty");
  EXPECT_STREQ(error_of([&] { of(Value(), x_); }).what(), "gradients: the output is empty");
  EXPECT_STREQ(error_of([&] { of(square(x_), x_, stranger); }).what(),
               "gradients: the seed, f32[3], belongs to another graph than the output");
}

TEST_F(Gradients, AnOpWithoutOneIsNamed) {
  const Value logits = made({1, 3}, {1, -2, 5});
  const std::vector<int32_t> target{2};
  const Value targets = graph_.constant({{1}, DType::i32}, std::as_bytes(std::span(target)));
  const Error error = error_of([&] { of(sum(accuracy_count(logits, targets)), logits); });
  EXPECT_TRUE(std::string_view(error.what()).starts_with("accuracy_count: has no gradient. If it computes gradients"));
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace lemnos
