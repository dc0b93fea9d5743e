// grid_sample: y[n, c, p] = sum over taps of weight[n, p, tap] x[n, c, place[n, p, tap]], where the places around point
// p and their weights follow from its coordinates. So y has gradients for x and for the grid by those of gather,
// product and sum. A place outside is no row of the gather, which is 0.

#include <array>
#include <string>

#include "base/text.h"
#include "lemnos/ops.h"
#include "ops/constants.h"

namespace lemnos {

namespace {

// weight[k] = c0 + c1 f + c2 f^2 + c3 f^3 for the tap at floor(coordinate) + first + k, with f the fraction.
struct TapWeights {
  std::vector<float> offsets;
  std::vector<std::vector<float>> coefficients;  // by power, then by tap
};
const TapWeights& tap_weights(GridMode mode) {
  static const TapWeights nearest{{0}, {}};
  static const TapWeights linear{{0, 1}, {{1, 0}, {-1, 1}}};
  // Keys' convolution with a = -3/4 at distances 1 + f, f, 1 - f, 2 - f.
  static const TapWeights cubic{
      {-1, 0, 1, 2}, {{0, 1, 0, 0}, {-.75f, 0, .75f, 0}, {1.5f, -2.25f, 1.5f, -.75f}, {-.75f, 1.25f, -1.25f, .75f}}};
  return mode == GridMode::nearest ? nearest : mode == GridMode::bilinear ? linear : cubic;
}

// Gradient 0 at the ends and past them, as past the ends there is nothing to move to.
Value held_within(Value v, float last) {
  Graph& graph = v.graph();
  return minimum(graph.scalar(last), maximum(graph.scalar(0), v));
}

// Mirrored at the ends as often as it takes: a wave of period 2 span, from `low` up.
Value mirrored(Value v, float extent, bool corners) {
  const float low = corners ? 0 : -.5f, span = corners ? extent - 1 : extent;
  if (span == 0) return zeros(v.graph(), v.shape());
  const Value away = abs(v - low);
  const Value turn = away - floor(away / (2 * span)) * (2 * span);
  return (span + low) - abs(turn - span);
}

// GridAxis one axis: the places of the taps of each point, f32[.., taps], and what they weigh.
struct GridAxis {
  Value places, weights = {};
};
GridAxis grid_axis(Value g, int64_t extent, const GridOptions& o) {
  Graph& graph = g.graph();
  const auto size = static_cast<float>(extent), last = size - 1;
  const auto padded = [&](Value v) {
    if (o.padding == GridPadding::zeros) return v;
    return held_within(o.padding == GridPadding::reflection ? mirrored(v, size, o.align_corners) : v, last);
  };
  const bool cubic = o.mode == GridMode::bicubic;
  Value at = o.align_corners ? affine(g, last / 2, last / 2) : affine(g, size / 2, last / 2);
  if (!cubic) at = padded(at);
  if (o.mode == GridMode::nearest) return {round(at)};
  const TapWeights& powers = tap_weights(o.mode);
  const Shape taps{static_cast<int64_t>(powers.offsets.size())};
  const Value low = floor(at), fraction = at - low;
  Value places = low + graph.constant(taps, powers.offsets);
  if (cubic) places = stop_gradient(padded(places));
  Value weights = graph.constant(taps, powers.coefficients.back());
  for (size_t power = powers.coefficients.size() - 1; power-- > 0;)
    weights = weights * fraction + graph.constant(taps, powers.coefficients[power]);
  return {places, weights};
}

// Both axes' taps beside each other: a[N, P, A] and b[N, P, B] as [N, P, A, 1] and [N, P, 1, B].
std::array<Value, 2> crossed_taps(Value a, Value b) {
  const Shape &s = a.shape(), &t = b.shape();
  return {reshape(a, Shape{s[0], s[1], s[2], 1}), reshape(b, Shape{t[0], t[1], 1, t[2]})};
}
Value joined_taps(Value crossing) {
  const Shape& s = crossing.shape();
  return reshape(crossing, Shape{s[0], s[1], s[2] * s[3]});
}

// Rows of the gather, i32[N, P, taps], -1 outside; and the weights.
struct GridTaps {
  Value rows, inside, weights;
};
GridTaps grid_taps(Value grid, const Shape& x, const GridOptions& options) {
  Graph& graph = grid.graph();
  const int64_t n = x[0], axes = static_cast<int64_t>(x.rank()) - 2, points = grid.shape()[1];
  std::vector<int32_t> first;
  int64_t elements = 1;
  for (int64_t i = 0; i < axes; ++i) elements *= x[static_cast<size_t>(2 + i)];
  for (int64_t i = 0; i < n; ++i) first.push_back(static_cast<int32_t>(i * elements));
  GridTaps t{ops::whole_numbers(graph, Shape{n, 1, 1}, first), {}, {}};
  int64_t stride = elements;
  for (int64_t i = 0; i < axes; ++i) {
    const int64_t extent = x[static_cast<size_t>(2 + i)];
    stride /= extent;
    // A grid names the innermost axis first.
    const GridAxis a = grid_axis(slice_axis(grid, 2, axes - 1 - i, axes - i), extent, options);
    const Value low = graph.scalar(0), high = graph.scalar(static_cast<float>(extent - 1));
    const Value inside = greater_equal(a.places, low) * less_equal(a.places, high);
    const Value steps = cast(held_within(a.places, static_cast<float>(extent - 1)), DType::i32) *
                        full(graph, {}, static_cast<float>(stride), DType::i32);
    const auto [rows, more] = crossed_taps(t.rows, steps);
    t.rows = joined_taps(rows + more);
    if (!t.inside) {
      t.inside = inside;
      t.weights = a.weights;
      continue;
    }
    const auto [were, are] = crossed_taps(t.inside, inside);
    t.inside = joined_taps(were * are);
    if (!a.weights) continue;
    const auto [left, right] = crossed_taps(t.weights, a.weights);
    t.weights = joined_taps(left * right);
  }
  t.rows = broadcast_to(t.rows, Shape{n, points, t.rows.shape()[2]});
  t.rows = where(t.inside, t.rows, full(graph, {}, -1, DType::i32));
  return t;
}

}  // namespace

std::span<const char* const> words_of(GridMode) {
  static constexpr const char* kWords[] = {"bilinear", "nearest", "bicubic"};
  return kWords;
}
std::span<const char* const> words_of(GridPadding) {
  static constexpr const char* kWords[] = {"zeros", "border", "reflection"};
  return kWords;
}

Value grid_sample(Value x, Value grid, GridOptions options) {
  const char* who = "grid_sample";
  const Shape &s = x.shape(), &g = grid.shape();
  const size_t axes = s.rank() - 2;
  require((s.rank() == 4 || s.rank() == 5) && g.rank() == s.rank() && g[0] == s[0] &&
              g[axes + 1] == static_cast<int64_t>(axes),
          ErrorCode::shape_mismatch, who, ": x ", x.desc(), " is [N, C, H, W] or [N, C, D, H, W], and the grid ",
          grid.desc(), " [N, .., 2] or [N, .., 3]");
  require(is_floating(x.dtype()) && is_floating(grid.dtype()) && s.elements() > 0 && g.elements() > 0,
          ErrorCode::invalid_argument, who, ": x ", x.desc(), " and grid ", grid.desc(),
          ", it takes f32, f16 or bf16, and elements");
  require(axes == 2 || options.mode != GridMode::bicubic, ErrorCode::unsupported, who,
          ": bicubic takes x [N, C, H, W], it is ", x.desc());
  const int64_t n = s[0], channels = s[1], elements = s.elements() / (n * channels);
  require(n * elements < int64_t{1} << 31, ErrorCode::unsupported, who, ": x ", x.desc(), " has ", n * elements,
          " places, at most ", (int64_t{1} << 31) - 1);
  const int64_t points = g.elements() / (n * static_cast<int64_t>(axes));
  if (grid.dtype() != DType::f32) grid = cast(grid, DType::f32);
  const GridTaps t = grid_taps(reshape(grid, Shape{n, points, static_cast<int64_t>(axes)}), s, options);
  const Value rows =
      reshape(permute(reshape(x, Shape{n, channels, elements}), {0, 2, 1}), Shape{n * elements, channels});
  Value met = gather(rows, t.rows);  // [N, P, taps, C]
  const int64_t taps = t.rows.shape()[2];
  if (t.weights) {
    const bool widens = x.dtype() != DType::f32;
    if (widens) met = cast(met, DType::f32);
    met = sum(met * reshape(t.weights, Shape{n, points, taps, 1}), {2});
    if (widens) met = cast(met, x.dtype());
  }
  std::vector<int64_t> dims(g.begin(), g.end() - 1);
  dims.insert(dims.begin() + 1, channels);
  return reshape(permute(reshape(met, Shape{n, points, channels}), {0, 2, 1}), Shape(dims));
}

}  // namespace lemnos
