// The reverse sweep: from the output to the inputs, each node adds the gradients of its outputs to the gradients of its
// inputs; where several nodes read a value, their gradients add up.

#include "autograd/sweep.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/half.h"
#include "base/text.h"
#include "lemnos/autograd.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"
#include "ops/assign.h"

namespace lemnos {

namespace {

// Which values that nodes from `first` on make depend on one of `wrt` by what a gradient can take: only for those is
// one worth its work, and only for those may an op complain that it has none. Nothing comes through stop_gradient, nor
// through integers.
std::unordered_set<int> dependents(const Graph& graph, std::span<const Value> wrt, size_t first) {
  std::unordered_set<int> depends;
  for (Value v : wrt) depends.insert(v.id());
  for (const Node& node : std::span(graph.nodes()).subspan(first)) {
    if (node.op->name == std::string_view("stop_gradient")) continue;
    if (std::ranges::none_of(node.inputs, [&](int input) { return depends.contains(input); })) continue;
    for (int output : node.outputs)
      if (is_floating(graph.info(output).desc.dtype)) depends.insert(output);
  }
  return depends;
}

bool any(const std::vector<Value>& values) {
  return std::ranges::any_of(values, [](Value v) { return static_cast<bool>(v); });
}

// Goes through the nodes from `first` on, and not beyond values that are `given`.
class Sweep {
 public:
  Sweep(Graph& graph, std::span<const Value> wrt, size_t first = 0, std::span<const int> given = {})
      : graph_(graph), first_(first), given_(given.begin(), given.end()), depends_(dependents(graph, wrt, first)) {}

  /// Adds `gradient` to what is known of the gradient of `v`.
  void add_to(Value v, Value gradient) {
    Value& sum = found_[v.id()];
    sum = sum ? add(sum, gradient) : gradient;
  }
  Value gradient_of(Value v) const {
    const auto it = found_.find(v.id());
    return it == found_.end() ? Value() : it->second;
  }

  void run() {
    for (size_t index = graph_.nodes().size(); index > first_; --index) visit(static_cast<int>(index) - 1);
  }

 private:
  void visit(int index) {
    const Node node = graph_.nodes()[static_cast<size_t>(index)];  // a copy: what follows adds nodes
    std::vector<bool> wanted;
    for (int input : node.inputs)
      wanted.push_back(depends_.contains(input) && is_floating(graph_.info(input).desc.dtype));
    if (std::ranges::find(wanted, true) == wanted.end()) return;
    // The outputs that are gradients themselves go another way.
    std::vector<Value> of_values(node.outputs.size()), of_gradients(node.outputs.size());
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (given_.contains(node.outputs[i])) continue;
      const bool is_gradient = node.op->primal && (i > 0 || !node.op->grad);
      (is_gradient ? of_gradients : of_values)[i] = gradient_of({&graph_, node.outputs[i]});
    }
    if (any(of_values)) through_grad(node, index, of_values, wanted);
    if (any(of_gradients)) through_primal(node, of_gradients, wanted);
  }

  void through_grad(const Node& node, int index, const std::vector<Value>& dy, const std::vector<bool>& wanted) {
    require(node.op->grad != nullptr, ErrorCode::unsupported, node.op->name,
            ": has no gradient. If it computes gradients, give it OpDef::primal or OpDef::grad for second derivatives; "
            "if no gradient is needed there, add stop_gradient() after it");
    Grad context{graph_, index, dy, wanted};
    const std::vector<Value> found = node.op->grad(context);
    require(found.size() <= node.inputs.size(), ErrorCode::internal, node.op->name, ": ", found.size(),
            " gradients for ", node.inputs.size(), " inputs");
    for (size_t i = 0; i < found.size(); ++i)
      if (wanted[i] && found[i]) accumulate(node, i, found[i]);
  }

  // The gradient of a gradient: the first is written out in ops that have one, and those are swept again.
  void through_primal(const Node& node, const std::vector<Value>& dy, const std::vector<bool>& wanted) {
    const size_t first = graph_.nodes().size();
    Node own = node;
    for (size_t i = 0; i < own.inputs.size(); ++i)
      if (std::ranges::count(std::span(own.inputs).first(i), own.inputs[i]))
        own.inputs[i] = identity({&graph_, own.inputs[i]}).id();
    const size_t written = graph_.nodes().size();
    const Primal primal = node.op->primal(graph_, own);
    std::vector<Value> wrt;
    for (size_t i = 0; i < primal.x.size(); ++i)
      if (i < dy.size() && dy[i] && primal.x[i]) wrt.push_back(primal.x[i]);
    Sweep once(graph_, wrt, written);
    for (size_t i = 0; i < primal.y.size(); ++i)
      if (primal.dy[i]) once.add_to(primal.y[i], primal.dy[i]);
    once.run();

    std::vector<Value> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (wanted[i] && own.inputs[i] == node.inputs[i]) inputs.push_back({&graph_, node.inputs[i]});
    Sweep twice(graph_, inputs, first);
    for (size_t i = 0; i < dy.size() && i < primal.x.size(); ++i) {
      const Value gradient = dy[i] && primal.x[i] ? once.gradient_of(primal.x[i]) : Value();
      if (gradient) twice.add_to(gradient, dy[i]);
    }
    twice.run();
    for (Value input : inputs)
      if (const Value found = twice.gradient_of(input)) add_to(input, found);
  }

  void accumulate(const Node& node, size_t input, Value gradient) {
    const int id = node.inputs[input];
    require(gradient.desc() == graph_.info(id).desc, ErrorCode::internal, node.op->name, ": the gradient of input ",
            input, " is ", gradient.desc(), " for ", graph_.info(id).desc);
    add_to({&graph_, id}, gradient);
  }

  Graph& graph_;
  size_t first_;
  std::unordered_set<int> given_;
  std::unordered_set<int> depends_;
  std::unordered_map<int, Value> found_;
};

// An id alone means something in every graph.
template <typename... What>
void require_of(const Graph& graph, Value value, const What&... what) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, "gradients: ", what..., " is empty");
  require(&value.graph() == &graph, ErrorCode::invalid_argument, "gradients: ", what..., ", ", value.desc(),
          ", belongs to another graph than the output");
}

}  // namespace

std::vector<Value> sweep(Graph& graph, std::span<const Seed> seeds, std::span<const Value> wrt,
                         std::span<const int> given) {
  Sweep once(graph, wrt, 0, given);
  for (const Seed& seed : seeds) once.add_to(seed.value, seed.gradient);
  once.run();
  std::vector<Value> result;
  for (Value v : wrt) result.push_back(once.gradient_of(v));
  return result;
}

std::vector<Value> gradients(Value output, std::span<const Value> wrt, Value seed) {
  require(static_cast<bool>(output), ErrorCode::invalid_argument, "gradients: the output is empty");
  Graph& graph = output.graph();
  for (size_t i = 0; i < wrt.size(); ++i) require_of(graph, wrt[i], "wrt ", i);
  if (seed) {
    require_of(graph, seed, "the seed");
  } else {
    require(output.desc().elements() == 1, ErrorCode::shape_mismatch, "gradients: the output is ", output.desc(),
            "; one of more than one element needs a seed");
    require(is_floating(output.dtype()), ErrorCode::invalid_argument, "gradients: the output is ", output.desc(),
            ", it takes a floating-point one");
    std::vector<std::byte> one(output.desc().bytes());
    encode(output.dtype(), std::array{1.0}.data(), one.data(), 1);
    seed = graph.constant(output.desc(), one);
  }
  require(seed.desc() == output.desc(), ErrorCode::shape_mismatch, "gradients: the seed is ", seed.desc(),
          " for an output ", output.desc());
  const Seed only{output, seed};
  return sweep(graph, {&only, 1}, wrt);
}

std::vector<Value> place_gradients(Value loss) {
  const std::vector<Value> parameters = loss.graph().parameters();
  const std::vector<Value> found = gradients(loss, parameters);
  place_gradients(parameters, found);
  std::vector<Value> reached;
  for (size_t i = 0; i < parameters.size(); ++i)
    if (found[i]) reached.push_back(parameters[i]);
  return reached;
}

Value place_gradients(std::span<const Value> parameters, std::span<const Value> gradients) {
  return ops::add_place_gradients(parameters, gradients);
}

std::vector<Value> placed_parameters(Graph& graph) {
  const std::set<int64_t> offsets = ops::placed_offsets(graph);
  std::vector<Value> found;
  for (Value p : graph.parameters())
    if (offsets.contains(graph.info(p).offset)) found.push_back(p);
  return found;
}

}  // namespace lemnos
