// The function in the epilogue of a product or a convolution, as separate nodes: `activation` of its attributes is its
// number (shaders/unary.h), `a` and `b` are its parameters.
#pragma once

#include "lemnos/graph.h"
#include "ops/op_table.h"
#include "reference/unary.h"

namespace lemnos::ops {

template <typename T>
const reference::UnaryFunction& epilogue_function(const T& attrs) {
  return reference::unary_functions()[static_cast<size_t>(attrs.activation)];
}

/// f(x).
template <typename T>
Value with_function(Value x, const T& attrs) {
  return x.graph().add(find_op(epilogue_function(attrs).name), {x}, UnaryAttrs{.a = attrs.a, .b = attrs.b});
}

/// dy f'(saved), where `saved` is f's result or its operand, as the function wants it.
template <typename T>
Value with_slope(Value saved, Value dy, const T& attrs) {
  return dy.graph().add(find_op("unary_backward"), {saved, dy},
                        UnaryBackwardAttrs{.function = attrs.activation, .a = attrs.a, .b = attrs.b});
}

}  // namespace lemnos::ops
