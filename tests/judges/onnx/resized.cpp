// Planes at other extents: by interpolate(), or by index lists and constants where ONNX has other coordinates.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

// Element i of a result is the sum over the taps of weights[i] times the element at places[i].
struct Tap {
  Axes places;
  std::vector<float> weights;
};

// x read through the taps along `axis`.
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

// The two neighbours of each coordinate, by their distance; what lies outside of [0, extent - 1] is its end.
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

// By interpolate(), which has ONNX's half_pixel and align_corners along the last axes; no value where it has not. Where
// corners are aligned, ONNX has the scale in place of the extents.
Value interpolated(Value x, const std::vector<Stretch>& stretches, const UpsampleOptions& options, bool by_sizes) {
  const size_t rank = x.shape().rank();
  std::vector<double> scales(rank, 1);
  Axes sizes = dims_of(x);
  size_t first = rank;
  for (const Stretch& s : stretches) {
    if (s.from == s.to && s.scale == 1) continue;
    const double extent = s.scale * static_cast<double>(s.from);
    if (static_cast<double>(s.to) != (options.align_corners ? extent : std::floor(extent)) && !by_sizes) return {};
    scales[s.axis] = s.scale;
    sizes[s.axis] = s.to;
    first = std::min(first, s.axis);
  }
  if (first < 2 || first == rank || rank - first > 3) return {};
  const auto from = static_cast<std::ptrdiff_t>(first);
  if (by_sizes || options.align_corners) return interpolate(x, {sizes.begin() + from, sizes.end()}, options);
  return interpolate_by(x, {scales.begin() + from, scales.end()}, options);
}

Value resized_row(Call& c) {
  Value x = c[0];
  const std::string mode = c.word("mode", "nearest"), rounding = c.word("nearest_mode", "round_prefer_floor"),
                    coordinates = c.word("coordinate_transformation_mode", "half_pixel");
  c.ignore("extrapolation_value");
  express_if(!c.flag("antialias", false), "smoothing that repeats the edge");
  const bool cubic = mode == "cubic", half = coordinates == "half_pixel";
  const bool own = !cubic || (c.real("cubic_coeff_a", -.75f) == -.75f && !c.flag("exclude_outside", false));
  std::vector<Stretch> stretches = stretches_of(c);
  if (c.has(1)) {
    const std::vector<double>& roi = c.array(1).values;
    for (size_t i = 0; i < stretches.size() && roi.size() == 2 * stretches.size(); ++i)
      stretches[i].begin = roi[i], stretches[i].end = roi[i + stretches.size()];
  }
  if (c.has(2)) c.ignore(2);
  const bool corners = coordinates == "align_corners";
  if (mode != "nearest" && (half || corners) && own) {
    const UpsampleOptions options{.mode = cubic ? UpsampleMode::bicubic : UpsampleMode::bilinear,
                                  .align_corners = corners};
    if (const Value y = interpolated(x, stretches, options, c.has(3))) return y;
  }
  express_if(!cubic, "cubic interpolation by other coordinates or another function");
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

Value grid_row(Call& c) {
  const std::string mode = c.word("mode", "linear"), padding = c.word("padding_mode", "zeros");
  const std::map<std::string, GridMode> modes = {{"linear", GridMode::bilinear},
                                                 {"bilinear", GridMode::bilinear},
                                                 {"nearest", GridMode::nearest},
                                                 {"cubic", GridMode::bicubic},
                                                 {"bicubic", GridMode::bicubic}};
  const std::map<std::string, GridPadding> paddings = {
      {"zeros", GridPadding::zeros}, {"border", GridPadding::border}, {"reflection", GridPadding::reflection}};
  return grid_sample(
      c[0], c[1],
      {.mode = modes.at(mode), .padding = paddings.at(padding), .align_corners = c.flag("align_corners", false)});
}

}  // namespace

void add_resizing(OpTable& t) {
  t.add("Resize", resized_row);
  t.add("Upsample", upsampled_row, kExact);
  // The data says its numbers with four decimals.
  t.add("GridSample", grid_row, {1e-5, 5e-5});
}

}  // namespace lemnos::judges::onnx
