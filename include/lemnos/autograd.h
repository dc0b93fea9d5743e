// Reverse-mode gradients: extends a graph with the nodes that compute them.
#pragma once

#include <span>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// d(output)/d(wrt[i]) for each i, as values of the same graph; empty where `output` does not depend on wrt[i]. `seed`
/// is the gradient of `output` itself, of its shape; without one `output` must have one element and the seed is 1.
/// Throws `unsupported` naming the op if an op between them has no gradient, `invalid_argument` for a value of another
/// graph.
///
/// Gradients are ordinary values: a loss may contain them, and they can be differentiated again, to any order. A
/// Hessian times v is gradients(sum(gradients(loss, {w})[0] * v), {w}); a gradient penalty and the residual of a
/// differential equation are built the same way. Every op of Lemnos that has a gradient has higher derivatives too.
/// Where a function has a kink (ReLU, a maximum) its second derivative is that of its pieces. An application's own
/// backward op needs OpDef::grad or OpDef::primal; otherwise it is refused by name.
std::vector<Value> gradients(Value output, std::span<const Value> wrt, Value seed = {});

/// The gradients of `loss` for every parameter of its graph, placed in the gradient arena (Graph::flat_gradients).
/// Parameters that the loss does not depend on keep zeros. Returns the parameters that have a gradient.
std::vector<Value> place_gradients(Value loss);
/// Places gradients[i] in the arena at the position of parameters[i]; an empty gradients[i] is skipped. Returns the
/// arena: every reader of gradients depends on that value. A program that takes it as CompileOptions::given uses the
/// gradients that are in the arena. Throws `invalid_argument` for a parameter that has a gradient in this step already.
Value place_gradients(std::span<const Value> parameters, std::span<const Value> gradients);
inline Value place_gradient(Value gradient, Value parameter) {
  return place_gradients({&parameter, 1}, {&gradient, 1});
}
/// The parameters whose gradients were placed in `graph` so far.
std::vector<Value> placed_parameters(Graph& graph);

}  // namespace lemnos

LEMNOS_END_PUBLIC
