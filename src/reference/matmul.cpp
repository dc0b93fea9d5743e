// C[.., M, N] = op(A) op(B) over broadcast leading axes; op transposes an operand that is stored as [.., K, M] or [..,
// N, K]. What a product's kernel may do beside (bias, activation, ...) is defined by its decomposition into other ops.
#include "reference/matmul.h"

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

}  // namespace

void matmul(const Reference& c) {
  const auto attrs = c.attrs<MatmulAttrs>();
  const bool transpose_a = attrs.transpose_a, transpose_b = attrs.transpose_b;
  const Shape &a_shape = c.in_shape(0), &c_shape = c.out_shape();
  const auto rows = static_cast<size_t>(c_shape[c_shape.rank() - 2]);
  const auto columns = static_cast<size_t>(c_shape[c_shape.rank() - 1]);
  const auto depth = static_cast<size_t>(a_shape[a_shape.rank() - (transpose_a ? 2 : 1)]);

  const size_t batches = rows > 0 && columns > 0 ? c.out[0].size() / (rows * columns) : 0;
  for (size_t batch = 0; batch < batches; ++batch) {
    const double* a = c.in[0].data() + matrix_of(a_shape, c_shape, batch) * rows * depth;
    const double* b = c.in[1].data() + matrix_of(c.in_shape(1), c_shape, batch) * depth * columns;
    double* out = c.out[0].data() + batch * rows * columns;
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (size_t k = 0; k < depth; ++k)
          sum += (transpose_a ? a[k * rows + i] : a[i * depth + k]) *
                 (transpose_b ? b[j * depth + k] : b[k * columns + j]);
        out[i * columns + j] = sum;
      }
  }
}

}  // namespace lemnos::reference
