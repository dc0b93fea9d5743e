#include "check/prepared.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "check/fill.h"
#include "lemnos/autograd.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"
#include "runtime/oracle.h"

namespace lemnos::check {

const char* to_string(Direction direction) {
  constexpr const char* kNames[] = {"forward", "backward", "second"};
  return kNames[static_cast<size_t>(direction)];
}

namespace {

struct Built : Nodes {
  std::map<int, std::vector<double>> values;
};

Built build(const Case& c, DType dtype, uint64_t seed) {
  Built b{nodes_of(c, dtype), {}};
  for (size_t i = 0; i < c.inputs.size(); ++i)
    b.values[b.inputs[i].id()] = fill(c.inputs[i], b.inputs[i].dtype(), seed * 1000003 + i);
  return b;
}

std::vector<Value> differentiable_inputs(const Case& c, const Nodes& b) {
  std::vector<Value> wrt;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.inputs[i].differentiable && is_floating(b.inputs[i].dtype())) wrt.push_back(b.inputs[i]);
  return wrt;
}

// What a gradient starts from: inputs that are filled at random, so that no product with them hides anything.
struct Seeds {
  Value dy;
  std::vector<Value> v;  // of each gradient that is differentiated again
  std::vector<Value> all() const {
    std::vector<Value> both{dy};
    both.insert(both.end(), v.begin(), v.end());
    return both;
  }
};

struct Gradients {
  std::vector<Value> wrt, found;
};
Gradients gradients_of(const Case& c, Nodes& n, Seeds& seeds) {
  seeds.dy = n.graph->input("dy", n.outputs[0].desc());
  const std::vector<Value> wrt = differentiable_inputs(c, n);
  return {wrt, gradients(n.outputs[0], wrt, seeds.dy)};
}

// The sum of v dx over all gradients dx, with what it depends on, or no value where there is no gradient.
Value sum_of_gradients(Nodes& n, const Gradients& first, Seeds& seeds) {
  Value total;
  for (size_t i = 0; i < first.found.size(); ++i) {
    if (!first.found[i]) continue;
    seeds.v.push_back(n.graph->input(text("v", i), first.found[i].desc()));
    const Value part = sum(first.found[i] * seeds.v.back());
    total = total ? total + part : part;
  }
  return total;
}

void fill_seeds(const Seeds& seeds, std::map<int, std::vector<double>>& values, uint64_t seed) {
  const std::vector<Value> all = seeds.all();
  for (size_t i = 0; i < all.size() && seeds.dy; ++i)
    values[all[i].id()] = fill({.shape = all[i].shape()}, all[i].dtype(), seed * 1000003 + 101 + i);
}

// The graph with what is computed: the outputs, or the gradients of the inputs for `dy`, or their gradients.
Prepared asking(const Case& c, Nodes nodes, Direction direction, Seeds& seeds) {
  Prepared p;
  if (direction == Direction::forward) {
    p.outputs = nodes.outputs;
    for (size_t i = 0; i < nodes.outputs.size(); ++i) p.names.push_back(text("output", i));
  } else {
    Gradients asked = gradients_of(c, nodes, seeds);
    if (direction == Direction::second) {
      const Value total = sum_of_gradients(nodes, asked, seeds);
      asked.wrt.push_back(seeds.dy);
      asked.found = total ? gradients(total, asked.wrt) : std::vector<Value>(asked.wrt.size());
    }
    for (size_t i = 0; i < asked.wrt.size(); ++i) {
      if (!asked.found[i]) continue;
      p.outputs.push_back(asked.found[i]);
      p.names.push_back((direction == Direction::second ? "dd" : "d") + asked.wrt[i].name());
    }
  }
  p.graph = std::move(nodes.graph);
  return p;
}

std::vector<int> ids(const std::vector<Value>& values) {
  std::vector<int> out;
  for (Value v : values) out.push_back(v.id());
  return out;
}

double root_mean_square(const std::vector<double>& values) {
  double squares = 0;
  for (double v : values) squares += std::isfinite(v) ? v * v : 0;
  return values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
}

}  // namespace

Nodes nodes_of(const Case& c, DType dtype) {
  Nodes n{.graph = std::make_unique<Graph>(), .inputs = {}, .outputs = {}};
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const Input& input = c.inputs[i];
    const DType stored = input.dtype == DType::f32 ? dtype : input.dtype;
    n.inputs.push_back(n.graph->input(text("input", i), {input.shape, stored}));
  }
  n.outputs = c.build ? c.build(*n.graph, n.inputs)
                      : n.graph->add_all(c.definition ? *c.definition : find_op(c.op), n.inputs, c.attrs);
  return n;
}

const Tolerance& tolerance_of(const Case& c, Direction direction) {
  return direction != Direction::forward && c.backward_tolerance.absolute >= 0 ? c.backward_tolerance : c.tolerance;
}

Prepared outline(const Case& c, DType dtype, Direction direction) {
  Seeds seeds;
  return asking(c, nodes_of(c, dtype), direction, seeds);
}

Prepared with_inputs(const Case& c, DType dtype, Direction direction, uint64_t seed) {
  Built b = build(c, dtype, seed);
  std::map<int, std::vector<double>> values = std::move(b.values);
  Seeds seeds;
  Prepared p = asking(c, std::move(b), direction, seeds);
  fill_seeds(seeds, values, seed);
  p.inputs = std::move(values);
  return p;
}

Prepared prepare(const Case& c, DType dtype, Direction direction, uint64_t seed) {
  Prepared p = with_inputs(c, dtype, direction, seed);
  define_right(p, tolerance_of(c, direction), dtype, direction);
  return p;
}

// A dozen f32 ops of 2^-24 each, over terms of up to a hundred times their sum, give 7e-5.
constexpr double kSecond = 1e-4;

void define_right(Prepared& p, const Tolerance& tolerance, DType dtype, Direction direction) {
  // Half types round between the nodes of a composite on both sides; a single f32 result is compared with the double.
  p.reference = evaluate(*p.graph, ids(p.outputs), p.inputs, dtype != DType::f32);
  p.tolerances.assign(p.outputs.size(), tolerance);
  // A second derivative adds up results of several ops in a row, of either sign, which may cancel.
  if (direction == Direction::second)
    for (size_t i = 0; i < p.outputs.size(); ++i)
      p.tolerances[i] = {.absolute = tolerance.absolute + kSecond * std::max(.1, root_mean_square(p.reference[i])),
                         .relative = kSecond,
                         .reason = "several ops in a row, and sums of terms of either sign"};
  // What forward saved in a half type was rounded on both sides, and near a tie not to the same neighbour: one unit of
  // it changes a gradient by up to 2^-10 of its terms.
  if (direction == Direction::backward && dtype != DType::f32)
    for (size_t i = 0; i < p.outputs.size(); ++i)
      p.tolerances[i].absolute += (dtype == DType::f16 ? 0x1p-10 : 0x1p-7) * root_mean_square(p.reference[i]);
  if (tolerance.products == 0 || direction == Direction::second) return;
  std::map<int, std::vector<double>> magnitudes = p.inputs;
  for (auto& [id, values] : magnitudes)
    if (is_floating(p.graph->info(id).desc.dtype))
      for (double& v : values) v = std::abs(v);
  p.bounds = evaluate(*p.graph, ids(p.outputs), magnitudes, false);
  for (auto& bound : p.bounds)
    for (double& v : bound) v = std::abs(v);
}

namespace {

// The gradients of `objective`, one number, for `wrt` against central differences.
std::string compare_differences(const Built& b, Value objective, const Gradients& g, uint64_t seed) {
  constexpr double kStep = 1e-6, kAbsolute = 1e-5, kRelative = 1e-3;
  constexpr int kDirections = 3;
  const auto value_at = [&](const std::map<int, std::vector<double>>& inputs) {
    return evaluate(*b.graph, ids({objective}), inputs, false)[0][0];
  };
  for (size_t k = 0; k < g.wrt.size(); ++k) {
    const std::vector<double>& x = b.values.at(g.wrt[k].id());
    const std::vector<double> gradient =
        g.found[k] ? evaluate(*b.graph, ids({g.found[k]}), b.values, false)[0] : std::vector<double>(x.size(), 0.0);
    for (int direction = 0; direction < kDirections && !x.empty(); ++direction) {
      const auto d = fill({.shape = g.wrt[k].shape()}, DType::f32, seed + 7919 * (direction + 1) + k);
      auto up = b.values, down = b.values;
      double along = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        up[g.wrt[k].id()][i] += kStep * d[i];
        down[g.wrt[k].id()][i] -= kStep * d[i];
        along += gradient[i] * d[i];
      }
      const double difference = (value_at(up) - value_at(down)) / (2 * kStep);
      const double scale = std::max(std::abs(difference), std::abs(along));
      // The sum over n elements carries n rounding errors of the objective, each divided by the step.
      const double noise = 1e-16 / kStep * std::sqrt(static_cast<double>(x.size())) * 10;
      if (!(std::abs(difference - along) <= kAbsolute + kRelative * scale + noise))
        return text("gradient of ", g.wrt[k].name(), " along direction ", direction, ": the reference says ", along,
                    ", central difference ", difference);
    }
  }
  return {};
}

}  // namespace

std::string check_differences(const Case& c, uint64_t seed) {
  Built b = build(c, DType::f32, seed);
  Seeds seeds;
  const Gradients first = gradients_of(c, b, seeds);
  fill_seeds(seeds, b.values, seed);
  return compare_differences(b, sum(b.outputs[0] * seeds.dy), first, seed);
}

std::string check_second_differences(const Case& c, uint64_t seed) {
  Built b = build(c, DType::f32, seed);
  Seeds seeds;
  Gradients g = gradients_of(c, b, seeds);
  const Value total = sum_of_gradients(b, g, seeds);
  if (!total) return {};
  fill_seeds(seeds, b.values, seed);
  g.wrt.push_back(seeds.dy);
  g.found = gradients(total, g.wrt);
  const std::string wrong = compare_differences(b, total, g, seed);
  return wrong.empty() ? "" : "second derivatives: " + wrong;
}

namespace {

// The node that computes the first output. A copy: decomposing adds nodes.
Node first_node(const Nodes& n) { return n.graph->nodes()[static_cast<size_t>(n.graph->info(n.outputs[0]).producer)]; }

}  // namespace

bool has_decomposition(const Case& c) {
  if (c.build || !c.backward || !(c.definition ? *c.definition : find_op(c.op)).decompose) return false;
  const Nodes n = nodes_of(c, DType::f32);
  const Node node = first_node(n);
  return !node.op->decompose(*n.graph, node).empty();
}

std::string check_decomposition(const Case& c, uint64_t seed) {
  constexpr double kAbsolute = 1e-7, kRelative = 1e-6;  // the constants of the smaller ops are f32
  Built b = build(c, DType::f32, seed);
  const Node node = first_node(b);
  const Value composed = node.op->decompose(*b.graph, node)[0];
  Seeds seeds;
  const auto [wrt, own] = gradients_of(c, b, seeds);
  fill_seeds(seeds, b.values, seed);
  const std::vector<Value> right = gradients(composed, wrt, seeds.dy);
  for (size_t k = 0; k < wrt.size(); ++k) {
    if (static_cast<bool>(own[k]) != static_cast<bool>(right[k]))
      return text("input ", k, " has a gradient ", own[k] ? "that smaller ops do not give" : "only by smaller ops");
    if (!own[k]) continue;
    const auto both = evaluate(*b.graph, ids({own[k], right[k]}), b.values, false);
    for (size_t i = 0; i < both[0].size(); ++i)
      if (!(std::abs(both[0][i] - both[1][i]) <= kAbsolute + kRelative * std::abs(both[1][i])))
        return text("gradient of input ", k, "[", i, "] is ", both[0][i], ", by smaller ops ", both[1][i]);
  }
  return {};
}

}  // namespace lemnos::check
