// The same elements under another shape or in another order, reductions and products.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "lemnos/ops.h"
#include "onnx/import.h"

namespace lemnos::onnx {

namespace {

constexpr int64_t kMostNodes = 1 << 20;  // what a file may ask for in elements that it makes from nothing

Axes from_front(const ImportCall& c, Axes axes, size_t rank) {
  for (int64_t& axis : axes) axis = front_axis(c, axis, rank);
  return axes;
}
Axes counted_up(size_t count, int64_t first = 0) {
  Axes numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::vector<Value> reshape_row(ImportCall& c) {
  const Value x = c[0];
  Axes dims = c.list(1, "shape", {});
  for (size_t i = 0; !c.integer("allowzero", 0) && i < dims.size(); ++i)
    if (dims[i] == 0 && i < x.shape().rank()) dims[i] = x.shape()[i];
  return {reshape(x, dims)};
}
std::vector<Value> flatten_row(ImportCall& c) {
  const Value x = c[0];
  const int64_t rank = static_cast<int64_t>(x.shape().rank()), given = c.integer("axis", 1),
                axis = given < 0 ? given + rank : given;
  int64_t rows = 1, columns = 1;
  for (int64_t i = 0; i < rank; ++i) (i < axis ? rows : columns) *= x.shape()[static_cast<size_t>(i)];
  return {reshape(x, Shape{rows, columns})};
}
std::vector<Value> squeeze_row(ImportCall& c) {
  const Value x = c[0];
  const bool all = !c.has(1, "axes");
  const Axes axes = from_front(c, c.list(1, "axes", {}), x.shape().rank());
  Axes dims;
  for (size_t i = 0; i < x.shape().rank(); ++i) {
    const bool named = std::ranges::find(axes, static_cast<int64_t>(i)) != axes.end();
    if (all ? x.shape()[i] != 1 : !named) dims.push_back(x.shape()[i]);
  }
  return {reshape(x, dims)};
}
std::vector<Value> unsqueeze_row(ImportCall& c) {
  const Value x = c[0];
  Axes axes = c.list(1, "axes", {}), dims = dims_of(x);
  axes = from_front(c, axes, dims.size() + axes.size());
  std::ranges::sort(axes);
  for (int64_t axis : axes) dims.insert(dims.begin() + std::min(axis, static_cast<int64_t>(dims.size())), 1);
  return {reshape(x, dims)};
}
std::vector<Value> transpose_row(ImportCall& c) {
  const Value x = c[0];
  Axes order = counted_up(x.shape().rank());
  std::ranges::reverse(order);
  return {permute(x, c.list("perm", order))};
}
std::vector<Value> concat_row(ImportCall& c) { return {concat(c.all(), c.integer("axis", 1))}; }
std::vector<Value> split_row(ImportCall& c) {
  const Value x = c[0];
  const int64_t axis = front_axis(c, c.integer("axis", 0), x.shape().rank()),
                extent = x.shape()[static_cast<size_t>(axis)];
  const auto count = std::max<int64_t>(1, c.integer("num_outputs", static_cast<int64_t>(c.results())));
  const int64_t size = (extent + count - 1) / count;
  Axes sizes;
  for (int64_t i = 0; i < static_cast<int64_t>(c.results()); ++i)
    sizes.push_back(std::clamp<int64_t>(extent - i * size, 0, size));
  return split(x, c.list(1, "split", sizes), axis);
}

// Along each axis the places from `start` on, in steps, before `end`; what lies outside is cut to the ends.
std::vector<Value> slice_row(ImportCall& c) {
  Value x = c[0];
  const Axes starts = c.list(1, "starts", {}), ends = c.list(2, "ends", {});
  const Axes axes = c.list(3, "axes", counted_up(starts.size())), steps = c.has(4) ? c.list(4) : Axes(starts.size(), 1);
  require(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
          ErrorCode::corrupt_data, starts.size(), " starts, ", ends.size(), " ends, ", axes.size(), " axes, ",
          steps.size(), " steps");
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = front_axis(c, axes[i], x.shape().rank()), extent = x.shape()[static_cast<size_t>(axis)],
                  step = steps[i];
    require(step != 0, ErrorCode::corrupt_data, "a step of 0");
    const auto within = [&](int64_t place) {
      return std::clamp<int64_t>(place < 0 ? place + extent : place, step < 0 ? -1 : 0, step < 0 ? extent - 1 : extent);
    };
    const int64_t begin = within(starts[i]), end = ends[i] < -extent ? (step < 0 ? -1 : 0) : within(ends[i]);
    const int64_t length = step < 0 ? begin - end : end - begin, each = std::abs(step);
    const int64_t count = length <= 0 ? 0 : (length - 1) / each + 1;
    Axes places;
    for (int64_t k = 0; step != 1 && k < count; ++k) places.push_back(begin + k * step);
    x = step == 1 ? slice_axis(x, axis, begin, begin + count) : index_select(x, constant_list(x.graph(), places), axis);
  }
  return {x};
}

std::vector<Value> pad_row(ImportCall& c) {
  const Value x = c[0];
  const size_t rank = x.shape().rank();
  const Axes pads = c.has("paddings") ? c.list("paddings", Axes()) : c.list(1, "pads", {});
  const Axes axes = from_front(c, c.has(3) ? c.list(3) : counted_up(rank), rank);
  if (c.word("mode", "constant") != "constant") c.refuse("padding that is no constant");
  require(pads.size() == 2 * axes.size(), ErrorCode::corrupt_data, pads.size(), " pads for ", axes.size(), " axes");
  Axes before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    before[static_cast<size_t>(axes[i])] = pads[i];
    after[static_cast<size_t>(axes[i])] = pads[i + axes.size()];
  }
  return {pad(x, before, after, static_cast<float>(c.has("value") ? c.real("value", 0) : c.number(2, 0)))};
}

std::vector<Value> expand_row(ImportCall& c) {
  const Value x = c[0];
  Axes wanted = c.list(1), dims = dims_of(x);
  const size_t rank = std::max(wanted.size(), dims.size());
  wanted.insert(wanted.begin(), rank - wanted.size(), 1);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  for (size_t i = 0; i < rank; ++i)
    if (dims[i] == 1) dims[i] = wanted[i];
  return {broadcast_to(x, Shape(dims))};
}
std::vector<Value> tile_row(ImportCall& c) {
  Value x = c[0];
  const Axes counts = c.list(1);
  require(counts.size() == x.shape().rank(), ErrorCode::corrupt_data, counts.size(), " repeats for ", x.desc());
  for (size_t i = 0; i < counts.size(); ++i) {
    require(counts[i] >= 1 && counts[i] <= kMostNodes, ErrorCode::unsupported, counts[i], " repeats");
    if (counts[i] > 1) x = concat(std::vector<Value>(static_cast<size_t>(counts[i]), x), static_cast<int64_t>(i));
  }
  return {x};
}

// Along an axis; the indices' axes come in its place. Negative ones count from the end.
std::vector<Value> gather_row(ImportCall& c) {
  const Value x = c[0];
  Value places = c.whole(1);
  const int64_t axis = front_axis(c, c.integer("axis", 0), x.shape().rank()),
                extent = x.shape()[static_cast<size_t>(axis)];
  const Axes shape = dims_of(places);
  places = where(less(places, like(places, 0)), places + like(places, static_cast<double>(extent)), places);
  if (axis == 0) return {gather(x, places)};
  Axes dims = dims_of(x);
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, shape.begin(), shape.end());
  return {reshape(index_select(x, reshape(places, Shape{places.shape().elements()}), axis), dims)};
}

std::vector<Value> shape_row(ImportCall& c) {
  const Axes dims = dims_of(c.importer().value(c.name(0), c.importer().is_known(c.name(0))));
  const auto rank = static_cast<int64_t>(dims.size());
  const auto within = [&](int64_t place) { return std::clamp<int64_t>(place < 0 ? place + rank : place, 0, rank); };
  const int64_t begin = within(c.integer("start", 0)), end = within(c.integer("end", rank));
  return {constant_list(c.graph(), {dims.begin() + begin, dims.begin() + std::max(begin, end)})};
}
std::vector<Value> size_row(ImportCall& c) {
  const Value x = c.importer().value(c.name(0), c.importer().is_known(c.name(0)));
  return {reshape(constant_list(c.graph(), {x.shape().elements()}), Shape{})};
}
std::vector<Value> constant_row(ImportCall& c) {
  Graph& g = c.graph();
  if (c.has("value_float")) return {g.scalar(c.real("value_float", 0))};
  if (c.has("value_int")) return {reshape(constant_list(g, {c.integer("value_int", 0)}), Shape{})};
  if (c.has("value_ints")) return {constant_list(g, c.list("value_ints", Axes()))};
  if (const Attribute* found = c.find("value_floats"))
    return {g.constant(Shape{static_cast<int64_t>(found->reals.size())}, found->reals)};
  const Attribute* found = c.find("value");
  if (!found || !found->tensor || !found->tensor->readable) c.refuse("a constant that is no tensor of numbers");
  const Tensor& tensor = *found->tensor;
  if (tensor.is_floating())
    return {g.constant(tensor.shape, std::vector<float>(tensor.values.begin(), tensor.values.end()))};
  Axes numbers;
  for (double number : tensor.values) numbers.push_back(static_cast<int64_t>(std::clamp(number, -0x1p62, 0x1p62)));
  return {reshape(constant_list(g, numbers), tensor.shape)};
}
std::vector<Value> filled_row(ImportCall& c) {
  const Shape shape(c.list(0));
  require(shape.elements() <= kMostNodes * 64, ErrorCode::unsupported, "a constant of ", shape.elements(), " elements");
  const Attribute* found = c.find("value");
  if (!found) return {zeros(c.graph(), shape)};
  require(found->tensor && found->tensor->values.size() == 1, ErrorCode::corrupt_data, "its value is no single number");
  const Tensor& value = *found->tensor;
  return {full(c.graph(), shape, static_cast<float>(value.values[0]), value.is_floating() ? DType::f32 : DType::i32)};
}
std::vector<Value> range_row(ImportCall& c) {
  const double first = c.number(0, 0), end = c.number(1, 0), step = c.number(2, 1),
               count = std::ceil((end - first) / step);
  require(count >= 0 && count <= double{kMostNodes}, ErrorCode::unsupported, "a range of ", count, " numbers");
  const Value places = range(c.graph(), 0, static_cast<int64_t>(count));
  const Value made = affine(cast(places, DType::f32), static_cast<float>(step), static_cast<float>(first));
  return {c.tensor(0).is_floating() ? made : cast(made, DType::i32)};
}

template <Value (*f)(Value, Axes, bool)>
std::vector<Value> reduce_row(ImportCall& c) {
  const Value x = c.real(0);
  const bool keep = c.integer("keepdims", 1) != 0, none = c.integer("noop_with_empty_axes", 0) != 0;
  const Axes axes = from_front(c, c.list(1, "axes", {}), x.shape().rank());
  if (axes.empty() && none) return {x};
  return {f(x, axes, keep)};
}
template <Value (*f)(Value, int64_t, bool)>
std::vector<Value> place_row(ImportCall& c) {
  if (c.integer("select_last_index", 0)) c.refuse("the last of equal elements");
  return {f(c.real(0), c.integer("axis", 0), c.integer("keepdims", 1) != 0)};
}

// Before operator set 13 the axes from `axis` on are one.
template <Value (*f)(Value, int64_t)>
std::vector<Value> softmax_row(ImportCall& c) {
  const Value x = c.real(0);
  if (c.version() >= 13) return {f(x, c.integer("axis", -1))};
  const int64_t axis = front_axis(c, c.integer("axis", 1), x.shape().rank());
  return {reshape(f(flatten(x, axis), axis), x.shape())};
}

std::vector<Value> matmul_row(ImportCall& c) {
  Value a = c.real(0), b = c.real(1);
  const bool row = a.shape().rank() == 1, column = b.shape().rank() == 1;
  if (row) a = reshape(a, Shape{1, a.shape()[0]});
  if (column) b = reshape(b, Shape{b.shape()[0], 1});
  Value y = matmul(a, b);
  Axes dims = dims_of(y);
  if (column) dims.pop_back();
  if (row) dims.erase(dims.end() - (column ? 1 : 2));
  return {reshape(y, dims)};
}
std::vector<Value> gemm_row(ImportCall& c) {
  Value y = matmul(c.real(0), c.real(1),
                   {.transpose_a = c.integer("transA", 0) != 0, .transpose_b = c.integer("transB", 0) != 0});
  const float alpha = c.real("alpha", 1), beta = c.real("beta", 1);
  (void)c.has("broadcast");
  if (alpha != 1) y = y * alpha;
  if (c.has(2)) y = y + (beta != 1 ? c.real(2) * beta : c.real(2));
  return {y};
}
std::vector<Value> einsum_row(ImportCall& c) { return {einsum(c.word("equation", ""), c.all())}; }

}  // namespace

void add_import_moves(ImportTable& t) {
  t["Reshape"] = reshape_row;
  t["Flatten"] = flatten_row;
  t["Squeeze"] = squeeze_row;
  t["Unsqueeze"] = unsqueeze_row;
  t["Transpose"] = transpose_row;
  t["Concat"] = concat_row;
  t["Split"] = split_row;
  t["Slice"] = slice_row;
  t["Pad"] = pad_row;
  t["Expand"] = expand_row;
  t["Tile"] = tile_row;
  t["Gather"] = gather_row;
  t["Shape"] = shape_row;
  t["Size"] = size_row;
  t["Constant"] = constant_row;
  t["ConstantOfShape"] = filled_row;
  t["Range"] = range_row;
  t["ReduceSum"] = reduce_row<sum>;
  t["ReduceMean"] = reduce_row<mean>;
  t["ReduceMax"] = reduce_row<reduce_max>;
  t["ReduceMin"] = reduce_row<reduce_min>;
  t["ReduceL2"] = reduce_row<norm>;
  t["ArgMax"] = place_row<argmax>;
  t["ArgMin"] = place_row<argmin>;
  t["Softmax"] = softmax_row<softmax>;
  t["LogSoftmax"] = softmax_row<log_softmax>;
  t["MatMul"] = matmul_row;
  t["Gemm"] = gemm_row;
  t["Einsum"] = einsum_row;
}

}  // namespace lemnos::onnx
