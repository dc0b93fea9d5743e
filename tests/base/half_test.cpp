#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lemnos {
namespace {

TEST(Half, EveryF16SurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float wide = f16_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(wide)) continue;
    ASSERT_EQ(float_to_f16(wide), bits) << wide;
  }
}

TEST(Half, EveryBf16SurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float wide = bf16_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(wide)) continue;
    ASSERT_EQ(float_to_bf16(wide), bits) << wide;
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(float_to_f16(1 + 0x1p-11f), 0x3c00);             // a tie goes to the even side
  EXPECT_EQ(float_to_f16(1 + 3 * 0x1p-11f), 0x3c02);         // up
  EXPECT_EQ(float_to_f16(1 + 0x1p-11f + 0x1p-20f), 0x3c01);  // past the tie
  EXPECT_EQ(float_to_f16(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_f16(0x1p-25f), 0);  // half of the smallest subnormal ties to zero
  EXPECT_EQ(float_to_f16(0x1.8p-25f), 1);
  EXPECT_EQ(float_to_bf16(1 + 0x1p-8f), 0x3f80);
  EXPECT_EQ(float_to_bf16(1 + 3 * 0x1p-8f), 0x3f82);
}

TEST(Half, SpecialValues) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(f16_to_float(float_to_f16(-kInfinity)), -kInfinity);
  EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(std::nanf("")))));
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::nanf("")))));
  EXPECT_EQ(float_to_f16(-0.0f), 0x8000);
}

TEST(Half, EncodeAndDecodeAgreeWithRoundTo) {
  const double values[] = {0.1, -3.7, 1e-5, 12345.678};
  for (DType t : {DType::f32, DType::f16, DType::bf16}) {
    std::byte bytes[16];
    double back[4];
    encode(t, values, bytes, 4);
    decode(t, bytes, back, 4);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(back[i], round_to(t, values[i])) << to_string(t);
  }
}

}  // namespace
}  // namespace lemnos
