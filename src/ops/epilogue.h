// The function in the epilogue of a product or a convolution, as nodes of its own: attribute `activation` is its number
// (shaders/unary.h), `a` and `b` are its parameters.
#pragma once

#include "lemnos/graph.h"
#include "ops/op_table.h"
#include "reference/unary.h"

namespace lemnos::ops {

inline const reference::UnaryFunction& epilogue_function(const Attrs& attrs) {
  return reference::unary_functions()[static_cast<size_t>(attrs.integer("activation"))];
}

/// f(x).
inline Value with_function(Value x, const Attrs& attrs) {
  return x.graph().add(find_op(epilogue_function(attrs).name), {x}, {{"a", attrs.real("a")}, {"b", attrs.real("b")}});
}

/// dy f'(saved), where `saved` is f's result or its operand, as the function wants it.
inline Value with_slope(Value saved, Value dy, const Attrs& attrs) {
  return dy.graph().add(find_op("unary_backward"), {saved, dy},
                        {{"function", attrs.integer("activation")}, {"a", attrs.real("a")}, {"b", attrs.real("b")}});
}

}  // namespace lemnos::ops
