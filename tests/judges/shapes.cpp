// The same elements under another shape or in another order.

#include <algorithm>
#include <cstddef>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

int64_t counted_from_front(int64_t dim, Value x) { return counted({dim}, x.shape())[0]; }

Value expand(Args& a) {
  const Axes wanted = a.list(1, {});
  Axes dims = wanted;
  const size_t lead = dims.size() - a[0].shape().rank();
  for (size_t i = lead; i < dims.size(); ++i)
    if (dims[i] < 0) dims[i] = a[0].shape()[i - lead];
  return broadcast_to(a[0], Shape(dims));
}

std::vector<Value> split_of(Args& a) {
  const int64_t dim = a.integer({2, "dim"}, 0), extent = a[0].shape()[a[0].shape().axis(dim, "split")];
  Axes sizes;
  if (a.json(1).is_array()) {
    sizes = a.list(1);
  } else {
    for (int64_t at = 0; at < extent; at += a.integer(1)) sizes.push_back(std::min(a.integer(1), extent - at));
  }
  return split(a[0], sizes, dim);
}

std::vector<Value> chunk(Args& a) {
  const int64_t dim = a.integer({2, "dim"}, 0), extent = a[0].shape()[a[0].shape().axis(dim, "chunk")];
  const int64_t size = (extent + a.integer(1) - 1) / a.integer(1);
  Axes sizes;
  for (int64_t at = 0; at < extent; at += size) sizes.push_back(std::min(size, extent - at));
  return split(a[0], sizes, dim);
}

Value narrow(Args& a) {
  const int64_t dim = a.integer(1);
  int64_t start = a.integer(2);
  if (start < 0) start += a[0].shape()[a[0].shape().axis(dim, "narrow")];
  return slice_axis(a[0], dim, start, start + a.integer(3));
}

Value select(Args& a) {
  const int64_t dim = a.integer(1), extent = a[0].shape()[a[0].shape().axis(dim, "select")];
  const int64_t place = a.integer(2) < 0 ? a.integer(2) + extent : a.integer(2);
  return squeeze(slice_axis(a[0], dim, place, place + 1), dim);
}

Value squeezed(Args& a) {
  const Value x = a[0];
  const bool all = !a.has(1);
  const Axes wanted = all ? Axes{} : counted(a.list(1), x.shape());
  Axes dims;
  for (size_t i = 0; i < x.shape().rank(); ++i)
    if (x.shape()[i] != 1 || (!all && std::ranges::find(wanted, static_cast<int64_t>(i)) == wanted.end()))
      dims.push_back(x.shape()[i]);
  return reshape(x, dims);
}

Value flattened(Args& a) {
  const Value x = at_least_1d(a[0]);
  const int64_t from = counted_from_front(a.integer("start_dim", 0), x),
                to = counted_from_front(a.integer("end_dim", -1), x);
  express_if(to + 1 == static_cast<int64_t>(x.shape().rank()), "flatten ends before the last axis");
  return flatten(x, from);
}

Value exchanged(Value x, int64_t a, int64_t b) {
  Axes order = integers(static_cast<int64_t>(x.shape().rank()));
  if (order.empty()) return x;
  std::swap(order[x.shape().axis(a, "transpose")], order[x.shape().axis(b, "transpose")]);
  return permute(x, order);
}

Value movedim(Args& a) {
  const Axes from = a.list({1, "source"}), to = a.list({2, "destination"});
  const size_t rank = a[0].shape().rank();
  Axes order(rank, -1);
  std::vector<bool> used(rank, false);
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t source = a[0].shape().axis(from[i], "movedim");
    order[a[0].shape().axis(to[i], "movedim")] = static_cast<int64_t>(source);
    used[source] = true;
  }
  size_t next = 0;
  for (int64_t& axis : order) {
    if (axis >= 0) continue;
    while (used[next]) ++next;
    axis = static_cast<int64_t>(next++);
  }
  return permute(a[0], order);
}

Value permuted(Args& a) {
  Axes order = a.list(1);
  for (int64_t& axis : order) axis = counted_from_front(axis, a[0]);
  return permute(a[0], order);
}

Value flipped(Value x, int64_t axis) {
  const int64_t extent = x.shape()[x.shape().axis(axis, "flip")];
  return pick(x, axis, integers(extent, extent - 1, -1));
}

Value flip(Args& a) {
  Value x = a[0];
  for (int64_t axis : a.list("dims")) x = flipped(x, axis);
  return x;
}

Value rolled(Value x, int64_t axis, int64_t shift) {
  const int64_t extent = x.shape()[x.shape().axis(axis, "roll")];
  if (extent == 0) return x;
  const int64_t cut = ((-shift % extent) + extent) % extent;
  const std::vector<Value> parts = split(x, {cut, extent - cut}, axis);
  return concat(std::vector<Value>{parts[1], parts[0]}, axis);
}

Value roll(Args& a) {
  const Axes shifts = a.list({1, "shifts"}), dims = a.list({2, "dims"}, {});
  Value x = dims.empty() ? reshape(a[0], Shape{a[0].shape().elements()}) : a[0];
  for (size_t i = 0; i < shifts.size(); ++i) x = rolled(x, dims.empty() ? 0 : dims[i], shifts[i]);
  return reshape(x, a[0].shape());
}

Value rot90(Args& a) {
  const int64_t times = ((a.integer({1, "k"}, 1) % 4) + 4) % 4;
  const Axes dims = a.list({2, "dims"}, {0, 1});
  const Value x = a[0];
  if (times == 0) return x;
  if (times == 2) return flipped(flipped(x, dims[0]), dims[1]);
  return times == 1 ? exchanged(flipped(x, dims[1]), dims[0], dims[1])
                    : flipped(exchanged(x, dims[0], dims[1]), dims[1]);
}

// x as often along each axis as `counts` says.
Value tiled(Value x, Axes counts, bool tile) {
  const size_t rank = std::max(counts.size(), x.shape().rank());
  if (tile) counts.insert(counts.begin(), rank - counts.size(), 1);
  Axes apart, joined, dims = dims_of(x);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  Axes single;
  for (size_t i = 0; i < rank; ++i) {
    single.insert(single.end(), {1, dims[i]});
    apart.insert(apart.end(), {counts[i], dims[i]});
    joined.push_back(counts[i] * dims[i]);
  }
  express_if(apart.size() <= Shape::kMaxRank, "more than 8 axes");
  return reshape(broadcast_to(reshape(x, single), Shape(apart)), joined);
}

Value repeat_interleave(Args& a) {
  const Value x = a.has({2, "dim"}) ? a[0] : reshape(a[0], Shape{a[0].shape().elements()});
  const int64_t dim = a.integer({2, "dim"}, 0), extent = x.shape()[x.shape().axis(dim, "repeat_interleave")];
  const bool each = a.is_tensor({1, "repeats"});
  Axes places;
  for (int64_t i = 0; i < extent; ++i) {
    const double times = each ? a.array({1, "repeats"}).values[static_cast<size_t>(i)] : a.number({1, "repeats"});
    places.insert(places.end(), static_cast<size_t>(times), i);
  }
  return pick(x, dim, places);
}

Value joined(Args& a, Value (*f)(std::span<const Value>, int64_t)) {
  const int64_t dim = a.integer({1, "dim"}, 0);
  std::vector<Value> parts = a.tensors(0);
  // PyTorch lets an empty vector stand beside anything.
  const bool mixed = std::ranges::any_of(parts, [](Value part) { return part.shape().rank() > 1; });
  if (mixed) std::erase_if(parts, [](Value part) { return part.shape() == Shape{0}; });
  return f(parts, dim);
}

Value shuffled(Value x, const Axes& apart, const Axes& order, const Axes& joined_dims) {
  return reshape(permute(reshape(x, Shape(apart)), order), Shape(joined_dims));
}

Value pixel_shuffle(Args& a) {
  const Shape s = a[0].shape();
  const int64_t r = a.integer({1, "upscale_factor"}), c = s[1] / (r * r);
  return shuffled(a[0], {s[0], c, r, r, s[2], s[3]}, {0, 1, 4, 2, 5, 3}, {s[0], c, s[2] * r, s[3] * r});
}

Value pixel_unshuffle(Args& a) {
  const Shape s = a[0].shape();
  const int64_t r = a.integer({1, "downscale_factor"}), h = s[2] / r, w = s[3] / r;
  return shuffled(a[0], {s[0], s[1], h, r, w, r}, {0, 1, 3, 5, 2, 4}, {s[0], s[1] * r * r, h, w});
}

Value channel_shuffle(Args& a) {
  const Shape s = a[0].shape();
  const int64_t groups = a.integer({1, "groups"});
  return shuffled(a[0], {s[0], groups, s[1] / groups, s[2], s[3]}, {0, 2, 1, 3, 4}, dims_of(a[0]));
}

void add_order(Table& t) {
  t.add("permute", permuted, kExact, kExact);
  t.add(
      "transpose", [](Args& a) { return exchanged(a[0], a.integer(1), a.integer(2)); }, kExact, kExact);
  t.add(
      "t", [](Args& a) { return a[0].shape().rank() < 2 ? a[0] : transpose(a[0]); }, kExact, kExact);
  t.add("movedim", movedim, kExact, kExact);
  t.add("flip", flip, kExact, kExact);
  t.add("roll", roll, kExact, kExact);
  t.add("rot90", rot90, kExact, kExact);
  t.add("nn.functional.pixel_shuffle", pixel_shuffle, kExact, kExact);
  t.add("nn.functional.pixel_unshuffle", pixel_unshuffle, kExact, kExact);
  t.add("nn.functional.channel_shuffle", channel_shuffle, kExact, kExact);
}

}  // namespace

void add_shapes(Table& t) {
  for (const char* name : {"reshape", "view"})
    t.add(
        name, [](Args& a) { return reshape(a[0], a.list(1)); }, kExact, kExact);
  t.add("flatten", flattened, kExact, kExact);
  for (const char* name : {"broadcast_to", "expand"}) t.add(name, expand, kExact);
  for (const char* name : {"squeeze", "squeeze.multiple"}) t.add(name, squeezed, kExact, kExact);
  t.add(
      "unsqueeze", [](Args& a) { return unsqueeze(a[0], a.integer(1)); }, kExact, kExact);
  for (const char* name : {"split", "split.list_args", "split_with_sizes"}) t.add(name, split_of, kExact, kExact);
  t.add("chunk", chunk, kExact, kExact);
  t.add("narrow", narrow, kExact, kExact);
  t.add("select", select, kExact, kExact);
  t.add(
      "repeat", [](Args& a) { return tiled(a[0], a.list(1), false); }, kExact);
  t.add(
      "tile", [](Args& a) { return tiled(a[0], a.list(1), true); }, kExact);
  t.add("repeat_interleave", repeat_interleave, kExact);
  t.add(
      "cat", [](Args& a) { return joined(a, concat); }, kExact, kExact);
  t.add(
      "stack", [](Args& a) { return joined(a, stack); }, kExact, kExact);
  add_order(t);
}

}  // namespace lemnos::judges
