// lemnos.h: graphs, built from ops by name.

#include <algorithm>

#include "api/c_handles.h"
#include "lemnos/autograd.h"
#include "lemnos/init.h"
#include "lemnos/ops.h"
#include "ops/op_table.h"

namespace lemnos::c {

TensorDesc tensor_of(const lemnos_tensor* tensor, const char* who) {
  const lemnos_tensor from = input(tensor, who);
  require(from.dtype <= static_cast<uint32_t>(DType::boolean), ErrorCode::invalid_argument, who, ": dtype ", from.dtype,
          " of 0 to ", static_cast<uint32_t>(DType::boolean));
  require(from.rank <= Shape::kMaxRank, ErrorCode::out_of_range, who, ": rank ", from.rank, " of at most ",
          Shape::kMaxRank);
  return {Shape(std::span<const int64_t>(from.extents, from.rank)), static_cast<DType>(from.dtype)};
}

lemnos_tensor tensor_of(const TensorDesc& desc) {
  lemnos_tensor to{};
  to.struct_size = sizeof to;
  to.dtype = static_cast<uint32_t>(desc.dtype);
  to.rank = static_cast<uint32_t>(desc.shape.rank());
  std::ranges::copy(desc.shape, to.extents);
  return to;
}

Value value_of(Graph& graph, lemnos_value id, const char* who, bool optional) {
  if (optional && id == -1) return {};
  require(id >= 0 && static_cast<size_t>(id) < graph.values().size(), ErrorCode::out_of_range, who, ": value ", id,
          " of a graph with ", graph.values().size());
  return {&graph, id};
}

std::span<const std::byte> content_of(const void* content, size_t bytes, const char* who) {
  require(content || bytes == 0, ErrorCode::invalid_argument, who, ": content is NULL, and it has ", bytes, " bytes");
  return {static_cast<const std::byte*>(content), bytes};
}

Attrs attributes_of(const lemnos_attribute* attributes, uint32_t count, const char* who) {
  Attrs attrs;
  for (uint32_t i = 0; i < count; ++i) {
    const lemnos_attribute a = input_at(attributes, i, who);
    const char* name = &given(a.name, who, "an attribute's name");
    switch (a.kind) {
      case LEMNOS_INTEGER: attrs.set(name, a.integer); break;
      case LEMNOS_REAL: attrs.set(name, a.real); break;
      case LEMNOS_INTEGERS:
        require(a.integers || a.integer_count == 0, ErrorCode::invalid_argument, who, ": attribute '", name,
                "' has no integers");
        attrs.set(name, std::vector<int64_t>(a.integers, a.integers + a.integer_count));
        break;
      case LEMNOS_WORD: attrs.set(name, &given(a.word, who, name)); break;
      default: fail(ErrorCode::invalid_argument, who, ": attribute '", name, "' is of kind ", a.kind);
    }
  }
  return attrs;
}

void check_bytes(const TensorDesc& desc, size_t bytes, const char* who) {
  require(bytes == desc.bytes(), ErrorCode::shape_mismatch, who, ": ", bytes, " bytes for ", desc, ", which has ",
          desc.bytes());
}

namespace {

const std::string& op_names() {
  static const std::string names = [] {
    std::string all;
    for (const OpDef* op : all_ops()) all += (all.empty() ? "" : " ") + std::string(op->name);
    return all;
  }();
  return names;
}

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard;

extern "C" {

lemnos_result lemnos_graph_create(lemnos_graph** graph, lemnos_error* error) {
  return guard(error, [&] {
    given(graph, "graph_create", "graph") = nullptr;
    *graph = new lemnos_graph{std::make_shared<Graph>()};
  });
}

void lemnos_graph_destroy(lemnos_graph* graph) { delete graph; }

lemnos_result lemnos_graph_input(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                 lemnos_value* value, lemnos_error* error) {
  return guard(error, [&] {
    Graph& g = *given(graph, "graph_input", "graph").graph;
    given(value, "graph_input", "value") = g.input(c::text_of(name), c::tensor_of(tensor, "graph_input")).id();
  });
}

lemnos_result lemnos_graph_constant(lemnos_graph* graph, const lemnos_tensor* tensor, const void* content, size_t bytes,
                                    lemnos_value* value, lemnos_error* error) {
  return guard(error, [&] {
    Graph& g = *given(graph, "graph_constant", "graph").graph;
    const TensorDesc desc = c::tensor_of(tensor, "graph_constant");
    c::check_bytes(desc, bytes, "graph_constant");
    given(value, "graph_constant", "value") = g.constant(desc, c::content_of(content, bytes, "graph_constant")).id();
  });
}

lemnos_result lemnos_graph_variable(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                    const void* content, size_t bytes, lemnos_value* value, lemnos_error* error) {
  return guard(error, [&] {
    Graph& g = *given(graph, "graph_variable", "graph").graph;
    const TensorDesc desc = c::tensor_of(tensor, "graph_variable");
    if (content) c::check_bytes(desc, bytes, "graph_variable");
    const auto initial = content ? c::content_of(content, bytes, "graph_variable") : std::span<const std::byte>();
    given(value, "graph_variable", "value") = g.variable(&given(name, "graph_variable", "name"), desc, initial).id();
  });
}

lemnos_result lemnos_graph_parameter(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                     const float* initial, uint64_t seed, lemnos_value* value, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "graph_parameter";
    Graph& g = *given(graph, kWho, "graph").graph;
    const TensorDesc desc = c::tensor_of(tensor, kWho);
    require(desc.dtype == DType::f32, ErrorCode::unsupported, kWho, ": ", desc, "; parameters are f32");
    const int64_t fan_in = desc.shape.rank() ? desc.shape[desc.shape.rank() - 1] : 1;
    const std::vector<float> values =
        initial ? std::vector<float>(initial, initial + desc.elements())
                : initial_values(Init::linear_default(), desc.shape, seed, g.parameters().size(), fan_in);
    given(value, kWho, "value") = g.parameter(&given(name, kWho, "name"), desc.shape, values).id();
  });
}

lemnos_result lemnos_graph_op(lemnos_graph* graph, const char* op, const lemnos_value* inputs, uint32_t input_count,
                              const lemnos_attribute* attributes, uint32_t attribute_count, lemnos_value* outputs,
                              uint32_t* output_count, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "graph_op";
    Graph& g = *given(graph, kWho, "graph").graph;
    const char* name = &given(op, kWho, "op");
    uint32_t& room = given(output_count, kWho, "output_count");
    std::vector<Value> values;
    for (uint32_t i = 0; i < input_count; ++i)
      values.push_back(c::value_of(g, (&given(inputs, kWho, "inputs"))[i], name, true));
    // A node whose outputs find no room stays in the graph, where no target needs it.
    const std::vector<Value> results =
        g.add_all(find_op(name), values, c::attributes_of(attributes, attribute_count, name));
    require(results.size() <= room && (outputs || results.empty()), ErrorCode::out_of_range, name, ": has ",
            results.size(), " outputs, and there is room for ", outputs ? room : 0);
    room = static_cast<uint32_t>(results.size());
    for (size_t i = 0; i < results.size(); ++i) outputs[i] = results[i].id();
  });
}

const char* lemnos_op_names(void) {
  const char* names = "";
  (void)guard(nullptr, [&] { names = c::op_names().c_str(); });
  return names;
}

lemnos_result lemnos_graph_describe(const lemnos_graph* graph, lemnos_value value, lemnos_tensor* tensor,
                                    lemnos_error* error) {
  return guard(error, [&] {
    Graph& g = *given(graph, "graph_describe", "graph").graph;
    given(tensor, "graph_describe", "tensor");
    c::output(tensor, c::tensor_of(c::value_of(g, value, "graph_describe").desc()), "graph_describe");
  });
}

lemnos_result lemnos_graph_find(const lemnos_graph* graph, const char* name, lemnos_value* value, lemnos_error* error) {
  return guard(error, [&] {
    Graph& g = *given(graph, "graph_find", "graph").graph;
    given(value, "graph_find", "value") = g.find(&given(name, "graph_find", "name")).id();
  });
}

lemnos_result lemnos_graph_gradients(lemnos_graph* graph, lemnos_value output, const lemnos_value* wrt, uint32_t count,
                                     lemnos_value* results, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "graph_gradients";
    Graph& g = *given(graph, kWho, "graph").graph;
    std::vector<Value> values;
    for (uint32_t i = 0; i < count; ++i) values.push_back(c::value_of(g, (&given(wrt, kWho, "wrt"))[i], kWho));
    const std::vector<Value> made = gradients(c::value_of(g, output, kWho), values);
    for (uint32_t i = 0; i < count; ++i) (&given(results, kWho, "gradients"))[i] = made[i].id();
  });
}

lemnos_result lemnos_graph_minimize(lemnos_graph* graph, lemnos_value loss, const char* optimizer,
                                    const lemnos_option* options, uint32_t option_count, lemnos_value targets[2],
                                    lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "graph_minimize";
    Graph& g = *given(graph, kWho, "graph").graph;
    given(targets, kWho, "targets");
    const optim::Optimizer chosen = c::optimizer_of(optimizer, options, option_count);
    place_gradients(c::value_of(g, loss, kWho));
    targets[0] = optim::apply(g, chosen).id();
    targets[1] = advance_step(step_state(g), optim::advance_options(chosen)).id();
  });
}

}  // extern "C"
