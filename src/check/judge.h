// Are the results of a prepared case right, whoever computed them?
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "check/prepared.h"

namespace lemnos::check {

using Bytes = std::vector<std::byte>;

struct Outcome {
  using Kind = Finding::Kind;
  Kind kind = Kind::passed;
  std::string message;     // why it failed or was skipped
  double worst_ratio = 0;  // largest error over tolerance
  std::string worst = {};  // the element that has it: "output0 [3, 1]: got 2.5, reference 2.25"
  uint64_t bits = 0;  // a hash of the results, where subnormal numbers count as zero and NaN as one; 0: there are none
};

std::vector<double> decoded(const TensorDesc& desc, const Bytes& bytes);

/// `results` has the bytes of each output.
Outcome judge(const Prepared& prepared, const std::vector<Bytes>& results);

}  // namespace lemnos::check
