// Small things that several tables need. Nothing here computes: constants, axes and shapes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "lemnos/ops.h"

namespace lemnos::judges {

using Axes = std::vector<int64_t>;

/// dims counted from the front, in order; PyTorch lets a scalar have an axis 0.
Axes counted(const Axes& dims, const Shape& shape);
/// A scalar as [1], all else as it is.
Value at_least_1d(Value x);
/// The first `count` integers from `first` on, in steps, as i32 constants.
Axes integers(int64_t count, int64_t first = 0, int64_t step = 1);
/// An i32 constant of these numbers.
Value indices(Graph& graph, const Axes& numbers);
/// x at these places along an axis.
inline Value pick(Value x, int64_t axis, const Axes& places) {
  return index_select(x, indices(x.graph(), places), axis);
}
/// The extents of x.
Axes dims_of(Value x);
/// x joined with an axis of 1 at `axis`, and without it.
Value unsqueeze(Value x, int64_t axis);
Value squeeze(Value x, int64_t axis);
/// Reduces by PyTorch's word: "mean", "sum" or "none".
Value reduced(Value losses, const std::string& reduction);
Reduction reduction_of(const std::string& word);
/// (sum |x|^p)^(1/p) with the limits of p.
Value vector_norm(Value x, double p, const Axes& axes, bool keep);
/// log(exp(a) + exp(b)), whose gradient is right where a and b are equal, too.
Value logaddexp(Value a, Value b);
/// a b, where PyTorch's matmul takes operands of one axis.
Value product(Value a, Value b);
/// 1 where column - row <= diagonal, else 0: i32[rows, columns].
Value below_diagonal(Graph& graph, int64_t rows, int64_t columns, int64_t diagonal);

}  // namespace lemnos::judges
