// The judge itself: what it takes for right among NaN, infinities and numbers.
#include "check/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "check/specials.h"

namespace lemnos::check {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

bool is_right(double reference, double result, DType dtype = DType::f32) {
  return compare({result, 1}, {reference, 1}, {{2}, dtype}, rounding()).right;
}

TEST(Compare, ASpecialValueMatchesOnlyItself) {
  const double values[] = {kNan, kInfinity, -kInfinity, 3, -3, 0};
  for (double reference : values)
    for (double result : values) {
      const bool same = reference == result || (std::isnan(reference) && std::isnan(result));
      EXPECT_EQ(is_right(reference, result), same) << "reference " << reference << ", result " << result;
    }
}

TEST(Compare, AReferencePastTheTypeMatchesAnInfinityOfItsSign) {
  EXPECT_TRUE(is_right(1e300, kInfinity));
  EXPECT_FALSE(is_right(1e300, -kInfinity));
  EXPECT_FALSE(is_right(1e300, 42));
  EXPECT_FALSE(is_right(1e300, kNan));
  EXPECT_TRUE(is_right(7e4, kInfinity, DType::f16));
  EXPECT_FALSE(is_right(7e4, kInfinity, DType::bf16));
  EXPECT_FALSE(is_right(6e4, kInfinity, DType::f16));
  EXPECT_FALSE(is_right(kInfinity, std::numeric_limits<float>::max())) << "an infinity is not a large number";
}

TEST(Compare, TheLogarithmOfZeroIsMinusInfinity) {
  const std::vector<double> reference(4, -kInfinity), wrong = {42, kNan, kInfinity, 0};
  const Comparison c = compare(wrong, reference, {{4}, DType::f32}, transcendental());
  EXPECT_EQ(c.wrong, 4u);
  EXPECT_FALSE(c.right);
}

Special special(Special::Kind kind, double value) { return {kind, value, "x"}; }

TEST(CompareSpecial, NamesTheElementThatLostItsNan) {
  const TensorDesc desc{{3}, DType::f32};
  const SpecialReference reference{{1, kNan, 2}, {}};
  const Special nan = special(Special::Kind::nan, kNan);
  EXPECT_EQ(compare_special(nan, {1, kNan, 2}, reference, desc, rounding(), false), "");
  EXPECT_EQ(compare_special(nan, {1, 0, 2}, reference, desc, rounding(), false), "element 1: got 0, reference nan");
  EXPECT_EQ(compare_special(nan, {kNan, kNan, 2}, reference, desc, rounding(), true), "");
  EXPECT_NE(compare_special(nan, {kNan, kNan, 2}, reference, desc, rounding(), false), "");
  EXPECT_NE(compare_special(nan, {1, 0, 2}, reference, desc, rounding(), true), "") << "more NaN, but never less";
  EXPECT_NE(compare_special(nan, {1.1, kNan, 2}, reference, desc, rounding(), false), "") << "a neighbour was changed";
}

TEST(CompareSpecial, ASubnormalMayBecomeZeroOrTheSmallestNormalNumber) {
  const TensorDesc desc{{1}, DType::f32};
  const SpecialReference logarithm{{-92.1}, {{-kInfinity}, {-87.3}}};
  const Special subnormal = special(Special::Kind::subnormal, 1e-40);
  for (double right : {-92.1, -88.0, -87.3, -kInfinity})
    EXPECT_EQ(compare_special(subnormal, {right}, logarithm, desc, transcendental(), false), "") << right;
  for (double wrong : {-80.0, 0.0, kInfinity, kNan})
    EXPECT_NE(compare_special(subnormal, {wrong}, logarithm, desc, transcendental(), false), "") << wrong;
}

}  // namespace
}  // namespace lemnos::check
