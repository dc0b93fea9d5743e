#include "judges/interpolation.h"

#include <algorithm>
#include <cmath>

namespace lemnos::judges {

Value read_through(Value x, int64_t axis, const std::vector<Tap>& taps) {
  Value y;
  for (const Tap& tap : taps) {
    Axes dims(x.shape().rank(), 1);
    dims[x.shape().axis(axis, "read_through")] = static_cast<int64_t>(tap.places.size());
    const Value part = pick(x, axis, tap.places) * x.graph().constant(Shape(dims), tap.weights);
    y = y ? y + part : part;
  }
  return y;
}

std::vector<Tap> linear_taps(const std::vector<double>& coordinates, int64_t extent) {
  Tap low, high;
  for (double at : coordinates) {
    const double inside = std::clamp(at, 0., static_cast<double>(extent - 1));
    const auto place = static_cast<int64_t>(std::floor(inside));
    const auto rest = static_cast<float>(inside - std::floor(inside));
    low.places.push_back(place);
    low.weights.push_back(1 - rest);
    high.places.push_back(std::min(place + 1, extent - 1));
    high.weights.push_back(rest);
  }
  return {low, high};
}

}  // namespace lemnos::judges
