#pragma once

namespace lemnos::metrics {

/// a / b, and 0 where nothing was counted.
inline double quotient(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace lemnos::metrics
