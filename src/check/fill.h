// Inputs from a seed: the same numbers on every machine.
#pragma once

#include <cstdint>
#include <vector>

#include "check/case.h"

namespace lemnos::check {

/// The values of `input`, rounded to `dtype`, so that both sides start from the same numbers.
std::vector<double> fill(const Input& input, DType dtype, uint64_t seed);

}  // namespace lemnos::check
