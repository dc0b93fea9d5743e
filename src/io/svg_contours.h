// Level lines of a function on a grid.
#pragma once

#include <vector>

#include "lemnos/plot.h"

namespace lemnos::io {

struct PlanePoint {
  double x = 0, y = 0;
};

/// The line where the function equals `level`, as unconnected pieces of two points each (marching squares; a saddle is
/// decided by the mean of its corners). Cells with a corner that is not finite are left out.
std::vector<PlanePoint> level_line(const Contours& contours, double level);

/// Ten levels evenly spaced between the least and the greatest finite value, both left out.
std::vector<double> default_levels(const Contours& contours);

}  // namespace lemnos::io
