#include "graph/print.h"

#include "base/hash.h"
#include "base/text.h"
#include "graph/loop.h"
#include "lemnos/op.h"

namespace lemnos {

namespace {
template <typename T>
std::string list_text(const std::vector<T>& items) {
  std::string out;
  for (const T& item : items) out += text(out.empty() ? "" : ",", item);
  return "(" + out + ")";
}

std::string value_text(const Attrs::AttrValue& value) {
  switch (value.index()) {
    case 0: return text(std::get<int64_t>(value));
    case 1: return text(std::get<double>(value));
    case 2: return list_text(std::get<std::vector<int64_t>>(value));
    case 3: return text('"', std::get<std::string>(value), '"');
    default: return list_text(std::get<std::vector<double>>(value));
  }
}

std::string value_name(const Graph& graph, int id) {
  const ValueInfo& info = graph.info(id);
  return info.name.empty() ? text('%', id) : text('%', id, ':', info.name);
}
}  // namespace

std::string to_string(const Attrs& attrs) {
  std::string out;
  for (const Attrs::Entry& entry : attrs.entries())
    out += text(out.empty() ? "" : " ", entry.name, '=', value_text(entry.value));
  return out;
}

namespace {
// The body, one node a line, between the inputs and the results of an iteration.
std::string loop_text(const Loop& loop) {
  const auto names = [&](size_t count, auto value) {
    std::string line;
    for (size_t i = 0; i < count; ++i) line += text(i ? ", " : "", value_name(*loop.body, value(i)));
    return line;
  };
  const std::vector<int> nodes = needed_nodes(*loop.body, loop.needs());
  return text(loop.times, " times", loop.backward ? " backward" : "", " {\n(",
              names(loop.inputs(), [&](size_t i) { return loop.bound(i); }), ")\n", to_string(*loop.body, nodes), "(",
              names(loop.carried.size() + loop.stacked.size(), [&](size_t i) { return loop.result(i); }), ")}");
}
}  // namespace

std::string to_string(const Graph& graph, std::span<const int> nodes) {
  std::string out;
  for (int index : nodes) {
    const Node& node = graph.nodes()[static_cast<size_t>(index)];
    std::string line;
    for (int output : node.outputs)
      line += text(line.empty() ? "" : ", ", value_name(graph, output), ' ', graph.info(output).desc);
    line += text(" = ", node.op->name, '(');
    for (size_t i = 0; i < node.inputs.size(); ++i) line += text(i ? ", " : "", value_name(graph, node.inputs[i]));
    out += line + ") " + to_string(node.attrs) + (node.loop ? loop_text(*node.loop) : "") + "\n";
  }
  return out;
}

std::string shape_text(const Graph& graph, const Node& node) {
  std::string inputs;
  for (int input : node.inputs) inputs += text(inputs.empty() ? "" : ", ", graph.info(input).desc);
  const std::string attrs = to_string(node.attrs);
  return text(node.op->name, '(', inputs, ')', attrs.empty() ? "" : " ", attrs);
}

uint64_t hash_of(const Graph& graph, std::span<const int> nodes) {
  Hash hash;
  hash.add(to_string(graph, nodes));
  for (int index : nodes)
    for (int input : graph.nodes()[static_cast<size_t>(index)].inputs)
      hash.add(text(graph.info(input).desc, to_string(graph.info(input).role), graph.info(input).offset));
  return hash.value();
}

}  // namespace lemnos
