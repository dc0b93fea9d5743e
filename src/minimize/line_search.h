// How far to go along a direction.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace lemnos {

/// A point on the line x + t d.
struct LinePoint {
  double t = 0, loss = 0, slope = 0;  // slope: gradient . d
  std::vector<double> gradient = {};
};

struct LineFound {
  LinePoint point;
  int64_t evaluations = 0;
};

/// From `start` (t = 0) a point that satisfies the strong Wolfe conditions, or the best of 25: first the interval grows
/// by at most ten times, then it is cut at the minimum of the cubic through its ends (J. Nocedal, S. J. Wright,
/// "Numerical Optimization", algorithms 3.5 and 3.6; safeguards as in M. Schmidt's minFunc). `size` is the largest
/// element of d: an interval shorter than `tolerance` is not cut.
LineFound search_line(const LinePoint& start, double first, double size, double tolerance,
                      const std::function<LinePoint(double t)>& at);

}  // namespace lemnos
