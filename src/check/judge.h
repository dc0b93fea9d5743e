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
};

std::vector<double> decoded(const TensorDesc& desc, const Bytes& bytes);

/// `results` has the bytes of each output.
Outcome judge(const Prepared& prepared, const std::vector<Bytes>& results);

}  // namespace lemnos::check
