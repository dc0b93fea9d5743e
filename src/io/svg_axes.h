// Axes: values to pixels, and the positions of ticks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/svg_canvas.h"
#include "lemnos/plot.h"

namespace lemnos::io {

/// The values that an axis must show.
class Range {
 public:
  /// Values that are not finite, and on a logarithmic axis those that are not positive, are passed over.
  void include(double value, bool log);
  bool empty() const { return low_ > high_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_ = 1e300, high_ = -1e300;
};

/// A monotone map from values to pixels.
struct Scale {
  double low = 0, high = 1;  // values; positive and in this order when `log`
  bool log = false;
  double from = 0, to = 1;  // pixels of low and of high

  /// NaN for a value that the axis cannot show.
  double operator()(double value) const;
};

struct Tick {
  double value = 0;
  std::string label;  // empty: a minor tick
};

/// The axis's own limits where it has any, else the range with a margin of `padding` of its length on both sides.
Scale make_scale(const Axis& axis, const Range& range, double padding, double from, double to);
/// Round values (1, 2 or 5 times a power of ten) inside the scale, about `wanted` of them with labels.
std::vector<Tick> make_ticks(const Scale& scale, bool integers, int wanted);

}  // namespace lemnos::io
