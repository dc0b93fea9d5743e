// Augmentation, composed of ops: images are data and need no gradient, so a separate kernel is not worth it.
#include "lemnos/augment.h"

#include <cmath>
#include <numbers>

#include "base/text.h"

namespace lemnos::nn {

namespace {

struct Planes {
  int64_t batch, channels, height, width;
};

Planes planes_of(const char* layer, Value x) {
  const Shape& s = x.shape();
  require(s.rank() == 4, ErrorCode::shape_mismatch, layer, ": x is ", x.desc(), ", it takes [B, C, H, W]");
  return {s[0], s[1], s[2], s[3]};
}

Value uniform(const Scope& scope, const Shape& shape, float low, float high) {
  return random_uniform(scope.state(), {shape, DType::f32}, low, high, static_cast<uint32_t>(scope.seed()),
                        scope.prefix());
}

/// 1 or -1 for each image, f32[B, 1]; 1 if not requested.
Value sign(const Scope& scope, int64_t batch, bool random) {
  if (!random) return ones(scope.graph(), {batch, 1});
  const Value drawn = uniform(scope, {batch, 1}, 0, 1);
  return where(less(drawn, scope.graph().scalar(.5f)), scope.graph().scalar(-1), scope.graph().scalar(1));
}

/// The place of each pixel along one axis, f32[1, H W], counted from the middle.
Value places(Graph& graph, int64_t height, int64_t width, bool along_width) {
  std::vector<float> values(static_cast<size_t>(height * width));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto place =
        static_cast<float>(along_width ? i % static_cast<size_t>(width) : i / static_cast<size_t>(width));
    values[i] = place - static_cast<float>((along_width ? width : height) - 1) / 2;
  }
  return graph.constant({1, height * width}, values);
}

Value floor(Value x, float above) {
  // Towards zero is downwards once everything is positive.
  return cast(cast(x + above, DType::i32), DType::f32) - above;
}

/// Where a picture is read: x = xx u + xy v + x0, y = yx u + yy v + y0 for the pixel (u, v) from the middle; f32[B, 1].
struct Map {
  Value xx, xy, yx, yy, x0, y0;
};

/// Pixels f32[B, H, W, C] as rows, read at (column, row) f32[B, H W]; 0 outside.
Value read_at(Value pixels, const Planes& p, Value column, Value row) {
  Graph& graph = pixels.graph();
  const auto inside = [&](Value place, int64_t extent) {
    return greater_equal(place, graph.scalar(0)) * less(place, graph.scalar(static_cast<float>(extent)));
  };
  std::vector<float> first(static_cast<size_t>(p.batch));
  for (size_t b = 0; b < first.size(); ++b) first[b] = static_cast<float>(b) * static_cast<float>(p.height * p.width);
  const Value index = graph.constant({p.batch, 1}, first) + row * static_cast<float>(p.width) + column;
  const Value known = where(inside(column, p.width) * inside(row, p.height), index, graph.scalar(-1));
  return gather(pixels, reshape(cast(known, DType::i32), Shape{p.batch * p.height * p.width}));
}

Value warp(const char* layer, Value x, const Map& map) {
  const Planes p = planes_of(layer, x);
  // Numbers of pixels are computed as floats.
  require(p.batch * p.height * p.width < int64_t{1} << 24, ErrorCode::unsupported, layer, ": ", p.batch,
          " pictures of ", p.height, " x ", p.width, " hold 2^24 pixels or more; take smaller batches");
  Graph& graph = x.graph();
  const Value u = places(graph, p.height, p.width, true), v = places(graph, p.height, p.width, false);
  const float middle_x = static_cast<float>(p.width - 1) / 2, middle_y = static_cast<float>(p.height - 1) / 2;
  const Value column = map.xx * u + map.xy * v + map.x0 + middle_x, row = map.yx * u + map.yy * v + map.y0 + middle_y;
  const auto above = static_cast<float>(4 * (p.height + p.width));
  const Value left = floor(column, above), top = floor(row, above);
  const Value right_share = column - left, bottom_share = row - top;
  const Value left_share = affine(right_share, -1, 1), top_share = affine(bottom_share, -1, 1);

  const Value pixels =
      reshape(p.channels == 1 ? x : permute(x, {0, 2, 3, 1}), Shape{p.batch * p.height * p.width, p.channels});
  const auto corner = [&](Value c, Value r, Value share) {
    return read_at(pixels, p, c, r) * reshape(share, Shape{p.batch * p.height * p.width, 1});
  };
  const Value y = corner(left, top, left_share * top_share) + corner(left + 1.f, top, right_share * top_share) +
                  corner(left, top + 1.f, left_share * bottom_share) +
                  corner(left + 1.f, top + 1.f, right_share * bottom_share);
  if (p.channels == 1) return reshape(y, x.shape());
  return permute(reshape(y, Shape{p.batch, p.height, p.width, p.channels}), {0, 3, 1, 2});
}

Value zeros_for(const Scope& scope, const Planes& p) { return zeros(scope.graph(), {p.batch, 1}); }

void require_range(const char* layer, float range, float end) {
  require(range >= 0 && range < end, ErrorCode::out_of_range, layer, ": ", range, " is outside of [0, ", end, ")");
}

}  // namespace

Value RandomFlip::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  if (!scope.training() || !(horizontal || vertical)) return x;
  const Value none = zeros_for(scope, p);
  return warp(kKind, x, {sign(scope, p.batch, horizontal), none, none, sign(scope, p.batch, vertical), none, none});
}

Value RandomCrop::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  require(padding >= 0, ErrorCode::out_of_range, kKind, ": padding ", padding, " is below 0");
  if (!scope.training() || padding == 0) return x;
  const auto whole = static_cast<float>(padding);
  const auto shift = [&] { return floor(uniform(scope, {p.batch, 1}, 0, 2 * whole + 1), 1) - whole; };
  const Value one = ones(scope.graph(), {p.batch, 1}), none = zeros_for(scope, p);
  return warp(kKind, x, {one, none, none, one, shift(), shift()});
}

Value RandomAffine::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  require_range(kKind, degrees, 180);
  require_range(kKind, scale, 1);
  require_range(kKind, translate, 1);
  if (!scope.training()) return x;
  // t is the tangent of half the angle: cos = (1 - t^2) / (1 + t^2), sin = 2 t / (1 + t^2), without a device's sine.
  const auto most = static_cast<float>(std::tan(degrees * std::numbers::pi / 360));
  const Value t = uniform(scope, {p.batch, 1}, -most, most), t2 = square(t);
  // The picture is read along the inverse map.
  const Value factor = reciprocal(affine(t2, 1, 1) * uniform(scope, {p.batch, 1}, 1 - scale, 1 + scale));
  const Value cosine = affine(t2, -1, 1) * factor, sine = 2.f * t * factor;
  const auto shift = [&](int64_t extent) {
    const float far = translate * static_cast<float>(extent);
    return uniform(scope, {p.batch, 1}, -far, far);
  };
  return warp(kKind, x, {cosine, sine, -sine, cosine, shift(p.width), shift(p.height)});
}

Value RandomBrightness::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  if (!scope.training()) return x;
  return x + uniform(scope, {p.batch, 1, 1, 1}, -range, range);
}

Value RandomContrast::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  require_range(kKind, range, 1);
  if (!scope.training()) return x;
  const Value middle = mean(x, {1, 2, 3}, true);
  return middle + (x - middle) * uniform(scope, {p.batch, 1, 1, 1}, 1 - range, 1 + range);
}

Value Cutout::operator()(const Scope& scope, Value x) const {
  const Planes p = planes_of(kKind, x);
  require(size >= 0, ErrorCode::out_of_range, kKind, ": size ", size, " is below 0");
  if (!scope.training() || size == 0) return x;
  Graph& graph = scope.graph();
  const auto near = [&](bool along_width) {
    const float half_extent = static_cast<float>(along_width ? p.width : p.height) / 2;
    const Value centre = uniform(scope, {p.batch, 1}, -half_extent, half_extent);
    return less(abs(places(graph, p.height, p.width, along_width) - centre),
                graph.scalar(static_cast<float>(size) / 2));
  };
  const Value kept = 1 - cast(near(true) * near(false), DType::f32);
  return x * reshape(kept, Shape{p.batch, 1, p.height, p.width});
}

}  // namespace lemnos::nn
