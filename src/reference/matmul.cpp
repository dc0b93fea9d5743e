// C = mask f(alpha A B + bias + beta R), or mask (alpha A B + bias) f'(S), over broadcast leading axes; and the sums of
// A's rows.
#include "shaders/matmul.h"
#include "reference/mask.h"
#include "reference/unary.h"

namespace lemnos::reference {

namespace {

// Which matrix of `operand` meets matrix `batch` of `out`: an axis of extent 1 is stretched.
size_t matrix_of(const Shape& operand, const Shape& out, size_t batch) {
  size_t matrix = 0, step = 1;
  for (size_t i = 3; i <= out.rank(); ++i) {
    const auto extent = static_cast<size_t>(out[out.rank() - i]);
    const size_t at = batch % extent;
    batch /= extent;
    if (i > operand.rank()) continue;
    const auto own = static_cast<size_t>(operand[operand.rank() - i]);
    if (own != 1) matrix += at * step;
    step *= own;
  }
  return matrix;
}

// The sums of the rows of A, as stored [depth, rows] or [rows, depth].
void sum_rows(const Reference& c, size_t rows, size_t depth, bool transpose_a) {
  for (size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (size_t k = 0; k < depth; ++k) sum += c.in[0][transpose_a ? k * rows + i : i * depth + k];
    c.out[1][i] = sum;
  }
}

}  // namespace

void matmul(const Reference& c) {
  const Attrs& attrs = c.attrs();
  const bool transpose_a = attrs.flag("transpose_a"), transpose_b = attrs.flag("transpose_b");
  const Shape &a_shape = c.in_shape(0), &c_shape = c.out_shape();
  const auto rows = static_cast<size_t>(c_shape[c_shape.rank() - 2]);
  const auto columns = static_cast<size_t>(c_shape[c_shape.rank() - 1]);
  const auto depth = static_cast<size_t>(a_shape[a_shape.rank() - (transpose_a ? 2 : 1)]);
  const bool has_bias = attrs.flag("bias");
  const int64_t extra = attrs.integer("extra");
  const UnaryFunction& f = unary_functions()[static_cast<size_t>(attrs.integer("activation"))];
  const double p = attrs.real("a"), q = attrs.real("b"), dropped = attrs.real("dropout");
  const std::span<const double> last = c.in.back();  // the step state, where elements are dropped
  const std::span<const double> addend = extra ? c.in[has_bias ? 3 : 2] : last;

  const size_t batches = rows > 0 && columns > 0 ? c.out[0].size() / (rows * columns) : 0;
  for (size_t batch = 0; batch < batches; ++batch) {
    const double* a = c.in[0].data() + matrix_of(a_shape, c_shape, batch) * rows * depth;
    const double* b = c.in[1].data() + matrix_of(c.in_shape(1), c_shape, batch) * depth * columns;
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (size_t k = 0; k < depth; ++k)
          sum += (transpose_a ? a[k * rows + i] : a[i * depth + k]) *
                 (transpose_b ? b[j * depth + k] : b[k * columns + j]);
        double v = attrs.real("alpha") * sum + (has_bias ? c.in[2][j] : 0.0);
        const size_t at = (batch * rows + i) * columns + j;
        const double r = extra != MATMUL_EXTRA_NONE ? addend[at] : 0.0;
        if (extra == MATMUL_EXTRA_RESIDUAL) v += attrs.real("beta") * r;
        c.out[0][at] = extra == MATMUL_EXTRA_SLOPE ? v * f.slope(r, p, q) : f.value(v, p, q);
      }
  }
  if (dropped > 0) {
    const Mask mask(dropped, attrs, last);
    for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = mask(i) > 0 ? mask(i) * c.out[0][i] : 0.0;
  }
  if (c.out.size() > 1) sum_rows(c, rows, depth, transpose_a);
}

}  // namespace lemnos::reference
