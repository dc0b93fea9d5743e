// Functions that several references share. Neither overflows.
#pragma once

#include <algorithm>
#include <cmath>

namespace lemnos::reference {

/// 1 / (1 + e^-x).
inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
/// log(1 + e^x).
inline double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace lemnos::reference
