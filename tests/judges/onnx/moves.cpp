// The same elements under another shape or in another order, and values made from nothing.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "judges/onnx/table.h"
#include "judges/places.h"

namespace lemnos::judges::onnx {

namespace {

Axes from_front(Axes axes, size_t rank) {
  for (int64_t& axis : axes)
    if (axis < 0) axis += static_cast<int64_t>(rank);
  return axes;
}

Value reshaped(Call& c) {
  Axes dims = c.list(1, "shape", {});
  if (!c.flag("allowzero", false))
    for (size_t i = 0; i < dims.size(); ++i)
      if (dims[i] == 0) dims[i] = c[0].shape()[i];
  // What remains of no elements at all is nothing.
  const bool empty = std::ranges::find(dims, 0) != dims.end();
  for (int64_t& dim : dims)
    if (empty && dim < 0) dim = 0;
  return reshape(c[0], dims);
}

Value flattened_to_matrix(Call& c) {
  const Shape& s = c[0].shape();
  const int64_t given = c.integer("axis", 1), axis = given < 0 ? given + static_cast<int64_t>(s.rank()) : given;
  int64_t rows = 1, columns = 1;
  for (size_t i = 0; i < s.rank(); ++i) (static_cast<int64_t>(i) < axis ? rows : columns) *= s[i];
  return reshape(c[0], Shape{rows, columns});
}

Value squeezed_axes(Call& c) {
  const Shape& s = c[0].shape();
  const bool all = !c.has(1, "axes");
  const Axes axes = from_front(c.list(1, "axes", {}), s.rank());
  Axes dims;
  for (size_t i = 0; i < s.rank(); ++i) {
    const bool named = std::ranges::find(axes, static_cast<int64_t>(i)) != axes.end();
    if (all ? s[i] != 1 : !named) dims.push_back(s[i]);
  }
  return reshape(c[0], dims);
}

Value unsqueezed_axes(Call& c) {
  Axes axes = c.list(1, "axes", {}), dims = dims_of(c[0]);
  axes = from_front(axes, dims.size() + axes.size());
  std::ranges::sort(axes);
  for (int64_t axis : axes) dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return reshape(c[0], dims);
}

Value transposed_axes(Call& c) {
  Axes order = integers(static_cast<int64_t>(c[0].shape().rank()));
  std::ranges::reverse(order);
  order = c.list("perm", order);
  return order.empty() ? c[0] : permute(c[0], order);
}

std::vector<Value> split_parts(Call& c) {
  const int64_t axis = c.integer("axis", 0), extent = c[0].shape()[c[0].shape().axis(axis, "Split")];
  const int64_t count = c.integer("num_outputs", c.results()), size = (extent + count - 1) / count;
  Axes sizes;
  for (int64_t i = 0; i < count; ++i) sizes.push_back(std::clamp<int64_t>(extent - i * size, 0, size));
  return split(c[0], c.list(1, "split", sizes), axis);
}

// Along each axis the places from `start` on, in steps, before `end`; what lies outside is cut to the ends.
Value sliced_by_places(Call& c) {
  Value x = c[0];
  const Axes starts = c.list(1, "starts", {}), ends = c.list(2, "ends", {});
  const Axes axes = c.list(3, "axes", integers(static_cast<int64_t>(starts.size())));
  const Axes steps = c.has(4) ? c.list(4) : Axes(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t axis = x.shape().axis(axes[i], "Slice");
    const int64_t extent = x.shape()[axis], step = steps[i];
    const auto within = [&](int64_t place) {
      return std::clamp<int64_t>(place < 0 ? place + extent : place, step < 0 ? -1 : 0, step < 0 ? extent - 1 : extent);
    };
    const int64_t begin = within(starts[i]), end = ends[i] < -extent ? within(-extent) - (step < 0) : within(ends[i]);
    const int64_t length = step < 0 ? begin - end : end - begin, each = std::abs(step);
    const int64_t count = std::max<int64_t>(0, (length + each - 1) / each);
    x = step == 1 ? slice_axis(x, static_cast<int64_t>(axis), begin, begin + count)
                  : pick(x, static_cast<int64_t>(axis), integers(count, begin, step));
  }
  return x;
}

Value expanded(Call& c) {
  Axes wanted = c.list(1), dims = dims_of(c[0]);
  const size_t rank = std::max(wanted.size(), dims.size());
  wanted.insert(wanted.begin(), rank - wanted.size(), 1);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  for (size_t i = 0; i < rank; ++i)
    if (dims[i] == 1) dims[i] = wanted[i];
  return broadcast_to(c[0], Shape(dims));
}

Value tiled_axes(Call& c) {
  Value x = c[0];
  Axes counts = c.list(1);
  if (c.has(2)) {  // of the first operator set: how often, and along which axis
    counts.assign(x.shape().rank(), 1);
    counts.at(static_cast<size_t>(c.number(2))) = static_cast<int64_t>(c.number(1));
  }
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] != 1) x = concat(std::vector<Value>(static_cast<size_t>(counts[i]), x), static_cast<int64_t>(i));
  return x;
}

Value shape_of(Call& c) {
  const Axes dims = dims_of(c[0]);
  const auto rank = static_cast<int64_t>(dims.size());
  const auto within = [&](int64_t place) { return std::clamp<int64_t>(place < 0 ? place + rank : place, 0, rank); };
  const int64_t begin = within(c.integer("start", 0)), end = within(c.integer("end", rank));
  return indices(c.graph(), {dims.begin() + begin, dims.begin() + std::max(begin, end)});
}

Value filled(Call& c) {
  const Shape shape(c.list(0));
  if (!c.has("value")) return zeros(c.graph(), shape);
  const Array& value = c.tensor("value").array;
  c.set_type(value.dtype);
  return full(c.graph(), shape, static_cast<float>(value.values.at(0)), value.is_floating() ? DType::f32 : DType::i32);
}

Value constant_of(Call& c) {
  Graph& g = c.graph();
  if (c.has("value_float")) return g.scalar(c.real("value_float", 0));
  if (c.has("value_int")) return reshape(indices(g, {c.integer("value_int")}), Shape{});
  if (c.has("value_ints")) return indices(g, c.list("value_ints", {}));
  if (c.has("value_floats")) {
    const std::vector<float> numbers = c.reals("value_floats");
    return g.constant(Shape{static_cast<int64_t>(numbers.size())}, numbers);
  }
  express_if(c.has("value"), "strings");
  NamedArray held = c.tensor("value");
  c.set_type(held.array.dtype);
  const std::string name = c.node().outputs.at(0);
  c.scope().add_constant(name, held);
  return c.scope().value(name);
}

Value stepped(Call& c) {
  const double first = c.number(0), end = c.number(1), step = c.number(2);
  const auto count = std::max<int64_t>(0, static_cast<int64_t>(std::ceil((end - first) / step)));
  if (!c.array(0).is_floating())
    return indices(c.graph(), integers(count, static_cast<int64_t>(first), static_cast<int64_t>(step)));
  return affine(range(c.graph(), 0, count, 1, DType::f32), static_cast<float>(step), static_cast<float>(first));
}

Value eye_like(Call& c) {
  const Shape s = c[0].shape();
  const std::string type = c.has("dtype") ? type_word(c.integer("dtype")) : c.type(0);
  const Value row = reshape(range(c.graph(), 0, s[0]), Shape{s[0], 1}), column = range(c.graph(), 0, s[1]);
  const Value y = equal(column - row, full(c.graph(), {}, static_cast<float>(c.integer("k", 0)), DType::i32));
  return type == "F32" || type == "F64" ? as_real(y) : y;
}

Value blocks_to_depth(Call& c) {
  const Shape s = c[0].shape();
  const int64_t b = c.integer("blocksize"), h = s[2] / b, w = s[3] / b;
  const Value apart = permute(reshape(c[0], Shape{s[0], s[1], h, b, w, b}), {0, 3, 5, 1, 2, 4});
  return reshape(apart, Shape{s[0], b * b * s[1], h, w});
}

Value depth_to_blocks(Call& c) {
  const Shape s = c[0].shape();
  const int64_t b = c.integer("blocksize"), rest = s[1] / (b * b);
  const bool columns = c.word("mode", "DCR") == "DCR";
  const Value apart =
      reshape(c[0], columns ? Shape{s[0], b, b, rest, s[2], s[3]} : Shape{s[0], rest, b, b, s[2], s[3]});
  const Axes order = columns ? Axes{0, 3, 4, 1, 5, 2} : Axes{0, 1, 4, 2, 5, 3};
  return reshape(permute(apart, order), Shape{s[0], rest, s[2] * b, s[3] * b});
}

Value padded_axes(Call& c) {
  Value x = c[0];
  const size_t rank = x.shape().rank();
  const Axes pads = c.has("paddings") ? c.list("paddings", {}) : c.list(1, "pads", {});
  const Axes axes = from_front(c.has(3) ? c.list(3) : integers(static_cast<int64_t>(rank)), rank);
  const std::string mode = c.word("mode", "constant");
  Axes before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i]);
    before[axis] = pads.at(i);
    after[axis] = pads.at(i + axes.size());
    const std::string kind = mode == "edge" ? "replicate" : mode == "wrap" ? "circular" : mode;
    if (mode != "constant" && (before[axis] || after[axis]))
      x = pick(x, axes[i], border(kind, x.shape()[axis], before[axis], after[axis]));
  }
  const double fill = c.has(2) ? c.number(2) : c.real("value", 0);
  if (mode != "constant") return x;
  Axes begin(rank, 0), end = dims_of(x);
  for (size_t i = 0; i < rank; ++i) {
    begin[i] = std::max<int64_t>(0, -before[i]);
    end[i] -= std::max<int64_t>(0, -after[i]);
    before[i] = std::max<int64_t>(0, before[i]);
    after[i] = std::max<int64_t>(0, after[i]);
  }
  if (end != dims_of(x) || begin != Axes(rank, 0)) x = slice(x, begin, end);
  return pad(x, before, after, static_cast<float>(fill));
}

// The middle of each axis, or the axis in the middle of zeros.
Value centred(Call& c) {
  Value x = c[0];
  const size_t rank = x.shape().rank();
  const Axes wanted = c.list(1), axes = from_front(c.list("axes", integers(static_cast<int64_t>(rank))), rank);
  Axes begin(rank, 0), end = dims_of(x), before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i]);
    const int64_t extent = end[axis], rest = std::abs(extent - wanted[i]);
    if (wanted[i] < extent) {
      begin[axis] = rest / 2;
      end[axis] = begin[axis] + wanted[i];
    } else {
      before[axis] = rest / 2;
      after[axis] = rest - rest / 2;
    }
  }
  return pad(slice(x, begin, end), before, after);
}

}  // namespace

void add_moves(OpTable& t) {
  const auto moves = [&](const char* op, auto f) { t.add(op, f, kExact); };
  moves("Identity", [](Call& c) { return c[0]; });
  moves("Reshape", reshaped);
  moves("Flatten", flattened_to_matrix);
  moves("Squeeze", squeezed_axes);
  moves("Unsqueeze", unsqueezed_axes);
  moves("Transpose", transposed_axes);
  moves("Concat", [](Call& c) { return concat(c.all(), c.integer("axis", 1)); });
  moves("Split", split_parts);
  moves("Slice", sliced_by_places);
  moves("Expand", expanded);
  moves("Tile", tiled_axes);
  moves("Shape", shape_of);
  moves("Size", [](Call& c) { return reshape(indices(c.graph(), {c[0].shape().elements()}), Shape{}); });
  moves("ConstantOfShape", filled);
  moves("Constant", constant_of);
  t.add("Range", stepped);
  moves("EyeLike", eye_like);
  moves("SpaceToDepth", blocks_to_depth);
  moves("DepthToSpace", depth_to_blocks);
  moves("Pad", padded_axes);
  moves("CenterCropPad", centred);
}

}  // namespace lemnos::judges::onnx
