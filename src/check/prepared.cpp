#include "check/prepared.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "check/fill.h"
#include "lemnos/autograd.h"
#include "ops/op_table.h"
#include "runtime/oracle.h"

namespace lemnos::check {

const char* to_string(Direction direction) { return direction == Direction::forward ? "forward" : "backward"; }

namespace {

struct Built {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::map<int, std::vector<double>> values;
};

Built build_nodes(const Case& c, DType dtype) {
  Built b;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const Input& input = c.inputs[i];
    const DType stored = input.dtype == DType::f32 ? dtype : input.dtype;
    b.inputs.push_back(b.graph->input(text("input", i), {input.shape, stored}));
  }
  if (c.build) {
    b.outputs = c.build(*b.graph, b.inputs);
  } else {
    b.outputs = b.graph->add_all(c.definition ? *c.definition : find_op(c.op), b.inputs, c.attrs);
  }
  return b;
}

Built build(const Case& c, DType dtype, uint64_t seed) {
  Built b = build_nodes(c, dtype);
  for (size_t i = 0; i < c.inputs.size(); ++i)
    b.values[b.inputs[i].id()] = fill(c.inputs[i], b.inputs[i].dtype(), seed * 1000003 + i);
  return b;
}

std::vector<Value> differentiable_inputs(const Case& c, const Built& b) {
  std::vector<Value> wrt;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.inputs[i].differentiable && is_floating(b.inputs[i].dtype())) wrt.push_back(b.inputs[i]);
  return wrt;
}

Value gradient_input(Built& b) { return b.graph->input("dy", b.outputs[0].desc()); }

// The gradient of the first output, from a random gradient of its own: a product with a random matrix would hide
// nothing that this shows.
Value seed_gradient(Built& b, uint64_t seed) {
  const Value dy = gradient_input(b);
  b.values[dy.id()] = fill({.shape = dy.shape()}, dy.dtype(), seed * 1000003 + 101);
  return dy;
}

// What is computed: the outputs, or the gradients of the inputs for `dy`.
std::vector<Value> targets_of(const Case& c, const Built& b, Value dy) {
  if (!dy) return b.outputs;
  std::vector<Value> found;
  for (Value gradient : gradients(b.outputs[0], differentiable_inputs(c, b), dy))
    if (gradient) found.push_back(gradient);
  return found;
}

std::vector<int> ids(const std::vector<Value>& values) {
  std::vector<int> out;
  for (Value v : values) out.push_back(v.id());
  return out;
}

}  // namespace

Prepared outline(const Case& c, DType dtype, Direction direction) {
  Built b = build_nodes(c, dtype);
  const std::vector<Value> outputs = targets_of(c, b, direction == Direction::backward ? gradient_input(b) : Value());
  return {.graph = std::move(b.graph), .outputs = outputs, .inputs = {}, .reference = {}, .bounds = {}};
}

Prepared prepare(const Case& c, DType dtype, Direction direction, uint64_t seed) {
  Built b = build(c, dtype, seed);
  const std::vector<Value> outputs =
      targets_of(c, b, direction == Direction::backward ? seed_gradient(b, seed) : Value());
  const Tolerance& tolerance =
      direction == Direction::backward && c.backward_tolerance.absolute >= 0 ? c.backward_tolerance : c.tolerance;
  Prepared p{
      .graph = std::move(b.graph), .outputs = outputs, .inputs = std::move(b.values), .reference = {}, .bounds = {}};
  // Half types round between the nodes of a composite on both sides; a single f32 result is held to the double.
  p.reference = evaluate(*p.graph, ids(outputs), p.inputs, dtype != DType::f32);
  if (tolerance.products > 0) {
    std::map<int, std::vector<double>> magnitudes = p.inputs;
    for (auto& [id, values] : magnitudes)
      if (is_floating(p.graph->info(id).desc.dtype))
        for (double& v : values) v = std::abs(v);
    p.bounds = evaluate(*p.graph, ids(outputs), magnitudes, false);
    for (auto& bound : p.bounds)
      for (double& v : bound) v = std::abs(v);
  }
  return p;
}

std::string check_differences(const Case& c, uint64_t seed) {
  constexpr double kStep = 1e-6, kAbsolute = 1e-5, kRelative = 1e-3;
  constexpr int kDirections = 3;
  Built b = build(c, DType::f32, seed);
  const std::vector<Value> wrt = differentiable_inputs(c, b);
  const Value output = b.outputs[0];
  const Value dy = seed_gradient(b, seed);
  const std::vector<Value> found = gradients(output, wrt, dy);
  const auto objective = [&](const std::map<int, std::vector<double>>& inputs) {
    const auto y = evaluate(*b.graph, ids({output}), inputs, false)[0];
    const auto& weights = b.values[dy.id()];
    double total = 0;
    for (size_t i = 0; i < y.size(); ++i) total += y[i] * weights[i];
    return total;
  };
  for (size_t k = 0; k < wrt.size(); ++k) {
    const std::vector<double>& x = b.values[wrt[k].id()];
    const std::vector<double> gradient =
        found[k] ? evaluate(*b.graph, ids({found[k]}), b.values, false)[0] : std::vector<double>(x.size(), 0.0);
    for (int direction = 0; direction < kDirections && !x.empty(); ++direction) {
      const auto d = fill({.shape = wrt[k].shape()}, DType::f32, seed + 7919 * (direction + 1) + k);
      auto up = b.values, down = b.values;
      double along = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        up[wrt[k].id()][i] += kStep * d[i];
        down[wrt[k].id()][i] -= kStep * d[i];
        along += gradient[i] * d[i];
      }
      const double difference = (objective(up) - objective(down)) / (2 * kStep);
      const double scale = std::max(std::abs(difference), std::abs(along));
      // The sum over n elements carries n rounding errors of the objective, each divided by the step.
      const double noise = 1e-16 / kStep * std::sqrt(static_cast<double>(x.size())) * 10;
      if (std::abs(difference - along) > kAbsolute + kRelative * scale + noise)
        return text("gradient of input ", k, " along direction ", direction, ": the reference says ", along,
                    ", central difference ", difference);
    }
  }
  return {};
}

std::string check_decomposition(const Case& c, uint64_t seed) {
  constexpr double kAbsolute = 1e-7, kRelative = 1e-6;  // the constants of the smaller ops are f32
  const OpDef& op = c.definition ? *c.definition : find_op(c.op);
  if (!op.decompose) return {};
  Built b = build(c, DType::f32, seed);
  const std::vector<Value> parts =
      op.decompose(*b.graph, b.graph->nodes()[static_cast<size_t>(b.graph->info(b.outputs[0]).producer)]);
  const Value dy = seed_gradient(b, seed);
  const std::vector<Value> wrt = differentiable_inputs(c, b);
  std::vector<Value> whole{b.outputs[0]}, composed{parts[0]};
  for (Value gradient : gradients(b.outputs[0], wrt, dy)) whole.push_back(gradient);
  for (Value gradient : gradients(parts[0], wrt, dy)) composed.push_back(gradient);
  const auto fused = evaluate(*b.graph, ids(whole), b.values, false),
             expected = evaluate(*b.graph, ids(composed), b.values, false);
  for (size_t k = 0; k < fused.size(); ++k)
    for (size_t i = 0; i < fused[k].size(); ++i)
      if (!(std::abs(fused[k][i] - expected[k][i]) <= kAbsolute + kRelative * std::abs(expected[k][i])))
        return text(k == 0 ? "result" : text("gradient of input ", k - 1), "[", i, "] is ", fused[k][i],
                    ", by smaller ops ", expected[k][i]);
  return {};
}

}  // namespace lemnos::check
