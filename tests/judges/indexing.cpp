// Elements by place: gather and scatter, diagonals, triangles, windows and borders.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "judges/helpers.h"
#include "judges/places.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

Value take_along_dim(Args& a) {
  if (!a.has({2, "dim"})) return gather(flat(a[0]), flat(a[1]));
  const size_t axis = a[0].shape().axis(a.integer({2, "dim"}), "take_along_dim");
  Axes xs = dims_of(a[0]), is = dims_of(a[1]);
  for (size_t i = 0; i < xs.size(); ++i)
    if (i != axis) xs[i] = is[i] = std::max(xs[i], is[i]);
  return gathered(broadcast_to(a[0], Shape(xs)), static_cast<int64_t>(axis), broadcast_to(a[1], Shape(is)));
}

// What scatter() adds up: src, cut to the index's extents, at its places in a tensor like x.
struct Scattered {
  Value x, at, values;

  Value sum() const { return reshape(scatter_add(values, at, x.shape().elements()), x.shape()); }
  Value count() const {
    const Value one = ones(x.graph(), values.shape());
    return reshape(scatter_add(one, at, x.shape().elements()), x.shape());
  }
};

Scattered scattered(Args& a) {
  const Value x = a[0], index = at_least_1d(a.tensor({2, "index"}));
  const Shape over = index.shape();
  Value src = at_least_1d(a.real({3, "src"}));
  if (!a.is_tensor({3, "src"})) src = broadcast_to(src, over);
  src = slice(src, Axes(over.rank(), 0), dims_of(index));
  return {x, places(x, a.integer({1, "dim"}), index), flat(src)};
}

// What is written twice holds either in PyTorch; Lemnos has no op that overwrites.
bool written_twice(Args& a) {
  const Array& index = a.array({2, "index"});
  const size_t axis = at_least_1d(a[0]).shape().axis(a.integer({1, "dim"}), "scatter");
  int64_t inner = 1;
  for (size_t i = axis + 1; i < index.shape.rank(); ++i) inner *= index.shape[i];
  const int64_t extent = index.shape.rank() ? index.shape[axis] : 1;
  std::set<std::pair<int64_t, double>> seen;
  for (size_t i = 0; i < index.values.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    const int64_t line = place / (inner * extent) * inner + place % inner;
    if (!seen.insert({line, index.values[i]}).second) return true;
  }
  return false;
}

Value scatter(Args& a) {
  const bool adds = a.word("reduce", "") == "add";
  const Scattered s = scattered(a);
  if (adds) return s.x + s.sum();
  express_if(!a.has("reduce"), "no op: scatter that multiplies");
  express_if(!written_twice(a), "no op: scatter that overwrites");
  return where(s.count(), s.sum(), s.x);
}

Value scatter_reduce(Args& a) {
  const std::string how = a.word({4, "reduce"});
  const bool with_self = a.flag({5, "include_self"}, true);
  const Scattered s = scattered(a);
  if (how != "sum" && how != "mean") {
    // x itself comes first, where it counts.
    const int64_t rows = s.x.shape().elements();
    const Value own[] = {flat(s.x), s.values}, places[] = {range(a.graph(), 0, rows), s.at};
    const Value all = with_self ? concat(own) : s.values, at = with_self ? concat(places) : s.at;
    const Value y = how == "prod"   ? scatter_multiply(all, at, rows)
                    : how == "amax" ? scatter_max(all, at, rows)
                                    : scatter_min(all, at, rows);
    return with_self ? reshape(y, s.x.shape()) : where(s.count(), reshape(y, s.x.shape()), s.x);
  }
  const Value one = a.graph().scalar(1), count = s.count(), total = with_self ? s.x + s.sum() : s.sum();
  const Value divisor = with_self ? count + 1.f : maximum(count, one);
  const Value y = how == "sum" ? total : total / divisor;
  return with_self ? y : where(count, y, s.x);
}

// The result's shape depends on the mask, so the mask is read when the graph is built; places are computed.
Value masked_select(Args& a) {
  const Value x = where(a[1], a[0], a.graph().scalar(0)), mask = cast(broadcast_to(a[1], x.shape()), DType::f32);
  const std::vector<double>& given = a.array(1).values;
  const int64_t chosen = std::ranges::count(given, 1.),
                repeats = given.empty() ? 0 : x.shape().elements() / std::ssize(given);
  const Value place =
      scan(flat(mask), 0, 0, add).all * flat(mask) - 1.f;  // -1, which scatter_add ignores, where it is not
  return scatter_add(flat(x), cast(place, DType::i32), chosen * repeats);
}

Value index_add(Args& a) {
  const Value x = at_least_1d(a[0]), source = at_least_1d(a.tensor({3, "source"}));
  const auto axis = static_cast<int64_t>(x.shape().axis(a.integer({1, "dim"}), "index_add"));
  Axes order = integers(static_cast<int64_t>(x.shape().rank()));
  std::swap(order[0], order[static_cast<size_t>(axis)]);
  const Value sums = scatter_add(permute(source, order), a.tensor({2, "index"}), x.shape()[static_cast<size_t>(axis)]);
  return reshape(x + a.real_number("alpha", 1) * permute(sums, order), a[0].shape());
}

Value index_fill(Args& a) {
  const Value x = at_least_1d(a[0]);
  const size_t axis = x.shape().axis(a.integer({1, "dim"}), "index_fill");
  const Value index = a.tensor({2, "index"});
  const Value count = scatter_add(ones(a.graph(), index.shape()), index, x.shape()[axis]);
  Axes dims(x.shape().rank(), 1);
  dims[axis] = x.shape()[axis];
  return reshape(where(reshape(count, dims), a.real({3, "value"}), x), a[0].shape());
}

Value index_selected(Args& a) {
  const Value x = a[0];
  if (x.shape().rank()) return index_select(x, a.tensor({2, "index"}), a.integer({1, "dim"}));
  a.ignore({1, "dim"});
  return reshape(gather(at_least_1d(x), a.tensor({2, "index"})), Shape{});
}

Value as_strided(Args& a) {
  const Axes size = a.list({1, "size"}), stride = a.list({2, "stride"});
  Axes numbers = {a.integer({3, "storage_offset"}, 0)};
  for (size_t i = 0; i < size.size(); ++i) {
    Axes next;
    for (int64_t at : numbers)
      for (int64_t k = 0; k < size[i]; ++k) next.push_back(at + k * stride[i]);
    numbers = next;
  }
  return reshape(pick(flat(a[0]), 0, numbers), size);
}

// The elements [i, i + offset] of the two axes, as the last axis.
Value diagonal_of(Value x, int64_t offset, int64_t dim1, int64_t dim2) {
  const size_t row = x.shape().axis(dim1, "diagonal"), column = x.shape().axis(dim2, "diagonal");
  const int64_t rows = x.shape()[row], columns = x.shape()[column];
  Axes order, lead, numbers;
  for (size_t i = 0; i < x.shape().rank(); ++i)
    if (i != row && i != column) order.push_back(static_cast<int64_t>(i)), lead.push_back(x.shape()[i]);
  order.insert(order.end(), {static_cast<int64_t>(row), static_cast<int64_t>(column)});
  lead.push_back(rows * columns);
  for (int64_t i = 0; i < rows; ++i)
    if (i + offset >= 0 && i + offset < columns) numbers.push_back(i * columns + i + offset);
  return pick(reshape(permute(x, order), lead), -1, numbers);
}

Value diag(Args& a) {
  const int64_t offset = a.integer({1, "diagonal"}, 0);
  if (a[0].shape().rank() == 2) return diagonal_of(a[0], offset, 0, 1);
  const int64_t length = a[0].shape()[0], side = length + std::abs(offset);
  const Axes at = integers(length, offset >= 0 ? offset : -offset * side, side + 1);
  return reshape(scatter_add(a[0], indices(a.graph(), at), side * side), Shape{side, side});
}

Value triangle(Args& a, bool lower) {
  const Value x = a[0];
  const int64_t diagonal = a.integer({1, "diagonal"}, 0), rank = static_cast<int64_t>(x.shape().rank());
  const int64_t rows = x.shape()[static_cast<size_t>(rank - 2)], columns = x.shape()[static_cast<size_t>(rank - 1)];
  const Value below = below_diagonal(a.graph(), rows, columns, lower ? diagonal : diagonal - 1),
              zero = a.graph().scalar(0);
  return lower ? where(below, x, zero) : where(below, zero, x);
}

// Windows of `size` at every `step` along an axis, as a new last axis.
Value windows(Args& a) {
  const Value x = at_least_1d(a[0]);
  const size_t axis = x.shape().axis(a.integer(1), "unfold");
  const int64_t size = a.integer(2), step = a.integer(3), count = (x.shape()[axis] - size) / step + 1;
  if (a[0].shape().rank() == 0) return x;
  Axes numbers, dims = dims_of(x), order = integers(static_cast<int64_t>(dims.size()));
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0; k < size; ++k) numbers.push_back(i * step + k);
  dims[axis] = count;
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, size);
  for (size_t i = axis + 1; i < order.size(); ++i) ++order[i];
  order.push_back(static_cast<int64_t>(axis) + 1);
  return permute(reshape(pick(x, static_cast<int64_t>(axis), numbers), dims), order);
}

Value padded(Args& a) {
  const Axes widths = a.list({1, "pad"});
  const std::string kind = a.word({2, "mode"}, "constant");
  const float fill = a.real_number({3, "value"}, 0);
  Value x = a[0];
  const size_t rank = x.shape().rank();
  Axes before(rank, 0), after(rank, 0), begin(rank, 0), end = dims_of(x);
  for (size_t k = 0; 2 * k < widths.size(); ++k) {
    const size_t axis = rank - 1 - k;
    before[axis] = std::max<int64_t>(0, widths[2 * k]);
    after[axis] = std::max<int64_t>(0, widths[2 * k + 1]);
    begin[axis] = std::max<int64_t>(0, -widths[2 * k]);
    end[axis] -= std::max<int64_t>(0, -widths[2 * k + 1]);
    if (kind != "constant")
      x = pick(x, static_cast<int64_t>(axis), border(kind, x.shape()[axis], widths[2 * k], widths[2 * k + 1]));
  }
  if (kind != "constant") return x;
  if (begin != Axes(rank, 0) || end != dims_of(x)) x = slice(x, begin, end);
  return pad(x, before, after, fill);
}

std::vector<Value> topk(Args& a) {
  a.ignore({4, "sorted"});
  return extremes(a[0], a.integer({2, "dim"}, -1), a.integer({1, "k"}), a.flag({3, "largest"}, true));
}

// As many times as a short axis is long.
std::vector<Value> sort(Args& a) {
  a.ignore("stable");
  const int64_t dim = a.integer({1, "dim"}, -1),
                extent = at_least_1d(a[0]).shape()[at_least_1d(a[0]).shape().axis(dim, "sort")];
  express_if(extent <= 16, "no op: sort of a long axis");
  return extremes(a[0], dim, extent, a.flag({2, "descending"}, false));
}

void add_scatter(Table& t) {
  t.add("scatter", scatter);
  t.add("scatter_add", [](Args& a) {
    const Scattered s = scattered(a);
    return s.x + s.sum();
  });
  for (const char* how : {"sum", "mean", "prod", "amin", "amax"})
    t.add(std::string("scatter_reduce.") + how, scatter_reduce);
  t.add("index_add", index_add);
  t.add("index_fill", index_fill, kExact);
}

}  // namespace

void add_indexing(Table& t) {
  t.add(
      "gather", [](Args& a) { return gathered(a[0], a.integer(1), a[2]); }, kExact);
  t.add("take_along_dim", take_along_dim, kExact);
  t.add("index_select", index_selected, kExact);
  t.add("topk", topk, kExact);
  t.add("sort", sort, kExact);
  t.add("masked_select", masked_select, kExact);
  for (const char* name : {"as_strided", "as_strided.partial_views"}) t.add(name, as_strided, kExact);
  t.add("diag", diag, kExact);
  t.add(
      "diagonal",
      [](Args& a) {
        return diagonal_of(a[0], a.integer({1, "offset"}, 0), a.integer({2, "dim1"}, 0), a.integer({3, "dim2"}, 1));
      },
      kExact);
  t.add("trace", [](Args& a) { return sum(diagonal_of(a[0], 0, 0, 1)); });
  t.add(
      "tril", [](Args& a) { return triangle(a, true); }, kExact);
  t.add(
      "triu", [](Args& a) { return triangle(a, false); }, kExact);
  t.add("unfold", windows, kExact);
  for (const char* kind : {"constant", "reflect", "replicate", "replicate_negative", "circular"})
    t.add(std::string("nn.functional.pad.") + kind, padded, kExact);
  add_scatter(t);
}

}  // namespace lemnos::judges
