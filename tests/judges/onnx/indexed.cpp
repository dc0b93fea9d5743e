// Elements by place: gather, scatter, one-hot, triangles, the largest.

#include <algorithm>
#include <cstddef>

#include "judges/onnx/table.h"
#include "judges/places.h"

namespace lemnos::judges::onnx {

namespace {

// Places counted from the end, as places from the front.
Value from_the_front(Value places, int64_t extent) {
  const Value zero = full(places.graph(), {}, 0, DType::i32);
  return where(less(places, zero), places + full(places.graph(), {}, static_cast<float>(extent), DType::i32), places);
}

// index_select takes a vector of places; here they may have any shape.
Value gathered_axis(Call& c) {
  const Value x = c[0], at = c.whole(1);
  const size_t axis = x.shape().axis(c.integer("axis", 0), "Gather");
  const Value y = index_select(x, from_the_front(flat(at), x.shape()[axis]), static_cast<int64_t>(axis));
  Axes dims = dims_of(x);
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), at.shape().begin(), at.shape().end());
  return reshape(y, dims);
}

Value gathered_elements(Call& c) {
  const int64_t axis = c.integer("axis", 0), extent = c[0].shape()[c[0].shape().axis(axis, "GatherElements")];
  return gathered(c[0], axis, from_the_front(c.whole(1), extent));
}

// Tuples of coordinates along the axes from `batch` on, as rows of x joined up to the last of these axes.
struct Tuples {
  Axes rows;          // the rows, as an index list
  int64_t count = 1;  // of all rows
  Axes lead, inner;   // extents of the tuples, and of a row
};
Tuples tuples_of(Call& c, int input, size_t batch) {
  const Shape x = c[0].shape(), at = c.array(input).shape;
  const Axes numbers = c.list(input);
  const auto depth = static_cast<size_t>(at[at.rank() - 1]);
  Tuples t;
  t.lead.assign(at.begin(), at.end() - 1);
  for (size_t i = 0; i < batch + depth; ++i) t.count *= x[i];
  t.inner.assign(x.begin() + batch + depth, x.end());
  int64_t batches = 1;
  for (size_t i = 0; i < batch; ++i) batches *= x[i];
  const auto tuples = static_cast<int64_t>(numbers.size() / depth);
  for (int64_t i = 0; i < tuples; ++i) {
    int64_t row = i / (tuples / batches);
    for (size_t k = 0; k < depth; ++k) {
      const int64_t place = numbers[static_cast<size_t>(i) * depth + k], extent = x[batch + k];
      row = row * extent + (place < 0 ? place + extent : place);
    }
    t.rows.push_back(row);
  }
  return t;
}
Axes joined_dims(Axes first, const Axes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Value gathered_tuples(Call& c) {
  const Tuples t = tuples_of(c, 1, static_cast<size_t>(c.integer("batch_dims", 0)));
  const Value rows = reshape(c[0], joined_dims({t.count}, t.inner));
  return reshape(pick(rows, 0, t.rows), joined_dims(t.lead, t.inner));
}

// What comes to rows of x: summed, multiplied, or the extreme; without a reduction each place is written once.
Value combined(const std::string& how, Value x, Value updates, Value at) {
  const int64_t rows = x.shape()[0];
  if (how == "add") return x + scatter_add(updates, at, rows);
  if (how == "mul") return x * scatter_multiply(updates, at, rows);
  if (how == "max") return maximum(x, scatter_max(updates, at, rows));
  if (how == "min") return minimum(x, scatter_min(updates, at, rows));
  const Value written = scatter_add(ones(x.graph(), updates.shape()), at, rows);
  return where(written, scatter_add(updates, at, rows), x);
}

Value scattered_tuples(Call& c) {
  const Tuples t = tuples_of(c, 1, 0);
  const Value rows = reshape(c[0], joined_dims({t.count}, t.inner));
  const Value updates = reshape(c[2], joined_dims({static_cast<int64_t>(t.rows.size())}, t.inner));
  return reshape(combined(c.word("reduction", "none"), rows, updates, indices(c.graph(), t.rows)), c[0].shape());
}

Value scattered_elements(Call& c) {
  const int64_t axis = c.integer("axis", 0), extent = c[0].shape()[c[0].shape().axis(axis, "ScatterElements")];
  const Value at = places(c[0], axis, from_the_front(c.whole(1), extent));
  return reshape(combined(c.word("reduction", "none"), flat(c[0]), flat(c[2]), at), c[0].shape());
}

// indices modulo depth against 0 .. depth - 1 along a new axis; values are {off, on}.
Value one_hot(Call& c) {
  const Value at = c.whole(0), values = c[2];
  const auto depth = static_cast<int64_t>(c.number(1));
  const auto rank = static_cast<int64_t>(at.shape().rank()) + 1;
  const int64_t given = c.integer("axis", -1), axis = given < 0 ? given + rank : given;
  Axes dims(static_cast<size_t>(rank), 1);
  dims[static_cast<size_t>(axis)] = depth;
  const Value hit = equal(unsqueeze(from_the_front(at, depth), axis), reshape(range(c.graph(), 0, depth), dims));
  return where(hit, reshape(slice_axis(values, 0, 1, 2), Shape{}), reshape(slice_axis(values, 0, 0, 1), Shape{}));
}

// Of the first of the largest.
Value hard_maximum(Call& c) {
  const Value x = c[0];
  const size_t axis = x.shape().axis(c.integer("axis", c.version() < 13 ? 1 : -1), "Hardmax");
  Axes dims(x.shape().rank(), 1);
  dims[axis] = x.shape()[axis];
  const Value place = reshape(range(c.graph(), 0, x.shape()[axis]), dims);
  return as_real(equal(place, argmax(x, static_cast<int64_t>(axis), true)));
}

Value one_triangle(Call& c) {
  const Value x = c[0];
  const size_t rank = x.shape().rank();
  const bool upper = c.flag("upper", true);
  const auto diagonal = static_cast<int64_t>(c.number(1, 0));
  const Value below =
      below_diagonal(c.graph(), x.shape()[rank - 2], x.shape()[rank - 1], upper ? diagonal - 1 : diagonal);
  return upper ? where(below, like(x, 0), x) : where(below, x, like(x, 0));
}

std::vector<Value> top_k(Call& c) {
  c.ignore("sorted");
  const auto k = static_cast<int64_t>(c.has(1) ? c.number(1) : static_cast<double>(c.integer("k")));
  return extremes(c[0], c.integer("axis", -1), k, c.flag("largest", true));
}

// Where the condition, which the test's data gives, holds.
Value compressed(Call& c) {
  const Value x = c.has("axis") ? c[0] : flat(c[0]);
  const Axes condition = c.list(1);
  Axes kept;
  for (size_t i = 0; i < condition.size(); ++i)
    if (condition[i]) kept.push_back(static_cast<int64_t>(i));
  return pick(x, c.integer("axis", 0), kept);
}

// Of each batch the first `length` steps backwards: one index list over batch and time.
Value reversed_sequences(Call& c) {
  const Axes lengths = c.list(1);
  const int64_t time = c.integer("time_axis", 0), batch = c.integer("batch_axis", 1);
  Value x = c[0];
  Axes order = {batch, time}, back(x.shape().rank(), 0);
  for (int64_t i = 2; i < static_cast<int64_t>(x.shape().rank()); ++i) order.push_back(i);
  for (size_t i = 0; i < order.size(); ++i) back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  x = permute(x, order);
  const Axes dims = dims_of(x);
  Axes rows, merged(dims.begin() + 1, dims.end());
  for (size_t b = 0; b < lengths.size(); ++b)
    for (int64_t i = 0; i < dims[1]; ++i)
      rows.push_back(static_cast<int64_t>(b) * dims[1] + (i < lengths[b] ? lengths[b] - 1 - i : i));
  merged[0] = dims[0] * dims[1];
  return permute(reshape(pick(reshape(x, merged), 0, rows), dims), back);
}

}  // namespace

void add_places(OpTable& t) {
  const auto moves = [&](const char* op, auto f) { t.add(op, f, kExact); };
  moves("Gather", gathered_axis);
  moves("GatherElements", gathered_elements);
  moves("GatherND", gathered_tuples);
  t.add("ScatterND", scattered_tuples);
  for (const char* op : {"Scatter", "ScatterElements"}) t.add(op, scattered_elements);
  moves("OneHot", one_hot);
  moves("Hardmax", hard_maximum);
  moves("Trilu", one_triangle);
  moves("TopK", top_k);
  moves("Compress", compressed);
  moves("ReverseSequence", reversed_sequences);
  for (const char* op : {"NonZero", "Unique", "NonMaxSuppression"}) t.none(op, "a shape that depends on values");
}

}  // namespace lemnos::judges::onnx
