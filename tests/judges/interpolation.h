// Planes read at places that lie between their elements, along one axis at a time: index lists and constants.
#pragma once

#include <cstdint>
#include <vector>

#include "judges/helpers.h"

namespace lemnos::judges {

/// Element i of a result is the sum over the taps of weights[i] times the element at places[i].
struct Tap {
  Axes places;
  std::vector<float> weights;
};
/// x read through the taps along `axis`.
Value read_through(Value x, int64_t axis, const std::vector<Tap>& taps);

/// The two neighbours of each coordinate, by their distance; what lies outside of [0, extent - 1] is its end.
std::vector<Tap> linear_taps(const std::vector<double>& coordinates, int64_t extent);

}  // namespace lemnos::judges
