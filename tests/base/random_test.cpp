#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace lemnos {
namespace {

PhiloxCounter block(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t k0, uint32_t k1) {
  PhiloxCounter counter{};
  PhiloxKey key{};
  counter[0] = a, counter[1] = b, counter[2] = c, counter[3] = d;
  key[0] = k0, key[1] = k1;
  return philox(counter, key);
}

void expect_block(const PhiloxCounter& block, std::array<uint32_t, 4> expected) {
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(block[i], expected[i]) << "word " << i;
}

// The known answers that the authors of Philox publish for philox4x32-10.
TEST(Philox, GivesTheKnownAnswers) {
  expect_block(block(0, 0, 0, 0, 0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const uint32_t f = 0xffffffff;
  expect_block(block(f, f, f, f, f, f), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  expect_block(block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0),
               {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST(Random, BitsAreTheBlocksInOrder) {
  Random random(uint64_t{7} << 32 | 5, uint64_t{2} << 32 | 9);
  for (uint32_t index = 0; index < 3; ++index) {
    const PhiloxCounter expected = block(index, 0, 9, 2, 5, 7);
    for (uint32_t word = 0; word < 4; ++word) EXPECT_EQ(random.bits(), expected[word]);
  }
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  constexpr int kCount = 100000;
  double sum = 0, square = 0, normal_sum = 0, normal_square = 0, normal_fourth = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    square += u * u;
    const double z = random.normal();
    normal_sum += z;
    normal_square += z * z;
    normal_fourth += z * z * z * z;
  }
  // Five standard errors each.
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(square / kCount, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kCount));
  EXPECT_NEAR(normal_sum / kCount, 0, 5 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(normal_square / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(normal_fourth / kCount, 3, 5 * std::sqrt(96.0 / kCount));
}

// The logarithm inside is our own: against the C library's, in the same polar method.
TEST(Random, NormalIsThePolarMethod) {
  Random random(3), uniforms(3);
  for (int i = 0; i < 1000; ++i) {
    double u = 0, v = 0, s = 0;
    do {
      u = uniforms.uniform(-1, 1);
      v = uniforms.uniform(-1, 1);
      s = u * u + v * v;
    } while (s >= 1 || s == 0);
    const double scale = std::sqrt(-2 * std::log(s) / s);
    ASSERT_NEAR(random.normal(), u * scale, 1e-13 * (1 + std::fabs(u * scale)));
    ASSERT_NEAR(random.normal(), v * scale, 1e-13 * (1 + std::fabs(v * scale)));
  }
}

TEST(Random, BelowIsFair) {
  Random random(5);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000.0 * 6 / 7));
  EXPECT_EQ(random.below(1), 0u);
}

}  // namespace
}  // namespace lemnos
