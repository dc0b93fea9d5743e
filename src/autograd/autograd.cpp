// The reverse sweep: from the output to the inputs, each node hands the gradients of its outputs to the gradients of
// its inputs; where several nodes read a value, their gradients add up.

#include "lemnos/autograd.h"

#include <map>

#include "base/text.h"
#include "lemnos/op.h"
#include "lemnos/ops.h"

namespace lemnos {

namespace {

// Which values depend on one of `wrt`: only for those is a gradient worth its work.
std::vector<bool> dependents(const Graph& graph, std::span<const Value> wrt) {
  std::vector<bool> depends(graph.values().size(), false);
  for (Value v : wrt) depends[static_cast<size_t>(v.id())] = true;
  for (const Node& node : graph.nodes()) {
    bool any = false;
    for (int input : node.inputs) any = any || depends[static_cast<size_t>(input)];
    for (int output : node.outputs) depends[static_cast<size_t>(output)] = depends[static_cast<size_t>(output)] || any;
  }
  return depends;
}

class Sweep {
 public:
  Sweep(Graph& graph, std::span<const Value> wrt) : graph_(graph), depends_(dependents(graph, wrt)) {}

  void seed(Value output, Value gradient) { found_[output.id()] = gradient; }
  Value gradient_of(Value v) const {
    const auto it = found_.find(v.id());
    return it == found_.end() ? Value() : it->second;
  }

  void run() {
    for (int index = static_cast<int>(depends_.size() ? graph_.nodes().size() : 0) - 1; index >= 0; --index)
      visit(index);
  }

 private:
  void visit(int index) {
    const Node node = graph_.nodes()[static_cast<size_t>(index)];  // a copy: grad adds nodes
    std::vector<Value> output_gradients;
    bool reached = false;
    for (int output : node.outputs) {
      output_gradients.push_back(gradient_of({&graph_, output}));
      reached = reached || output_gradients.back();
    }
    std::vector<bool> wanted;
    bool any_wanted = false;
    for (int input : node.inputs) {
      wanted.push_back(depends_[static_cast<size_t>(input)] && is_floating(graph_.info(input).desc.dtype));
      any_wanted = any_wanted || wanted.back();
    }
    if (!reached || !any_wanted) return;
    require(node.op->grad != nullptr, ErrorCode::unsupported, node.op->name, ": has no gradient");
    Grad context{graph_, index, output_gradients, wanted};
    const std::vector<Value> input_gradients = node.op->grad(context);
    require(input_gradients.size() <= node.inputs.size(), ErrorCode::internal, node.op->name, ": ",
            input_gradients.size(), " gradients for ", node.inputs.size(), " inputs");
    for (size_t i = 0; i < input_gradients.size(); ++i)
      if (wanted[i] && input_gradients[i]) accumulate(node, i, input_gradients[i]);
  }

  void accumulate(const Node& node, size_t input, Value gradient) {
    const int id = node.inputs[input];
    require(gradient.desc() == graph_.info(id).desc, ErrorCode::internal, node.op->name, ": the gradient of input ",
            input, " is ", gradient.desc(), " for ", graph_.info(id).desc);
    Value& sum = found_[id];
    sum = sum ? add(sum, gradient) : gradient;
  }

  Graph& graph_;
  std::vector<bool> depends_;
  std::map<int, Value> found_;
};

// An id alone means something in every graph.
void require_of(const Graph& graph, Value value, const std::string& what) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, "gradients: ", what, " is no value");
  require(&value.graph() == &graph, ErrorCode::invalid_argument, "gradients: ", what, ", ", value.desc(),
          ", belongs to another graph than the output");
}

}  // namespace

std::vector<Value> gradients(Value output, std::span<const Value> wrt, Value seed) {
  require(static_cast<bool>(output), ErrorCode::invalid_argument, "gradients: the output is no value");
  Graph& graph = output.graph();
  for (size_t i = 0; i < wrt.size(); ++i) require_of(graph, wrt[i], text("wrt ", i));
  if (seed) {
    require_of(graph, seed, "the seed");
  } else {
    require(output.desc().elements() == 1, ErrorCode::shape_mismatch, "gradients: the output is ", output.desc(),
            "; one of more than one element needs a seed");
    const std::vector<float> one{1.0f};
    seed = graph.constant(output.shape(), one);
  }
  require(seed.desc() == output.desc(), ErrorCode::shape_mismatch, "gradients: the seed is ", seed.desc(),
          " for an output ", output.desc());
  Sweep sweep(graph, wrt);
  sweep.seed(output, seed);
  sweep.run();
  std::vector<Value> result;
  for (Value v : wrt) result.push_back(sweep.gradient_of(v));
  return result;
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

}  // namespace lemnos
