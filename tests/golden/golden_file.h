// What make_golden.py wrote into ops.json.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos::golden {

/// An input that both sides make by the formula: its index in the case is its stream.
struct Input {
  TensorDesc desc;
  std::string fill;  // "uniform", "integers", "grid"
  double low = 0, high = 0;

  std::vector<double> values(uint32_t stream) const;
};

/// One op on given inputs: one of its outputs, and the gradients that the seed of stream kSeedStream leads to.
struct OpCase {
  std::string op;
  Attrs attrs;
  std::vector<Input> inputs;
  size_t output = 0;
  Shape shape;  // of that output
  std::vector<double> y;
  std::vector<std::optional<std::vector<double>>> dx;  // one an input, or none at all
  double tolerance = 0;                                // relative
  double of_largest = 0;                               // and of the largest element
};
inline constexpr uint32_t kSeedStream = 100;

/// One parameter that starts at 1, under the gradients kGradients.
struct OptimizerCase {
  std::string name;
  std::string op;
  size_t slots = 0;
  Attrs attrs;
  std::vector<double> values;  // after each step
};
inline constexpr double kGradients[] = {0.1, -0.2, 0.3, 0.05};

/// A schedule of the learning rate: its factor at unit 0, 1, ..
struct ScheduleCase {
  Attrs attrs;
  std::vector<double> table;  // of the kind "piecewise"
  std::vector<double> factors;
};

/// A gradient of `count` elements (uniform in [-2, 2), stream 0) clipped by its norm: what it is multiplied with.
struct ClipCase {
  int64_t count = 0;
  double max_norm = 0, norm = 0, factor = 0;
};

struct GoldenFile {
  std::string script;                         // scripts_hash() when it was made
  std::map<std::string, std::string> exempt;  // ops without values, and why
  std::vector<OpCase> cases;
  std::vector<OptimizerCase> optimizers;
  std::vector<ScheduleCase> schedules;
  std::vector<ClipCase> clips;
};

/// Where the files lie in the source tree.
std::filesystem::path folder();
/// Throws what reading and parsing throw.
const GoldenFile& golden_file();
/// The hash that make_golden.py writes, of all scripts here in the order of their names: FNV-1a, 16 hexadecimal digits.
std::string scripts_hash();

}  // namespace lemnos::golden
