// Distances between rows, and embeddings.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

Axes last_of(Value x) { return {static_cast<int64_t>(x.shape().rank()) - 1}; }

// Every row of x to every row of y.
Value cdist(Args& a) {
  a.ignore({3, "compute_mode"});
  const Value difference = unsqueeze(a[0], -2) - unsqueeze(a[1], -3);
  return vector_norm(difference, a.number({2, "p"}, 2), last_of(difference), false);
}

Value pdist(Args& a) {
  const int64_t rows = a[0].shape()[0];
  Axes left, right;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = i + 1; k < rows; ++k) left.push_back(i), right.push_back(k);
  return vector_norm(pick(a[0], 0, left) - pick(a[0], 0, right), a.number({1, "p"}, 2), {1}, false);
}

Value pairwise(Args& a) {
  const Value difference = a[0] - a[1] + a.real_number({3, "eps"}, 1e-6);
  return vector_norm(difference, a.number({2, "p"}, 2), last_of(difference), a.flag({4, "keepdim"}, false));
}

Value cosine(Args& a) {
  Value x = at_least_1d(a[0]), y = at_least_1d(a[1]);
  while (x.shape().rank() < y.shape().rank()) x = unsqueeze(x, 0);
  while (y.shape().rank() < x.shape().rank()) y = unsqueeze(y, 0);
  Axes dims = dims_of(x);
  for (size_t i = 0; i < dims.size(); ++i) dims[i] = std::max(dims[i], y.shape()[i]);
  const Shape shape(dims);
  Axes order = integers(static_cast<int64_t>(dims.size()));
  const size_t axis = shape.axis(a.integer({2, "dim"}, 1), "cosine_similarity");
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(axis));
  order.push_back(static_cast<int64_t>(axis));
  x = permute(broadcast_to(x, shape), order);
  y = permute(broadcast_to(y, shape), order);
  return cosine_similarity(x, y, a.real_number({3, "eps"}, 1e-8));
}

Value embedded(Args& a) {
  a.ignore({2, "padding_idx"}), a.ignore("sparse");
  return embedding(a[0], a[1]);
}

// Which bag every index is in, by where the bags begin.
Axes bags_of(const Array& offsets, int64_t count) {
  Axes bags;
  for (int64_t i = 0; i < count; ++i) {
    const auto begun =
        std::ranges::count_if(offsets.values, [&](double first) { return first <= static_cast<double>(i); });
    bags.push_back(static_cast<int64_t>(begun) - 1);
  }
  return bags;
}

// The rows of each bag, weighed, and 0 for padding: as a sum over an axis, or by the number of the bag.
Value embedding_bag(Args& a) {
  const Value weight = a[0], at = a[1];
  const std::string mode = a.word("mode", "mean");
  const int64_t rows = weight.shape()[0], padding = a.integer("padding_idx", rows);
  Value counted_rows = ones(a.graph(), at.shape());
  if (a.has("padding_idx")) {
    const int64_t place = padding < 0 ? padding + rows : padding;
    counted_rows = cast(not_equal(at, full(a.graph(), {}, static_cast<float>(place), DType::i32)), DType::f32);
  }
  Value terms = embedding(weight, at);
  const bool largest = mode == "max";
  if (largest) terms = where(unsqueeze(counted_rows, -1), terms, a.graph().scalar(-INFINITY));
  const Value factor = a.has("per_sample_weights") ? a.tensor("per_sample_weights") * counted_rows : counted_rows;
  if (!largest) terms = terms * unsqueeze(factor, -1);
  Value total, count;
  if (at.shape().rank() == 2) {
    total = largest ? reduce_max(terms, {1}) : sum(terms, {1});
    count = sum(counted_rows, {1});
  } else {
    const Array& offsets = a.array("offsets");
    const int64_t bags = static_cast<int64_t>(offsets.values.size()) - (a.flag("include_last_offset", false) ? 1 : 0);
    const Value bag = indices(a.graph(), bags_of(offsets, at.shape()[0]));
    total = largest ? scatter_max(terms, bag, bags) : scatter_add(terms, bag, bags);
    count = scatter_add(counted_rows, bag, bags);
  }
  if (mode == "sum") return total;
  if (largest) return where(unsqueeze(count, -1), total, a.graph().scalar(0));
  return total / unsqueeze(maximum(count, a.graph().scalar(1)), -1);
}

}  // namespace

void add_distances(Table& t) {
  t.add("cdist", cdist);
  t.add("nn.functional.pdist", pdist);
  t.add("nn.functional.pairwise_distance", pairwise);
  t.add("nn.functional.cosine_similarity", cosine);
  t.add("nn.functional.embedding", embedded, kExact);
  t.add("nn.functional.embedding_bag", embedding_bag);
}

}  // namespace lemnos::judges
