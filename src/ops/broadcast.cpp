#include "ops/broadcast.h"

#include <algorithm>

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos::ops {

Shape broadcast(const Shape& a, const Shape& b, const char* who) {
  const size_t rank = std::max(a.rank(), b.rank());
  std::array<int64_t, Shape::kMaxRank> dims{};
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i < a.rank() ? a[a.rank() - 1 - i] : 1;
    const int64_t y = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    require(x == y || x == 1 || y == 1, ErrorCode::shape_mismatch, who, ": shapes ", a, " and ", b,
            " do not broadcast: ", x, " against ", y, " at axis -", i + 1);
    dims[rank - 1 - i] = x == 1 ? y : x;
  }
  return Shape(std::span<const int64_t>(dims.data(), rank));
}

Value sum_to(Value x, Shape shape) {
  if (x.shape() == shape) return x;
  const size_t extra = x.shape().rank() - shape.rank();
  std::vector<int64_t> axes;
  for (size_t i = 0; i < x.shape().rank(); ++i)
    if (i < extra || (shape[i - extra] == 1 && x.shape()[i] != 1)) axes.push_back(static_cast<int64_t>(i));
  return reshape(sum(x, axes), shape);
}

namespace {
// Element strides of `shape` when walked over `out`, 0 where it is stretched.
std::array<int64_t, Shape::kMaxRank> strides_over(const Shape& shape, const Shape& out) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t step = 1;
  for (size_t i = 0; i < shape.rank(); ++i) {
    const int64_t extent = shape[shape.rank() - 1 - i];
    strides[out.rank() - 1 - i] = extent == 1 ? 0 : step;
    step *= extent;
  }
  return strides;
}
}  // namespace

namespace {
struct AllAxes {
  size_t rank = 0;
  std::array<int64_t, Shape::kMaxRank> extent{};
  std::array<std::array<int64_t, Shape::kMaxRank>, 3> stride{};
};

AllAxes join_axes(const Shape& out, std::span<const Shape> operands) {
  std::array<std::array<int64_t, Shape::kMaxRank>, 3> strides{};
  for (size_t k = 0; k < operands.size(); ++k) strides[k] = strides_over(operands[k], out);
  AllAxes all;
  for (size_t i = 0; i < out.rank(); ++i) {
    if (out[i] == 1) continue;
    bool joins = all.rank > 0;  // the axis outside steps exactly over this one, in every operand
    for (size_t k = 0; k < operands.size(); ++k) joins = joins && all.stride[k][all.rank - 1] == strides[k][i] * out[i];
    if (joins) {
      all.extent[all.rank - 1] *= out[i];
    } else {
      all.extent[all.rank++] = out[i];
    }
    for (size_t k = 0; k < operands.size(); ++k) all.stride[k][all.rank - 1] = strides[k][i];
  }
  return all;
}
}  // namespace

size_t axes_left(const Shape& out, std::span<const Shape> operands) { return join_axes(out, operands).rank; }

Folded fold_axes(const Shape& out, std::span<const Shape> operands, const char* who) {
  const AllAxes all = join_axes(out, operands);
  if (all.rank > Folded::kMaxAxes) {
    std::string shapes;
    for (const Shape& operand : operands) shapes += text(shapes.empty() ? "" : " with ", operand);
    fail(ErrorCode::unsupported, who, ": ", shapes, " makes ", all.rank,
         " axes that cannot be merged, the limit of a kernel is ", Folded::kMaxAxes);
  }
  Folded folded{.rank = all.rank};
  for (size_t i = 0; i < folded.rank; ++i) {
    folded.extent[i] = static_cast<uint32_t>(all.extent[i]);
    for (size_t k = 0; k < operands.size(); ++k) folded.stride[k][i] = static_cast<uint32_t>(all.stride[k][i]);
  }
  return folded;
}

void stretch_unwalkable(std::span<Value* const> operands) {
  Shape out;
  std::vector<Shape> shapes;
  for (const Value* v : operands) shapes.push_back(v->shape());
  for (const Shape& shape : shapes) out = broadcast(out, shape, "");
  if (axes_left(out, shapes) <= Folded::kMaxAxes) return;
  for (Value* v : operands) *v = broadcast_to(*v, out);
}

Divisor divisor(uint32_t d) {
  require(d >= 2, ErrorCode::internal, "divisor: ", d, " is below 2");
  uint32_t bits = 1;
  while ((uint64_t{1} << bits) < d) ++bits;
  return {static_cast<uint32_t>(((uint64_t{1} << (31 + bits)) + d - 1) / d), bits - 1};
}

Walk make_walk(const Folded& folded, size_t operands, uint32_t longest, const char* who) {
  Walk walk;
  walk.rank = static_cast<uint32_t>(std::max<size_t>(folded.rank, 1));
  walk.extent = folded.extent;
  walk.stride = folded.stride;
  uint64_t count = 1;
  for (size_t i = 0; i < folded.rank; ++i) count *= folded.extent[i];
  require(count < (uint64_t{1} << 31), ErrorCode::unsupported, who, ": ", count,
          " elements, the limit of a broadcasting kernel is ", uint64_t{1} << 31);
  if (count == 0) return {};
  const size_t last = walk.rank - 1;
  for (size_t k = 0; k < operands; ++k) walk.inner[k] = folded.rank > 0 && folded.stride[k][last] != 0;
  walk.wide = folded.rank <= 1 || folded.extent[last] % 4 == 0;
  if (walk.wide && folded.rank > 1) {
    walk.extent[last] /= 4;
    if (walk.extent[last] % longest == 0) walk.run = longest;
    walk.extent[last] /= walk.run;
    for (size_t k = 0; k < operands; ++k) {
      if (!walk.inner[k]) continue;
      for (size_t i = 0; i < last; ++i) walk.stride[k][i] /= 4;
      walk.stride[k][last] = walk.run;
    }
    if (walk.extent[last] == 1) --walk.rank;
  }
  for (size_t i = 1; i < walk.rank; ++i) {
    const Divisor d = divisor(walk.extent[i]);
    walk.multiplier[i] = d.multiplier;
    walk.shifts |= d.shift << (5 * i);
  }
  return walk;
}

}  // namespace lemnos::ops
