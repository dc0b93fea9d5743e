// Products of matrices, of floating numbers and of integers, which f32 holds exactly where the data has them.

#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

Value gemm(Call& c) {
  const MatmulOptions options{.transpose_a = c.flag("transA", false), .transpose_b = c.flag("transB", false)};
  c.ignore("broadcast");  // of operator sets that did not always
  const Value y = c.real("alpha", 1) * matmul(c[0], c[1], options);
  return c.has(2) ? y + c.real("beta", 1) * c[2] : (c.ignore("beta"), y);
}

// Coordinates between -1 and 1 along an axis: of the ends, or of the middles of its elements.
std::vector<float> grid_line(int64_t count, bool corners) {
  std::vector<float> at;
  for (int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<float>(i), all = static_cast<float>(count);
    at.push_back(corners ? 2 * place / (all - 1) - 1 : (2 * place + 1) / all - 1);
  }
  return at;
}

// theta[N, D, D + 1] times the coordinates of every place, of which the last axis comes first, and a 1.
Value affine_grid(Call& c) {
  const Axes size = c.list(1), space(size.begin() + 2, size.end());
  const bool corners = c.flag("align_corners", false);
  std::vector<Value> columns;
  for (size_t i = space.size(); i-- > 0;) {
    Axes line(space.size(), 1);
    line[i] = space[i];
    columns.push_back(broadcast_to(c.graph().constant(Shape(line), grid_line(space[i], corners)), Shape(space)));
  }
  columns.push_back(ones(c.graph(), Shape(space)));
  const auto depth = static_cast<int64_t>(columns.size());
  const Value places = reshape(stack(columns, -1), Shape{Shape(space).elements(), depth});
  Axes dims = {size[0]};
  dims.insert(dims.end(), space.begin(), space.end());
  dims.push_back(depth - 1);
  return reshape(matmul(places, c[0], {.transpose_b = true}), dims);
}

}  // namespace

void add_products(OpTable& t) {
  // Sums of products are held to their largest element, as the class gemm holds them to |A| |B|.
  constexpr Tolerance kSums{1e-5, 1e-6, 4.8e-7};
  t.add(
      "MatMul", [](Call& c) { return product(c[0], c[1]); }, kSums);
  t.add("Gemm", gemm, kSums);
  t.add("AffineGrid", affine_grid);
  t.add(
      "Einsum", [](Call& c) { return einsum(c.word("equation", ""), c.all()); }, kSums);
  t.none("Det", "no op: determinant");
}

}  // namespace lemnos::judges::onnx
