#include "judges/places.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace lemnos::judges {

Value flat(Value x) { return reshape(x, Shape{x.shape().elements()}); }

Value places(Value x, int64_t dim, Value index) {
  const Shape from = at_least_1d(x).shape(), over = index.shape();
  const size_t axis = from.axis(dim, "gather");
  Axes strides(from.rank(), 1);
  for (size_t i = from.rank(); i-- > 1;) strides[i - 1] = strides[i] * from[i];
  Value at = index * full(x.graph(), {}, static_cast<float>(strides[axis]), DType::i32);
  for (size_t i = 0; i < over.rank(); ++i) {
    if (i == axis) continue;
    Axes dims(over.rank(), 1);
    dims[i] = over[i];
    at = at + reshape(indices(x.graph(), integers(over[i], 0, strides[i])), dims);
  }
  return flat(at);
}

Value gathered(Value x, int64_t dim, Value index) {
  if (index.dtype() != DType::i32) index = cast(index, DType::i32);
  return reshape(gather(flat(x), places(x, dim, at_least_1d(index))), index.shape());
}

Axes border(const std::string& kind, int64_t extent, int64_t before, int64_t after) {
  Axes numbers;
  for (int64_t i = -before; i < extent + after; ++i) {
    if (kind == "replicate") numbers.push_back(std::clamp<int64_t>(i, 0, extent - 1));
    // A negative width cuts first, and what is left goes round.
    const int64_t first = std::max<int64_t>(0, -before), left = extent - first - std::max<int64_t>(0, -after);
    if (kind == "circular") numbers.push_back(first + ((i - first) % left + left) % left);
    if (kind == "reflect") numbers.push_back(extent - 1 - std::abs(extent - 1 - std::abs(i)));
  }
  return numbers;
}

std::vector<Value> extremes(Value given, int64_t dim, int64_t k, bool largest) {
  const Value x = at_least_1d(given);
  const size_t axis = x.shape().axis(dim, "topk");
  if (x.shape().elements() == 0) return {x, cast(x, DType::i32)};
  Axes dims(x.shape().rank(), 1);
  dims[axis] = x.shape()[axis];
  const Value place = reshape(range(x.graph(), 0, x.shape()[axis]), dims), zero = x.graph().scalar(0);
  Value rest = largest ? x : -x;
  std::vector<Value> values, found;
  for (int64_t i = 0; i < k; ++i) {
    found.push_back(argmax(rest, static_cast<int64_t>(axis), true));
    const Value hit = equal(place, found.back());
    values.push_back(sum(where(hit, x, zero), {static_cast<int64_t>(axis)}, true));
    rest = where(hit, x.graph().scalar(-std::numeric_limits<float>::infinity()), rest);
  }
  const Value y = concat(values, static_cast<int64_t>(axis)), at = concat(found, static_cast<int64_t>(axis));
  if (given.shape().rank()) return {y, at};
  return {reshape(y, Shape{}), reshape(at, Shape{})};
}

}  // namespace lemnos::judges
