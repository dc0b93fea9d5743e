// Small generated feature sets: spirals, moons, XOR and the logic gates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lemnos::io {

struct FeatureSet {
  int64_t count = 0;
  int64_t features = 0;
  int64_t classes = 0;
  std::vector<float> x;         // [count, features]
  std::vector<int32_t> labels;  // [count], each in [0, classes)

  std::span<const float> row(int64_t index) const {
    return std::span(x).subspan(static_cast<size_t>(index * features), static_cast<size_t>(features));
  }
};

/// `classes` interleaved arms of one and a half turns around the origin, within the unit disc before noise. Class i of
/// row r is r % classes. `noise` is the standard deviation added to each coordinate.
FeatureSet make_spirals(int64_t count, int64_t classes = 3, double noise = 0.02, uint64_t seed = 1);

/// Two interleaved half circles of radius 1, at (0, 0) and (1, 0.5); the class of row r is r % 2.
FeatureSet make_moons(int64_t count, double noise = 0.1, uint64_t seed = 1);

/// Points around the four corners (+-1, +-1); class 1 where the signs differ.
FeatureSet make_xor(int64_t count, double noise = 0.2, uint64_t seed = 1);

enum class LogicGate { logic_and, logic_or, logic_nand, logic_nor, logic_xor, logic_xnor };

/// The four rows of the truth table: inputs 0 or 1 in the order 00, 01, 10, 11.
FeatureSet logic_gate(LogicGate gate);

}  // namespace lemnos::io
