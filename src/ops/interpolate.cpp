// Lines, planes and volumes at other extents, one axis after the other. Along an axis
//   y[o, ..] = sum over k of weight[o, k] x[place[o, k], ..]
// with places and weights that are known when the graph is built: so every mode is one gather, one product and one sum,
// and has the gradients of these. What the kernel of `upsample` does is left to it.

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.h"
#include "lemnos/ops.h"
#include "ops/constants.h"

namespace lemnos {

namespace {

// What a result along one axis is made of: row o of places[to, count] and of weights, which are none where they are all
// 1.
struct LineTaps {
  int64_t count = 1;
  std::vector<int32_t> places;
  std::vector<float> weights;
};

// One axis: its extents, and the factor that was given, or 0.
struct ResizedLine {
  int64_t from, to;
  double factor;
};

// Elements of x from one result to the next.
double step_of(const ResizedLine& l, bool corners) {
  if (corners) return l.to > 1 ? static_cast<double>(l.from - 1) / static_cast<double>(l.to - 1) : 0;
  return l.factor > 0 ? 1 / l.factor : static_cast<double>(l.from) / static_cast<double>(l.to);
}

// The quotient of the extents in whole numbers: a quotient of doubles may lie below a whole number that it should be.
LineTaps nearest_taps(const ResizedLine& l, bool exact) {
  LineTaps taps;
  for (int64_t o = 0; o < l.to; ++o) {
    const double at = static_cast<double>(o) + (exact ? .5 : 0);
    const int64_t place = l.factor > 0 ? static_cast<int64_t>(std::floor(at / l.factor))
                          : exact      ? (2 * o + 1) * l.from / (2 * l.to)
                                       : o * l.from / l.to;
    taps.places.push_back(static_cast<int32_t>(std::min(place, l.from - 1)));
  }
  return taps;
}

double hat(double u) { return std::max(0.0, 1 - std::abs(u)); }

// Keys' cubic convolution.
double cubic(double u, double a) {
  u = std::abs(u);
  if (u <= 1) return ((a + 2) * u - (a + 3)) * u * u + 1;
  return u < 2 ? ((a * u - 5 * a) * u + 8 * a) * u - 4 * a : 0;
}

// Between two neighbours, or four.
LineTaps smooth_taps(const ResizedLine& l, bool is_cubic, bool corners) {
  LineTaps taps{.count = is_cubic ? 4 : 2, .places = {}, .weights = {}};
  const double step = step_of(l, corners);
  for (int64_t o = 0; o < l.to; ++o) {
    double at = corners ? static_cast<double>(o) * step : (static_cast<double>(o) + .5) * step - .5;
    if (!is_cubic) at = std::clamp(at, 0.0, static_cast<double>(l.from - 1));
    const double low = std::floor(at), part = at - low;
    for (int64_t k = 0; k < taps.count; ++k) {
      const int64_t offset = is_cubic ? k - 1 : k;
      const double u = part - static_cast<double>(offset);
      taps.places.push_back(
          static_cast<int32_t>(std::clamp<int64_t>(static_cast<int64_t>(low) + offset, 0, l.from - 1)));
      taps.weights.push_back(static_cast<float>(is_cubic ? cubic(u, -.75) : hat(u)));
    }
  }
  return taps;
}

// The same function stretched to what a result covers where there are fewer of them than elements, and cut at the ends.
LineTaps filtered_taps(const ResizedLine& l, bool is_cubic) {
  const double step = step_of(l, false), stretch = std::max(step, 1.0), support = (is_cubic ? 2 : 1) * stretch;
  LineTaps taps{
      .count = std::min(l.from, 2 * static_cast<int64_t>(std::ceil(support)) + 1), .places = {}, .weights = {}};
  for (int64_t o = 0; o < l.to; ++o) {
    const double center = step * (static_cast<double>(o) + .5);
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(center - support + .5), 0);
    const int64_t end = std::min(static_cast<int64_t>(center + support + .5), l.from);
    std::vector<double> weights;
    double total = 0;
    for (int64_t k = 0; k < taps.count; ++k) {
      const double u = (static_cast<double>(first + k) - center + .5) / stretch;
      weights.push_back(first + k >= end ? 0 : is_cubic ? cubic(u, -.5) : hat(u));
      total += weights.back();
      taps.places.push_back(static_cast<int32_t>(std::min(first + k, l.from - 1)));
    }
    for (const double w : weights) taps.weights.push_back(static_cast<float>(w / total));
  }
  return taps;
}

LineTaps taps_of(const ResizedLine& l, const UpsampleOptions& o) {
  if (o.mode == UpsampleMode::nearest || o.mode == UpsampleMode::nearest_exact)
    return nearest_taps(l, o.mode == UpsampleMode::nearest_exact);
  const bool is_cubic = o.mode == UpsampleMode::bicubic;
  return o.antialias ? filtered_taps(l, is_cubic) : smooth_taps(l, is_cubic, o.align_corners);
}

// The last axis of x resampled, and brought to the front.
Value turned(Value x, const ResizedLine& l, const UpsampleOptions& options) {
  const Shape& s = x.shape();
  std::vector<int64_t> dims(s.begin(), s.end() - 1);
  dims.insert(dims.begin(), l.to);
  Value rows = transpose(reshape(x, Shape{s.elements() / l.from, l.from}));
  if (l.from != l.to || l.factor > 0) {
    const LineTaps taps = taps_of(l, options);
    Graph& graph = x.graph();
    if (taps.count == 1) {
      rows = gather(rows, ops::whole_numbers(graph, Shape{l.to}, taps.places));
    } else {
      const Value met = gather(rows, ops::whole_numbers(graph, Shape{l.to, taps.count}, taps.places));
      rows = sum(met * graph.constant(Shape{l.to, taps.count, 1}, taps.weights), {1});
    }
  }
  return reshape(rows, Shape(dims));
}

Value resampled(Value x, const std::vector<ResizedLine>& lines, const UpsampleOptions& options) {
  const Shape& s = x.shape();
  const size_t lead = s.rank() - lines.size();
  std::vector<int64_t> dims(s.begin(), s.end());
  int64_t places = 1;
  const bool moves = options.mode == UpsampleMode::nearest || options.mode == UpsampleMode::nearest_exact;
  const bool widens = !moves && x.dtype() != DType::f32;
  Value y = widens ? cast(x, DType::f32) : x;  // products with weights are rounded once
  for (size_t i = lines.size(); i-- > 0;) {
    y = turned(y, lines[i], options);
    dims[lead + i] = lines[i].to;
    places *= lines[i].to;
  }
  y = transpose(reshape(y, Shape{places, y.shape().elements() / places}));
  y = reshape(y, Shape(dims));
  return widens ? cast(y, x.dtype()) : y;
}

// By the kernels for planes: lines as planes of one row, volumes in two steps.
template <typename Planes>
Value by_planes_interpolate(Value x, const std::vector<int64_t>& size, Planes planes) {
  if (size.size() == 2) return planes(x, {size[0], size[1]});
  const Shape& s = x.shape();
  std::vector<int64_t> dims(s.begin(), s.end()), flat = dims;
  for (size_t i = 0; i < size.size(); ++i) dims[dims.size() - size.size() + i] = size[i];
  if (size.size() == 1) {
    flat.insert(flat.end() - 1, 1);
    return reshape(planes(reshape(x, Shape(flat)), {1, size[0]}), Shape(dims));
  }
  const Value y = planes(x, {size[1], size[2]});
  flat.resize(flat.size() - 1);
  flat.back() = size[1] * size[2];
  return reshape(planes(reshape(y, Shape(flat)), {size[0], flat.back()}), Shape(dims));
}

Value any_interpolated(const char* who, Value x, const std::vector<int64_t>& size, const std::vector<double>& factors,
                       const UpsampleOptions& options) {
  const Shape& s = x.shape();
  require(!size.empty() && size.size() <= 3 && s.rank() >= size.size(), ErrorCode::invalid_argument, who, ": ",
          size.size(), " extents for x ", x.desc(), ", it takes one to three, of the last axes");
  require(is_floating(x.dtype()) && s.elements() > 0, ErrorCode::invalid_argument, who, ": x is ", x.desc(),
          ", it takes f32, f16 or bf16, and elements");
  const bool linear = options.mode == UpsampleMode::bilinear, smooth = linear || options.mode == UpsampleMode::bicubic;
  require(!options.antialias || (smooth && !options.align_corners), ErrorCode::invalid_argument, who,
          ": antialias needs bilinear or bicubic without align_corners");
  const size_t lead = s.rank() - size.size();
  std::vector<ResizedLine> lines;
  bool plain = true;
  for (size_t i = 0; i < size.size(); ++i) {
    require(size[i] >= 1, ErrorCode::invalid_argument, who, ": extent ", i, " is ", size[i], ", at least 1");
    lines.push_back({s[lead + i], size[i], 0});
    // A factor equal to the quotient of the extents changes nothing; with aligned corners no coordinate uses it.
    if (factors.empty() || (smooth && options.align_corners)) continue;
    if (factors[i] * static_cast<double>(lines[i].from) != static_cast<double>(lines[i].to))
      lines[i].factor = factors[i];
    plain = plain && lines[i].factor == 0;
  }
  if (options.mode == UpsampleMode::area) return by_planes_interpolate(x, size, adaptive_avg_pool2d);
  if (plain && !options.antialias && (linear || options.mode == UpsampleMode::nearest))
    return by_planes_interpolate(x, size,
                                 [&](Value v, std::array<int64_t, 2> plane) { return upsample(v, plane, options); });
  return resampled(x, lines, options);
}

}  // namespace

Value interpolate(Value x, std::vector<int64_t> size, UpsampleOptions options) {
  return any_interpolated("interpolate", x, size, {}, options);
}

Value interpolate_by(Value x, std::vector<double> factors, UpsampleOptions options) {
  const char* who = "interpolate_by";
  const Shape& s = x.shape();
  require(s.rank() >= factors.size(), ErrorCode::invalid_argument, who, ": ", factors.size(), " factors for x ",
          x.desc());
  std::vector<int64_t> size;
  for (size_t i = 0; i < factors.size(); ++i) {
    const int64_t extent = s[s.rank() - factors.size() + i];
    require(factors[i] > 0 && factors[i] < 1e9, ErrorCode::invalid_argument, who, ": factor ", i, " is ", factors[i],
            ", it must be above 0 and below 1e9");
    size.push_back(static_cast<int64_t>(std::floor(static_cast<double>(extent) * factors[i])));
    require(size.back() >= 1, ErrorCode::invalid_argument, who, ": factor ", i, " is ", factors[i],
            ", which gives an extent of 0 from ", extent);
  }
  return any_interpolated(who, x, size, factors, options);
}

}  // namespace lemnos
