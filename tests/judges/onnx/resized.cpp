// Planes at other extents: by upsample(), or by index lists and constants where ONNX has other coordinates.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "judges/interpolation.h"
#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

// One axis of a Resize.
struct Stretch {
  size_t axis = 0;
  int64_t from = 1, to = 1;
  double scale = 1, begin = 0, end = 1;  // begin and end: of the region of interest
};

// Where result i lies among the elements, by the word of ONNX.
double coordinate(const Stretch& s, const std::string& mode, int64_t i) {
  const auto at = static_cast<double>(i), from = static_cast<double>(s.from), to = static_cast<double>(s.to);
  if (mode == "asymmetric") return at / s.scale;
  if (mode == "tf_half_pixel_for_nn") return (at + .5) / s.scale;
  // By the extent that the scale alone would have, without rounding.
  if (mode == "align_corners") return s.to == 1 ? 0 : at * (from - 1) / (s.scale * from - 1);
  if (mode == "pytorch_half_pixel" && s.to == 1) return 0;
  if (mode == "half_pixel_symmetric") {
    const double adjusted = to / (s.scale * from);
    return from / 2 * (1 - adjusted) + (at + .5) / s.scale - .5;
  }
  if (mode == "tf_crop_and_resize")
    return s.to > 1 ? (s.begin + at * (s.end - s.begin) / (to - 1)) * (from - 1) : .5 * (s.begin + s.end) * (from - 1);
  return (at + .5) / s.scale - .5;
}

std::vector<double> coordinates_of(const Stretch& s, const std::string& mode) {
  std::vector<double> all;
  for (int64_t i = 0; i < s.to; ++i) all.push_back(coordinate(s, mode, i));
  return all;
}

int64_t nearest_to(double at, const std::string& mode) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(at));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(at));
  return static_cast<int64_t>(mode == "round_prefer_ceil" ? std::floor(at + .5) : std::ceil(at - .5));
}

Axes resized_axes(Call& c) {
  Axes axes = c.list("axes", integers(static_cast<int64_t>(c[0].shape().rank())));
  for (int64_t& axis : axes)
    if (axis < 0) axis += static_cast<int64_t>(c[0].shape().rank());
  return axes;
}

// Extents from the sizes or the scales that are given, which one policy or another makes equal.
std::vector<Stretch> stretches_of(Call& c) {
  const Axes axes = resized_axes(c), sizes = c.has(3) ? c.list(3) : Axes();
  const std::string policy = c.word("keep_aspect_ratio_policy", "stretch");
  std::vector<Stretch> all;
  for (size_t i = 0; i < axes.size(); ++i) {
    Stretch s{.axis = static_cast<size_t>(axes[i]), .from = c[0].shape()[static_cast<size_t>(axes[i])]};
    const auto from = static_cast<double>(s.from);
    s.scale = sizes.empty() ? c.array(2).values.at(i) : static_cast<double>(sizes[i]) / from;
    s.to = sizes.empty() ? static_cast<int64_t>(std::floor(from * s.scale)) : sizes[i];
    all.push_back(s);
  }
  if (sizes.empty() || policy == "stretch") return all;
  const auto by_scale = [](const Stretch& a, const Stretch& b) { return a.scale < b.scale; };
  const double scale = policy == "not_larger" ? std::ranges::min_element(all, by_scale)->scale
                                              : std::ranges::max_element(all, by_scale)->scale;
  for (Stretch& s : all) {
    s.scale = scale;
    s.to = static_cast<int64_t>(std::floor(scale * static_cast<double>(s.from) + .5));
  }
  return all;
}

// As upsample() has it: planes whose factors are those of the extents.
bool is_upsample(const std::vector<Stretch>& stretches, size_t rank) {
  const auto plane_axis = [&](const Stretch& s) {
    const bool exact = static_cast<double>(s.to) == s.scale * static_cast<double>(s.from);
    return s.axis + 2 >= rank ? exact : s.from == s.to;
  };
  return rank == 4 && std::ranges::all_of(stretches, plane_axis);
}

Value resized_row(Call& c) {
  Value x = c[0];
  const std::string mode = c.word("mode", "nearest"), rounding = c.word("nearest_mode", "round_prefer_floor"),
                    coordinates = c.word("coordinate_transformation_mode", "half_pixel");
  for (const char* name : {"cubic_coeff_a", "exclude_outside", "extrapolation_value"}) c.ignore(name);
  std::vector<Stretch> stretches = stretches_of(c);
  if (c.has(1)) {
    const std::vector<double>& roi = c.array(1).values;
    for (size_t i = 0; i < stretches.size() && roi.size() == 2 * stretches.size(); ++i)
      stretches[i].begin = roi[i], stretches[i].end = roi[i + stretches.size()];
  }
  if (c.has(2)) c.ignore(2);
  express_if(mode != "cubic", "no op: cubic interpolation");
  express_if(!c.flag("antialias", false), "no op: interpolation that smooths first");
  const size_t rank = x.shape().rank();
  const bool half = coordinates == "half_pixel", corners = coordinates == "align_corners";
  if (mode == "linear" && (half || corners) && is_upsample(stretches, rank)) {
    std::array<int64_t, 2> size{x.shape()[2], x.shape()[3]};
    for (const Stretch& s : stretches)
      if (s.axis >= 2) size[s.axis - 2] = s.to;
    return upsample(x, size, {.mode = UpsampleMode::bilinear, .align_corners = corners});
  }
  for (const Stretch& s : stretches) {
    if (s.from == s.to && coordinates != "tf_crop_and_resize") continue;
    const std::vector<double> at = coordinates_of(s, coordinates);
    for (double place : at)
      express_if(coordinates != "tf_crop_and_resize" || (place >= 0 && place <= static_cast<double>(s.from - 1)),
                 "no op: interpolation outside of the plane");
    Axes places;
    for (double place : at) places.push_back(std::clamp<int64_t>(nearest_to(place, rounding), 0, s.from - 1));
    const auto axis = static_cast<int64_t>(s.axis);
    x = mode == "nearest" ? pick(x, axis, places) : read_through(x, axis, linear_taps(at, s.from));
  }
  return x;
}

// The op that Resize replaced: nearest, rounded down.
Value upsampled_row(Call& c) {
  express_if(c.word("mode", "nearest") == "nearest", "Upsample by another mode than nearest");
  Value x = c[0];
  const std::vector<double> scales = c.array(1).values;
  for (size_t i = 0; i < scales.size(); ++i) {
    Axes places;
    for (int64_t o = 0; o < static_cast<int64_t>(static_cast<double>(x.shape()[i]) * scales[i]); ++o)
      places.push_back(static_cast<int64_t>(static_cast<double>(o) / scales[i]));
    if (scales[i] != 1) x = pick(x, static_cast<int64_t>(i), places);
  }
  return x;
}

}  // namespace

void add_resizing(OpTable& t) {
  t.add("Resize", resized_row);
  t.add("Upsample", upsampled_row, kExact);
  t.none("GridSample", "no op: grid_sample");
}

}  // namespace lemnos::judges::onnx
