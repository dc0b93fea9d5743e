// The gradients of scaled dot-product attention, which is defined by its decomposition into products and a softmax.
#include "reference/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lemnos::reference {

AttentionRows AttentionRows::of(const Shape& shape, bool heads_inside) {
  const size_t rank = shape.rank();
  if (heads_inside) return {shape[0], shape[2], shape[1], true};
  const int64_t positions = shape[rank - 2], row = positions * shape[rank - 1];
  return {row ? shape.elements() / row : 0, 1, positions, false};
}

double attention_scale(const AttentionAttrs& attrs, const Shape& q) {
  const double scale = attrs.scale;
  return scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(q[q.rank() - 1]));
}

namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
void add_scaled(std::span<double> to, std::span<const double> from, double scale) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += scale * from[i];
}

// Calls visit(row of the query, rows of the keys that it sees) for every query.
template <typename Visit>
void each_query(const Reference& c, Visit visit) {
  const auto attrs = c.attrs<AttentionAttrs>();
  const bool inside = attrs.heads_inside, causal = attrs.causal;
  const AttentionRows q = AttentionRows::of(c.in_shape(0), inside), k = AttentionRows::of(c.in_shape(1), inside);
  for (int64_t b = 0; b < q.batches; ++b)
    for (int64_t h = 0; h < q.heads; ++h)
      for (int64_t t = 0; t < q.positions; ++t) {
        std::vector<size_t> seen;
        for (int64_t s = 0; s < (causal ? std::min(t + 1, k.positions) : k.positions); ++s)
          seen.push_back(k.index(b, h, s));
        visit(q.index(b, h, t), seen);
      }
}

// Row i of a tensor whose last axis is `shape`'s.
template <typename Span>
Span row(Span all, const Shape& shape, size_t i) {
  const auto n = static_cast<size_t>(shape[shape.rank() - 1]);
  return all.subspan(i * n, n);
}

}  // namespace

// Inputs q, k, v, dy, logs, sum(dy y).
void attention_backward(const Reference& c) {
  const Shape &q = c.in_shape(0), &k = c.in_shape(1), &v = c.in_shape(2);
  const double scale = attention_scale(c.attrs<AttentionAttrs>(), q);
  for (const auto& out : c.out) std::ranges::fill(out, 0.0);
  each_query(c, [&](size_t query, const std::vector<size_t>& seen) {
    const auto dy = row(c.in[3], v, query);
    for (const size_t key : seen) {
      const auto q_row = row(c.in[0], q, query), k_row = row(c.in[1], k, key);
      const double p = std::exp(scale * dot(q_row, k_row) - c.in[4][query]);
      const double ds = p * (dot(dy, row(c.in[2], v, key)) - c.in[5][query]) * scale;
      add_scaled(row(c.out[0], q, query), k_row, ds);
      add_scaled(row(c.out[1], k, key), q_row, ds);
      add_scaled(row(c.out[2], v, key), dy, p);
    }
  });
}

}  // namespace lemnos::reference
