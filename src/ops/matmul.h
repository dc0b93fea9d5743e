// A product as its kernels see it, and how one is launched.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "reference/matmul.h"

namespace lemnos::ops {

inline Shape batch_of(const Shape& shape) { return Shape(shape.dims().first(shape.rank() - 2)); }
inline int64_t stored_rows(const Shape& shape) { return shape[shape.rank() - 2]; }
inline int64_t stored_columns(const Shape& shape) { return shape[shape.rank() - 1]; }

/// Which input is what; 0 where there is none.
struct ProductInputs {
  size_t bias = 0, extra = 0, state = 0, count = 2;
  explicit ProductInputs(const MatmulAttrs& attrs) {
    if (attrs.bias) bias = count++;
    if (attrs.extra) extra = count++;
    if (attrs.dropout > 0) state = count++;
  }
};

/// That a kernel walks, once neighbours are joined.
inline constexpr size_t kMostBatchAxes = 3;

struct Product {
  uint32_t m, n, k, batches;
  std::array<uint32_t, kMostBatchAxes> extent{1, 1, 1}, a_stride{}, b_stride{};  // batch axes, outermost first
  bool transpose_a, transpose_b;
};
Product product_of(const Lower& c);

/// How a kernel cuts C.
struct Tiling {
  const char* name;
  uint32_t workgroup, tile_m, tile_n, tile_k, rows, columns;
  uint32_t group = 4;  // elements that its kernel loads at once, where rows are whole groups
};
uint64_t tiles_of(const Product& p, const Tiling& t);

/// The choices of a variant for one product.
struct ProductChoice {
  Tiling tiling;
  std::string kernel;
  uint32_t parts = 1;    // of K, added up by a second kernel where there are several
  bool turned = false;   // A is transposed in memory before
  bool by_lane = false;  // needs subgroups of the size that it was cut for
};
extern const std::array<Variant, 9> kProductVariants;
ProductChoice choose_product(const Lower& c, const Product& p);

std::vector<Dispatch> lower_product(Lower& c);

}  // namespace lemnos::ops
