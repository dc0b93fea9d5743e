#include "io/toy_sets.h"

#include <cmath>

#include "io_test.h"

namespace lemnos::io {
namespace {

TEST(ToySets, LogicGatesAreTheirTruthTables) {
  EXPECT_EQ(logic_gate(LogicGate::logic_and).labels, (std::vector<int32_t>{0, 0, 0, 1}));
  EXPECT_EQ(logic_gate(LogicGate::logic_or).labels, (std::vector<int32_t>{0, 1, 1, 1}));
  EXPECT_EQ(logic_gate(LogicGate::logic_nand).labels, (std::vector<int32_t>{1, 1, 1, 0}));
  EXPECT_EQ(logic_gate(LogicGate::logic_nor).labels, (std::vector<int32_t>{1, 0, 0, 0}));
  EXPECT_EQ(logic_gate(LogicGate::logic_xor).labels, (std::vector<int32_t>{0, 1, 1, 0}));
  EXPECT_EQ(logic_gate(LogicGate::logic_xnor).labels, (std::vector<int32_t>{1, 0, 0, 1}));
  EXPECT_EQ(logic_gate(LogicGate::logic_xor).x, (std::vector<float>{0, 0, 0, 1, 1, 0, 1, 1}));
}

TEST(ToySets, MoonsLieOnTheirHalfCircles) {
  const FeatureSet moons = make_moons(400, 0);
  for (int64_t i = 0; i < moons.count; ++i) {
    const float x = moons.row(i)[0];
    const float y = moons.row(i)[1];
    const bool upper = moons.labels[static_cast<size_t>(i)] == 0;
    EXPECT_NEAR(upper ? std::hypot(x, y) : std::hypot(x - 1, y - 0.5), 1, 1e-6);
    EXPECT_TRUE(upper ? y >= 0 : y <= 0.5f);
  }
}

TEST(ToySets, SpiralsTurnWithTheirRadius) {
  const FeatureSet spirals = make_spirals(300, 3, 0);
  for (int64_t i = 0; i < spirals.count; ++i) {
    const double x = spirals.row(i)[0];
    const double y = spirals.row(i)[1];
    const double radius = std::hypot(x, y);
    EXPECT_EQ(spirals.labels[static_cast<size_t>(i)], i % 3);
    const double angle = 2 * M_PI * (1.5 * radius + static_cast<double>(i % 3) / 3);
    EXPECT_NEAR(x, radius * std::cos(angle), 2e-6);
    EXPECT_NEAR(y, radius * std::sin(angle), 2e-6);
  }
}

TEST(ToySets, XorFollowsItsSigns) {
  const FeatureSet set = make_xor(400, 0.1);
  int ones = 0;
  for (int64_t i = 0; i < set.count; ++i) {
    ones += set.labels[static_cast<size_t>(i)];
    EXPECT_EQ(set.labels[static_cast<size_t>(i)], (set.row(i)[0] > 0) != (set.row(i)[1] > 0));
  }
  EXPECT_EQ(ones, 200);
}

TEST(ToySets, DependOnTheSeedAlone) {
  EXPECT_EQ(make_moons(20, 0.1, 4).x, make_moons(20, 0.1, 4).x);
  EXPECT_NE(make_moons(20, 0.1, 4).x, make_moons(20, 0.1, 5).x);
}

TEST(ToySets, RefuseInvalidOptions) {
  EXPECT_REFUSED(make_moons(-1), invalid_argument, "make_moons: count -1 is below 0");
  EXPECT_REFUSED(make_xor(1, -0.5), invalid_argument, "make_xor: noise -0.5 is below 0");
  EXPECT_REFUSED(make_spirals(1, 0), invalid_argument, "make_spirals: 0 classes, at least 1 is needed");
}

}  // namespace
}  // namespace lemnos::io
