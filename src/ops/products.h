// Products with what their epilogue can do, for those who build graphs of them.
#pragma once

#include "lemnos/graph.h"

namespace lemnos::ops {

/// alpha A B + beta R in one launch; R has the shape of the product.
Value product_and_rest(Value a, Value b, double alpha, Value r, double beta);

}  // namespace lemnos::ops
