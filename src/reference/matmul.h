// The product of matrices, with what its epilogue does.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct MatmulAttrs {
  bool transpose_a = false;
  bool transpose_b = false;
  bool bias = false;
  int64_t extra = 0;       // MATMUL_EXTRA_*
  int64_t activation = 0;  // UNARY_*
  double alpha = 1;
  double beta = 1;
  double a = 0;  // the function's own parameters
  double b = 0;
  double dropout = 0;  // rate
  int64_t seed = 0;
  int64_t stream = 0;
  bool row_sums = false;

  void visit(auto&& f) {
    f("transpose_a", transpose_a), f("transpose_b", transpose_b), f("bias", bias), f("extra", extra),
        f("activation", activation), f("alpha", alpha), f("beta", beta), f("a", a), f("b", b), f("dropout", dropout),
        f("seed", seed), f("stream", stream), f("row_sums", row_sums);
  }
};

namespace reference {
void matmul(const Reference& c);
}  // namespace reference

}  // namespace lemnos
