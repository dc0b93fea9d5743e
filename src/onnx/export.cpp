#include "onnx/export.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/text.h"
#include "onnx/wire.h"

namespace lemnos::onnx {

Attribute integer_attribute(std::string name, int64_t value) {
  return {.name = std::move(name), .integer = value, .type = Attribute::kInt};
}
Attribute real_attribute(std::string name, double value) {
  return {.name = std::move(name), .real = static_cast<float>(value), .type = Attribute::kFloat};
}
Attribute word_attribute(std::string name, std::string value) {
  return {.name = std::move(name), .text = std::move(value), .type = Attribute::kString};
}
Attribute list_attribute(std::string name, std::vector<int64_t> values) {
  return {.name = std::move(name), .integers = std::move(values), .type = Attribute::kInts};
}

const char* onnx_word(DType dtype) {
  switch (dtype) {
    case DType::f32: return "F32";
    case DType::f16: return "F16";
    case DType::bf16: return "BF16";
    case DType::i32: return "I32";
    case DType::u32: return "U32";
    case DType::u8: return "U8";
    case DType::boolean: return "BOOL";
  }
  return "";
}

// The graphs
// ----------------------------------------------------------------------------------------------------------

TwinGraph::TwinGraph(const Graph& few, const Graph& more, int64_t few_rows, int64_t more_rows)
    : few_(few), more_(more), few_rows_(few_rows), more_rows_(more_rows) {
  decompose(few_, true);
  decompose(more_, false);
  const auto same = [](const Node& a, const Node& b) {
    return a.op == b.op && a.inputs == b.inputs && a.outputs == b.outputs;
  };
  require(std::ranges::equal(few_.nodes(), more_.nodes(), same), ErrorCode::unsupported,
          "onnx: the model has other nodes for ", few_rows, " rows (", few_.nodes().size(), ") than for ", more_rows,
          " (", more_.nodes().size(), "); give SaveOptions::batch");
}

// What a decomposition adds stands at the end, and may be decomposed in its turn.
void TwinGraph::decompose(Graph& graph, bool first) {
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node node = graph.nodes()[i];
    if (!node.op->decompose) continue;
    const std::vector<Value> made = node.op->decompose(graph, node);
    for (size_t k = 0; first && k < made.size(); ++k)
      if (made[k]) instead_[node.outputs[k]] = made[k].id();
  }
}

int TwinGraph::resolved(int value) const {
  for (auto found = instead_.find(value); found != instead_.end(); found = instead_.find(value)) value = found->second;
  return value;
}

Extent TwinGraph::extent(int64_t few, int64_t more) const {
  if (few == more) return {.number = few};
  const int64_t per_row = few / few_rows_;
  require(few == per_row * few_rows_ && more == per_row * more_rows_, ErrorCode::unsupported, "onnx: an extent of ",
          few, " for ", few_rows_, " rows and of ", more, " for ", more_rows_,
          ", no multiple of them; give SaveOptions::batch");
  return {.per_row = per_row};
}

Extents TwinGraph::extents(int value) const {
  const Shape &few = few_.info(resolved(value)).desc.shape, &more = more_.info(resolved(value)).desc.shape;
  Extents all;
  for (size_t i = 0; i < few.rank(); ++i) all.push_back(extent(few[i], more[i]));
  return all;
}

std::vector<int> TwinGraph::order(const std::vector<int>& values,
                                  const std::function<std::vector<int>(int node)>& reads) const {
  std::vector<int> sorted;
  std::set<int> seen;
  struct Step {
    int node;
    std::vector<int> values;
  };
  std::vector<Step> stack;
  const auto enter = [&](int value) {
    const int node = few_.info(resolved(value)).producer;
    if (node >= 0 && seen.insert(node).second) stack.push_back({node, reads(node)});
  };
  for (int value : values) {
    enter(value);
    while (!stack.empty()) {
      Step& top = stack.back();
      if (!top.values.empty()) {
        const int next = top.values.back();
        top.values.pop_back();
        enter(next);
      } else {
        sorted.push_back(top.node);
        stack.pop_back();
      }
    }
  }
  return sorted;
}

// What is written
// -----------------------------------------------------------------------------------------------------

std::string Exporter::fresh(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 1; !names_.insert(name).second; ++i) name = text(wanted, '_', i);
  return name;
}

std::vector<std::string> Exporter::add(const std::string& op, std::vector<std::string> inputs,
                                       std::initializer_list<Attribute> attributes,
                                       const std::vector<std::string>& outputs) {
  std::string name = op;
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  NodeMessage node{
      .name = fresh(name), .op = op, .domain = {}, .inputs = std::move(inputs), .outputs = {}, .attributes = {}};
  for (const std::string& output : outputs)
    node.outputs.push_back(output.empty() ? std::string() : fresh(text(node.name, '.', output)));
  for (const Attribute& a : attributes) node.attributes[a.name] = a;
  graph_.nodes.push_back(node);
  return node.outputs;
}

std::string Exporter::constant(Tensor tensor) {
  std::string key;
  if (tensor.values.size() <= 16) {
    key = text(tensor.dtype, tensor.shape);
    for (double number : tensor.values) key.append(reinterpret_cast<const char*>(&number), sizeof(number));
    if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
  }
  tensor.name.clear();
  Attribute value{
      .name = "value", .tensor = std::make_shared<const Tensor>(std::move(tensor)), .type = Attribute::kTensor};
  const std::string name = add("Constant", {}, {value}, {"value"})[0];
  if (!key.empty()) constants_[key] = name;
  return name;
}

std::string Exporter::initializer(Tensor tensor) {
  tensor.name = fresh(tensor.name);
  graph_.initializers.push_back(std::move(tensor));
  return graph_.initializers.back().name;
}

Tensor tensor_of(const TensorDesc& desc, std::span<const std::byte> bytes) {
  // Through the reader, which knows how elements lie in memory.
  WireWriter message;
  if (desc.shape.rank() > 0) message.packed(1, desc.shape.dims());
  message.integer(2, type_number(onnx_word(desc.dtype)));
  message.bytes(9, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return tensor_from(std::as_bytes(std::span(message.written())));
}

Tensor Exporter::read(const Graph& graph, int value) {
  const ValueInfo& info = graph.info(value);
  std::vector<std::byte> bytes(info.desc.bytes());
  session_.read(Value(const_cast<Graph*>(&graph), value), bytes);
  Tensor tensor = tensor_of(info.desc, bytes);
  tensor.name = info.name;
  return tensor;
}

std::string Exporter::rows() {
  if (!rows_.empty()) return rows_;
  const std::string shape = add("Shape", {rows_of_}, {}, {"shape"})[0];
  const auto at = [&](double place) { return constant({.dtype = "I64", .shape = {1}, .values = {place}}); };
  rows_ = add("Slice", {shape, at(0), at(1)}, {}, {"rows"})[0];
  return rows_;
}

// A node
// ---------------------------------------------------------------------------------------------------------------

std::string ExportCall::name_of(int value) {
  const int id = twin().resolved(value);
  if (const auto found = frame_.names.find(id); found != frame_.names.end()) return found->second;
  const ValueInfo& info = twin().info(id);
  std::string name;
  if (info.role == Role::constant) {
    for (const Extent& e : twin().extents(id))
      if (e.is_open()) refuse(text("a constant of ", info.desc, " that goes with the batch; give SaveOptions::batch"));
    name = exporter_.constant(tensor_of(info.desc, *info.initial));
  } else if (info.role == Role::parameter || info.role == Role::variable) {
    name = exporter_.initializer(exporter_.read(twin().graph(), id));
  } else {
    refuse(text("the value '", info.name, "' (", to_string(info.role), ") is nothing that a file holds"));
  }
  return frame_.names[id] = name;
}

std::string ExportCall::add(const std::string& op, std::vector<std::string> inputs,
                            std::initializer_list<Attribute> attributes) {
  return exporter_.add(op, std::move(inputs), attributes, {"y"})[0];
}

std::string ExportCall::number(double value, DType dtype) {
  return exporter_.constant({.dtype = onnx_word(dtype), .values = {value}});
}

std::string ExportCall::list(const std::vector<int64_t>& numbers) {
  return exporter_.constant(
      {.dtype = "I64", .shape = {static_cast<int64_t>(numbers.size())}, .values = {numbers.begin(), numbers.end()}});
}

std::string ExportCall::shape(const Extents& extents) {
  std::vector<std::string> parts;
  std::vector<int64_t> numbers;
  const auto flush = [&] {
    if (!numbers.empty()) parts.push_back(list(numbers));
    numbers.clear();
  };
  for (const Extent& e : extents) {
    if (!e.is_open()) {
      numbers.push_back(e.number);
      continue;
    }
    flush();
    const std::string rows = exporter_.rows();
    parts.push_back(e.per_row == 1 ? rows : add("Mul", {rows, list({e.per_row})}));
  }
  flush();
  if (parts.empty()) return list({});
  return parts.size() == 1 ? parts[0] : add("Concat", parts, {integer_attribute("axis", 0)});
}

std::string ExportCall::reshaped(const std::string& x, const Extents& extents) {
  std::vector<int64_t> numbers;
  int64_t open = 0;
  for (const Extent& e : extents) {
    open += e.is_open();
    numbers.push_back(e.is_open() ? -1 : e.number);
  }
  return add("Reshape", {x, open > 1 ? shape(extents) : list(numbers)});
}

std::string ExportCall::cast(const std::string& x, DType dtype) {
  return add("Cast", {x}, {integer_attribute("to", type_number(onnx_word(dtype)))});
}

void ExportCall::refuse(const std::string& why) const {
  fail(ErrorCode::unsupported, "onnx: ", node().op->name, ": ", why);
}

const ExportTable& export_table() {
  static const ExportTable table = [] {
    ExportTable made;
    add_export_elements(made);
    add_export_moves(made);
    add_export_layers(made);
    add_export_loops(made);
    return made;
  }();
  return table;
}

void write_nodes(Exporter& exporter, Frame& frame, const std::vector<int>& values) {
  const TwinGraph& twin = frame.twin;
  const std::vector<int> order = twin.order(
      values, [&](int node) { return twin.few(node).loop ? values_of_loop(twin, node) : twin.few(node).inputs; });
  std::set<std::string> lacking;
  for (int node : order)
    if (!export_table().contains(frame.twin.few(node).op->name)) lacking.insert(frame.twin.few(node).op->name);
  if (!lacking.empty()) {
    std::string names;
    for (const std::string& name : lacking) names += (names.empty() ? "" : ", ") + name;
    fail(ErrorCode::unsupported, "onnx: no counterpart in ONNX for: ", names);
  }
  for (int node : order) {
    ExportCall call(exporter, frame, node);
    export_table().find(call.node().op->name)->second(call);
  }
}

}  // namespace lemnos::onnx
