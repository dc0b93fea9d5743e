// Reverse-mode gradients: extends a graph with the nodes that compute them.
#pragma once

#include <span>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// d(output)/d(wrt[i]) for each i, as values of the same graph; "no value" where `output` does not depend on wrt[i].
/// `seed` is the gradient of `output` itself, of its shape; without one `output` must have one element and the seed is
/// 1. Throws `unsupported` naming the op when one on the way has no gradient, `invalid_argument` for a value of another
/// graph.
///
/// Gradients are values like others: a loss may contain them, and they can be differentiated again, any number of
/// times. A Hessian times v is gradients(sum(gradients(loss, {w})[0] * v), {w}); a gradient penalty and a differential
/// equation's residual are built alike. Every op of the catalogue with a gradient has further ones; where a function
/// has a kink (ReLU, a maximum) its second derivative is that of its pieces. An application's own backward op needs
/// OpDef::grad or OpDef::primal for it, and is refused by name without.
std::vector<Value> gradients(Value output, std::span<const Value> wrt, Value seed = {});

/// The gradients of `loss` for every parameter of its graph, placed in the gradient arena (Graph::flat_gradients). What
/// the loss does not depend on keeps zeros there. Returns the parameters that got one.
std::vector<Value> place_gradients(Value loss);
/// Places gradients[i], or nothing where it is empty, in the arena at the place of parameters[i]. Returns the arena
/// with them in it: every reader of gradients depends on that value. A program that is given it (CompileOptions::given)
/// takes the gradients as they are. Throws `invalid_argument` for a parameter that has a gradient in this step already.
Value place_gradients(std::span<const Value> parameters, std::span<const Value> gradients);
inline Value place_gradient(Value gradient, Value parameter) {
  return place_gradients({&parameter, 1}, {&gradient, 1});
}
/// The parameters whose gradients were placed in `graph` so far.
std::vector<Value> placed_parameters(Graph& graph);

}  // namespace lemnos

LEMNOS_END_PUBLIC
